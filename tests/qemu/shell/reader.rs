//! What a reader of LDD3 types: the calls of a command, modes, the driver's own words.

use lab::status::Status;

use super::lines::Said;

pub(super) const OFFERED: &[Said] = &[
    (
        "strace",
        "insmod scull; echo hello > /dev/scull1\nstrace dd if=/dev/zero of=/dev/scull0 bs=4096 count=1 status=none\n\
         strace -o /dev/scull2 cat /dev/scull1; cat /dev/scull2; strace -e ioctl ioctl /dev/scull0 IOCQQUANTUM\n\
         strace ls /dev > /dev/scull0; strace cat /dev/nope; echo $?; strace -e open dd of=/dev/null if=/dev/nope; strace cd /; strace nope\n\
         strace -e close,nope true; strace true; strace cat /dev/zero | head -c 1 > /dev/null; strace -e clock_nanosleep sleep 0.01\n\
         strace rmmod scull; strace mknod -m 600 /dev/new c 1 3; strace chmod g+r /dev/new; strace rm /dev/new\n",
        Status::Expected,
        &[
            r#"openat(AT_FDCWD, "/dev/zero", O_RDONLY) = 3"#,
            "lseek(3, 0, SEEK_CUR)                   = 0",
            r#"openat(AT_FDCWD, "/dev/scull0", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 4"#,
            r#"read(3, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"..., 4096) = 4096"#,
            r#"write(4, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"..., 4096) = 4000"#,
            r#"write(4, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"..., 96) = 96"#,
            "exit_group(0)                           = ?",
            "+++ exited with 0 +++",
            "hello",
            r#"openat(AT_FDCWD, "/dev/scull1", O_RDONLY) = 3"#,
            r#"read(3, "hello\n", 4096)                = 6"#,
            r#"write(1, "hello\n", 6)                  = 6"#,
            r#"read(3, "", 4096)                       = 0"#,
            "close(3)                                = 0",
            "ioctl(3, _IOC(_IOC_NONE, 0x6b, 0x7, 0), 0) = 4000",
            "4000",
            r#"getdents64("/dev")                      = 0"#,
            r#"openat(AT_FDCWD, "/dev/nope", O_RDONLY) = -1 ENOENT (No such file or directory)"#,
            "cat: /dev/nope: No such file or directory",
            "exit_group(1)                           = ?",
            "+++ exited with 1 +++",
            "1",
            "dd: failed to open '/dev/nope': No such file or directory",
            "strace: 'cd' is no process of its own here",
            "strace: cannot find executable 'nope'",
            "exit_group(0)                           = ?",
            "+++ killed by SIGPIPE +++",
            "clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=10000000}, NULL) = 0",
            r#"delete_module("scull", O_NONBLOCK)      = 0"#,
            r#"mknodat(AT_FDCWD, "/dev/new", S_IFCHR|0600, makedev(1, 3)) = 0"#,
            r#"fchmodat(AT_FDCWD, "/dev/new", g+r)     = 0"#,
            r#"unlinkat(AT_FDCWD, "/dev/new", 0)       = 0"#,
        ],
    ),
    (
        "modes",
        "insmod scull; chmod a-w /dev/scull0; ls -l /dev/scull0; chmod u=rw,g=u,o= /dev/scull0; ls -l /dev/scull0\n\
         chmod +x /dev/scull0; chgrp staff /dev/scull0; ls -l /dev/scull0; chmod u+s /dev/scull0; echo $?\n\
         mknod /dev/new c 1 3 -m u=rw,g=r,o=; ls -l /dev/new; mknod -m 8 /dev/y c 1 3; echo $?\n",
        Status::Expected,
        &[
            "cr--r--r--  root  root    254, 0  /dev/scull0",
            "crw-rw----  root  root    254, 0  /dev/scull0",
            "crwxrwx--x  root  staff   254, 0  /dev/scull0",
            "chmod: 'u+s' is no mode: 0 to 777 in octal digits, or as in u=rw,go-w; usage: chmod MODE PATH...",
            "1",
            "crw-r-----  root  root      1, 3  /dev/new",
            "mknod: '8' is no mode: 0 to 777 in octal digits, or as in u=rw,go-w; usage: mknod [-m MODE] PATH c MAJOR MINOR",
            "1",
        ],
    ),
    (
        "parameters-of-the-source",
        "insmod ./scull.ko scull_quantum=0x40 scull_qset=010 scull_nr_devs=2 scull_p_buffer=100; lsmod | tail -n 1; rmmod ./scull.ko\n\
         insmod scull scull_minor=1; insmod -f scull; rmmod -w scull; insmod complete interruptible=2; lsmod | wc -l\n",
        Status::Expected,
        &[
            "scull                  0  lock=semaphore edition=repaired quantum=64 qset=8 nr_devs=2 pipe_buffer=100 major=0",
            "insmod: scull: unknown parameter 'scull_minor'; valid: lock, edition, quantum, qset, nr_devs, pipe_buffer, major",
            "insmod: invalid option -- 'f'; usage: insmod MODULE|FILE.ko [KEY=VALUE]...",
            "rmmod: invalid option -- 'w'; usage: rmmod [-f] MODULE",
            "insmod: complete: unknown interruptible '2'; valid: 0, 1",
            "1",
        ],
    ),
    (
        "driver-in-the-log",
        "insmod scull; echo hello > /dev/scull0; cat /dev/scull0; > /dev/scull0; rmmod scull\ndmesg | grep scull | grep -o 'nothing'\n\
         dmesg | grep -q 'scull: loaded, major 254' && echo loaded; dmesg | grep -q 'scull0: opened by process [0-9]* (cat)' && echo opened\n\
         dmesg | grep -q 'scull0: 6 bytes trimmed by process' && echo trimmed; dmesg | grep -q 'scull: unloaded' && echo unloaded\n",
        Status::Expected,
        &["hello", "loaded", "opened", "trimmed", "unloaded"],
    ),
    (
        "sleeps-with-a-spinlock",
        "insmod scull edition=book; echo x > /dev/scullpriv; echo $?; cat /dev/scullpriv; rmmod scull; insmod scull; echo y > /dev/scullpriv\n\
         dmesg | grep -c 'sleeping function called from invalid context at private.rs:'; dmesg | grep -q 'in_atomic(): 1, irqs_disabled(): 0, pid: [0-9]*, name: echo' && echo atomic\n\
         dmesg | grep -q 'lock held by echo/[0-9]*: scullpriv.lock, since private.rs:' && echo held; dmesg | grep -q 'look_up_or_make' && echo there\n",
        Status::Expected,
        &["0", "x", "1", "atomic", "held", "there"],
    ),
    (
        "no-signal-ends-its-sleep",
        // What is killed meanwhile ends when the driver lets it.
        "insmod complete interruptible=0; cat /dev/complete & sleep 0.1; kill %1; sleep 0.1; jobs; echo go > /dev/complete; wait; rmmod complete\n\
         insmod complete; cat /dev/complete & sleep 0.1; kill %1; wait; rmmod complete; lsmod | wc -l\n",
        Status::Expected,
        &["[1]  Running     cat /dev/complete", "1"],
    ),
    (
        "signals",
        "kill -0 $$; echo $?; sleep 100 & kill -s INT $(jobs -p); wait $!; echo $?; kill -l; sleep 100 & kill -n 9 $!; wait $!; echo $?\n\
         jobs -z; kill -HUP 1\n",
        Status::Usage,
        &[
            "0",
            "130",
            "INT KILL TERM",
            "137",
            "jobs: invalid option -- 'z'; usage: jobs [-lp]",
            "kill: unknown signal 'HUP'; valid: 0, INT, KILL; usage: kill [-0 | -INT | -KILL | -s SIGNAL | -l] PID | %JOB ...",
        ],
    ),
    (
        "again",
        "run counter quanta=10 rounds=1 expect=any | tail -n 1\n",
        Status::Expected,
        &["again: run counter lock=none probe=off writers=4 quanta=10 rounds=1 expect=any"],
    ),
    (
        "wide-pipe",
        "dd if=/dev/zero bs=64K count=100 | cat | wc -c\nseq 20000 | tail -n 1\nseq 20000 | cat | head -n 3 | tail -n 1\n",
        Status::Expected,
        &["6553600", "20000", "3"],
    ),
];
