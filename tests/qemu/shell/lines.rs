//! What is said to the shell, and what it answers.

use lab::status::Status;

pub(super) type Said = (&'static str, &'static str, Status, &'static [&'static str]);

/// What is typed, how the machine ends, and what it says: whole lines, in this order.
pub(super) const TYPED: &[Said] = &[
    ("end-of-input", "echo hello\n", Status::Expected, &["scullery# echo hello", "hello", "scullery# exit"]),
    ("last-line-without-end", "echo hello", Status::Expected, &["hello", "scullery# exit"]),
    ("pipeline", "echo a b c | cat | wc -w\n", Status::Expected, &["3"]),
    ("nobody-reads", "cat /dev/zero | head -c 3 | wc -c\necho $?\n", Status::Expected, &["3", "0"]),
    ("status", "true\nfalse || echo no\nfalse && echo yes\necho $?\n", Status::Expected, &["no", "1"]),
    ("exit", "false\nexit 0\n", Status::Expected, &["scullery# exit 0"]),
    ("exit-with", "exit 3\n", Status::Unexpected, &["scullery# exit 3"]),
    ("last-fails", "false\n", Status::Unexpected, &["scullery# exit"]),
    (
        "unknown-command",
        "lsmdo\nhelp Insmod\ninsmod scull lok=none\n\
         run couner 2>&1 | grep -c \"did you mean 'counter'? valid: scull-leak\"\nrun counter limit=3\nnosuch\n",
        Status::Unexpected,
        &[
            "lsmdo: command not found; did you mean 'lsmod'? (help lists them)",
            "help: there is no command 'Insmod'; did you mean 'insmod'?",
            "insmod: scull: unknown parameter 'lok'; did you mean 'lock'? valid: lock, edition, quantum, qset, nr_devs, pipe_buffer, major",
            "1",
            "run: limit= would change nothing here: it is for explore",
            "nosuch: command not found (help lists them)",
        ],
    ),
    (
        "syntax",
        "echo x |\n",
        Status::Usage,
        &["shell: syntax error: the line ends where a command or a file must follow"],
    ),
    (
        "misuse",
        "sleep soon\n",
        Status::Unexpected,
        &["sleep: 'soon' is no number of seconds; usage: sleep SECONDS"],
    ),
    ("no-file", "cat /dev/nope\n", Status::Unexpected, &["cat: /dev/nope: No such file or directory"]),
    (
        "no-target",
        "echo x > /dev/nope\n",
        Status::Unexpected,
        &["echo: /dev/nope: No such file or directory"],
    ),
    (
        "redirection",
        "cat < /dev/null | wc -c\necho gone > /dev/null\nnosuch 2> /dev/null\necho $?\n",
        Status::Expected,
        &["0", "127"],
    ),
    ("standard-error", "cat /dev/nope 2>&1 | wc -l\n", Status::Expected, &["1"]),
    (
        "background",
        "sleep 0.3 &\njobs\nwait\necho done\n",
        Status::Expected,
        &["[1]  Running     sleep 0.3", "[1]  Done        sleep 0.3", "done"],
    ),
    ("background-list", "sleep 0.1 && echo later &\nwait $!\necho $?\n", Status::Expected, &["later", "0"]),
    ("kill", "sleep 100 &\nkill %1; wait %1\necho $?\n", Status::Expected, &["137"]),
    ("kill-interrupt", "sleep 100 &\nkill -INT $!\nwait $!\necho $?\n", Status::Expected, &["130"]),
    (
        "kill-long-pipeline",
        // The reader of the last has no end of what it reads but by the signal.
        "cat /dev/zero | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | \
         cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | cat | sleep 100 &\n\
         kill %1; wait %1\necho $?\n",
        Status::Expected,
        &["137"],
    ),
    ("kill-kernel", "kill 2\n", Status::Unexpected, &["kill: 2: Operation not permitted"]),
    (
        "canonical",
        "cat\nfirst\nsecond\n\x04echo third\n",
        Status::Expected,
        &["first", "second", "second", "scullery# echo third", "third"],
    ),
    ("editing", "ecjo\x08\x08ho right\x01\x05\n", Status::Expected, &["right"]),
    ("completion", "una\t\nhel\tuname\n", Status::Expected, &["Scullery", "uname [-asnrvm]"]),
    (
        "completion-of-values",
        "help run\nrun counter exp\tcle\tlock=spinl\tprobe=ren\tquanta=1 rounds=1\n",
        Status::Expected,
        &[
            "  lock=     The form, of those that `list --long` shows for the experiment:",
            "  qset=     Pointers in a quantum set (LDD3: scull_qset) (1000)",
            "scullery# run counter expect=clean lock=spinlock probe=rendezvous quanta=1 rounds=1",
            "verdict: clean (as expected: clean)",
        ],
    ),
    (
        "history",
        "echo one\n\x1b[A\nhistory\n",
        Status::Expected,
        &["one", "one", "    1  echo one", "    2  history"],
    ),
    (
        "user",
        "su 1000\nid\nrmmod scull\nsu 0\nsu\nid\n",
        Status::Expected,
        &[
            "uid=1000 euid=1000 terminal=0",
            "rmmod: scull: Operation not permitted",
            "su: 0: Operation not permitted",
            "uid=0 euid=0 terminal=0 CAP_DAC_OVERRIDE CAP_SYS_ADMIN",
        ],
    ),
    (
        "kill-as-another",
        "sleep 100 &\nsu 1000\nkill %1\nfg\nsleep 100 &\nkill %2\nwait $!\necho $?\nsu\nkill %1; wait %1\necho $?\n",
        Status::Expected,
        &["kill: %1: Operation not permitted", "fg: current: Operation not permitted", "137", "137"],
    ),
    (
        // The shell waits on the line of each job, so no prompt is drawn while the job says something.
        "background-reader",
        "cat /dev/tty & wait $!\necho $?\ntrue && cat /dev/console & wait $!\necho $?\ncat /dev/tty | cat\nmine\n\x04echo end\n",
        Status::Expected,
        &[
            "cat: /dev/tty: Input/output error",
            "1",
            "cat: /dev/console: Input/output error",
            "1",
            "mine",
            "mine",
            "scullery# echo end",
            "end",
        ],
    ),
    (
        "catalogue",
        "list | head -n 1 | wc -l\nexplain scull-leak | head -n 1\nexplain R1 | head -n 1\n",
        Status::Expected,
        &[
            "1",
            "scull-leak: two writers fill the same empty slot, and a quantum is leaked",
            "R1: a quantum is leaked",
        ],
    ),
    (
        "run",
        "run scull-leak probe=rendezvous\nrun abba | head -n 1\nrun scull-leak lock=spinlock\n",
        Status::Expected,
        &["verdict: raced (as expected: raced)", "verdict: clean (as expected: clean)"],
    ),
    (
        "run-not-as-expected",
        "run scull-leak expect=clean probe=rendezvous\n",
        Status::Unexpected,
        &["verdict: raced (NOT as expected: clean)"],
    ),
    (
        "run-killed",
        "run scull-leak rounds=1000000 &\nkill %1; wait %1\necho $?\nrun scull-leak lock=spinlock\ninsmod scull\nrmmod scull\n\
         echo scan > /sys/kernel/debug/kmemleak\nwc -c /sys/kernel/debug/kmemleak\n",
        Status::Expected,
        &["137", "verdict: clean (as expected: clean)", "0 /sys/kernel/debug/kmemleak"],
    ),
    (
        "run-misuse",
        "run nosuch\nrun scull-leak cpus=2\n",
        Status::Usage,
        &["run: cpus= makes the machine, which is made already"],
    ),
    (
        "several-users-of-run",
        // The second comes when the first has writers, and ends it.
        "run soak seconds=30 > /dev/null &\nuntil ps | grep -q writer-; do sleep 0.05; done\nrun counter\n\
         kill %1\nwait\n",
        Status::Expected,
        &["run: counter: Device or resource busy"],
    ),
    (
        "places",
        "cd /dev/../proc\npwd\ncd\npwd\ncd /dev/null\n",
        Status::Unexpected,
        &["/proc", "/", "cd: /dev/null: Not a directory"],
    ),
    (
        "no-directory",
        "cat /dev/null/\ncat /dev/null/../zero\ncd /dev/null/..\ncat ''\ndd if=\ncat /proc/+5/status\ncat < ''\n\
         mknod /dev/new/ c 1 3\ncd /dev/../proc/.\ncat ../dev/null/.\ncat ../dev/null; pwd\n",
        Status::Expected,
        &[
            "cat: /dev/null/: Not a directory",
            "cat: /dev/null/../zero: Not a directory",
            "cd: /dev/null/..: Not a directory",
            "cat: '': No such file or directory",
            "dd: failed to open '': No such file or directory",
            "cat: /proc/+5/status: No such file or directory",
            "cat: '': No such file or directory",
            "mknod: /dev/new/: No such file or directory",
            "cat: ../dev/null/.: Not a directory",
            "/proc",
        ],
    ),
    (
        "tty",
        "tty\ntty < /dev/null\necho seen > /dev/tty\n",
        Status::Expected,
        &["/dev/console", "not a tty", "seen"],
    ),
    ("poll", "poll /dev/tty out\npoll /dev/tty in 0.1 < /dev/null\n", Status::Expected, &["out"]),
    (
        "redirected-builtins",
        "cd /proc > /dev/null; pwd\ncd /dev > /dev/nope; pwd\nexit 3 2> /dev/nope\nkill abc > /dev/null\nkill abc 2> /dev/null\n\
         echo $?\nkill abc 2>&1 > /dev/null\nkill abc > /dev/full 2>&1\necho $?\nhistory -c > /dev/full; history\n\
         insmod scull\njobs x 2> /dev/scull0\ncat /dev/scull0\n> /dev/scull0\nwc -c /dev/scull0\nrmmod scull; exit 0 > /dev/null\n",
        Status::Expected,
        &[
            "/proc",
            "cd: /dev/nope: No such file or directory",
            "/proc",
            "exit: /dev/nope: No such file or directory",
            "kill: abc: No such process",
            "1",
            "kill: abc: No such process",
            "1",
            "scullery# insmod scull",
            "jobs: 'x' is not understood; usage: jobs [-lp]",
            "0 /dev/scull0",
        ],
    ),
    (
        "dd",
        "dd if=/dev/zero of=/dev/null bs=1000 count=7\ndd if=/dev/zero of=/dev/full count=1\necho $?\n",
        Status::Expected,
        &["7+0 records in", "7+0 records out", "dd: writing to '/dev/full': No space left on device", "1"],
    ),
    (
        "hexdump",
        "echo -n -e 'AB\\n\\x00' | hexdump\n",
        Status::Expected,
        &["00000000  41 42 0a 00                                       |AB..|", "00000004"],
    ),
    (
        "lost-output",
        "help > /dev/full || echo no\nhexdump /proc/version > /dev/full\necho $?\nrun counter > /dev/full\necho $?\n\
         run counter | true\necho $?\nfalse > /dev/full\necho $?\njobs > /dev/full\necho $?\n",
        Status::Expected,
        &[
            "help: write error: No space left on device",
            "no",
            "scullery# hexdump /proc/version > /dev/full",
            "hexdump: write error: No space left on device",
            "scullery# echo $?",
            "1",
            "scullery# run counter > /dev/full",
            "run: write error: No space left on device",
            "scullery# echo $?",
            "1",
            "scullery# run counter | true",
            "scullery# echo $?",
            "0",
            "1",
            "0",
        ],
    ),
    (
        "module",
        // What dd writes has room only when the reader is there, and has the file open.
        "insmod scull lock=none\necho hello > /dev/scull0\ncat /dev/scull0\nioctl /dev/scull0 IOCQQUANTUM\nrun scull-leak\n\
         cat /dev/scullpipe0 > /dev/null &\ndd if=/dev/zero of=/dev/scullpipe0 bs=1000 count=8\nrmmod scull\n\
         kill %1\nwait\nrmmod scull\n",
        Status::Expected,
        &[
            "hello",
            "4000",
            "run: the devices of a loaded module are in the way: rmmod it first",
            "rmmod: scull: Device or resource busy",
        ],
    ),
    (
        "complete",
        "insmod complete\ncat /dev/complete &\ncat /dev/complete &\ncat /dev/complete &\nsleep 0.1\necho hello > /dev/complete\nsleep 0.1\njobs | wc -l\njobs > /dev/null\nkill %1 2> /dev/null; kill %2 2> /dev/null; kill %3 2> /dev/null; wait; rmmod complete\n",
        Status::Expected,
        &[],
    ),
    ("probe-misuse", "probe rendezvous=slot.stroe\n", Status::Usage, &[]),
    (
        "parameters",
        "insmod scull edition=new\ninsmod scull lock=irqsave\ninsmod scull lo\tmu\t ed\tbo\t; lsmod | tail -n 1\n",
        Status::Expected,
        &[
            "insmod: scull: unknown edition 'new'; valid: book, repaired",
            "insmod: scull: unknown lock 'irqsave'; valid: none, spinlock, semaphore, completion, mutex, rwlock, rwsem",
            "scull                  0  lock=mutex edition=book quantum=4000 qset=1000 nr_devs=4 pipe_buffer=4000 major=0",
        ],
    ),
    (
        "ioctl-no-int",
        "insmod scull\nioctl /dev/scull0 IOCSQUANTUM 4294967297\nioctl /dev/scull0 IOCGQUANTUM\n",
        Status::Expected,
        &["ioctl: '4294967297' is no int; usage: ioctl FILE COMMAND [ARGUMENT]", "4000"],
    ),
    (
        "several-lines",
        "for i in 1 2\ndo echo \"n $i\"\ndone\nif true; then echo 'a\nb' |\ncat; fi\ncase x in\necho $?\n",
        Status::Expected,
        &[
            "scullery# for i in 1 2",
            "> do echo \"n $i\"",
            "> done",
            "n 1",
            "n 2",
            "> b' |",
            "> cat; fi",
            "a",
            "b",
            "shell: 'case' is not offered here",
            "2",
        ],
    ),
    ("dmesg", "dmesg | head -n 1 | wc -l\n", Status::Expected, &["1"]),
];

/// The lines of a script, how the machine ends, and what it says.
pub(super) const SCRIPTS: &[Said] = &[
    ("runs", "# a comment\necho hello; echo $?\n\nsleep 0.1 & wait\n", Status::Expected, &["hello", "0"]),
    ("last-status", "echo one\nfalse\n", Status::Unexpected, &["one"]),
    ("exit", "exit 0\necho never\n", Status::Expected, &[]),
    ("kill-at-once", "sleep 100 & kill $! && echo killed; wait\n", Status::Expected, &["killed"]),
    (
        "kill-busy",
        // A signal that comes between two instructions of a call is not lost.
        "cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         cat /dev/zero > /dev/null & cat /dev/zero > /dev/null & sleep 0.01; kill %1; kill %2; wait\n\
         sleep 0.01; echo alive\n",
        Status::Expected,
        &["alive"],
    ),
    (
        "interrupted-job",
        "sleep 100 & kill -INT $!; wait $! || echo after; kill -INT $! 2> /dev/null && echo never\n\
         sleep 100 || echo never & kill %1; wait %1; echo $?\nsleep 100 || echo never & kill -INT %1; wait %1; echo $?\n",
        Status::Expected,
        &["after", "137", "130"],
    ),
    (
        "full",
        "insmod scull quantum=16 qset=10\ndd if=/dev/zero of=/dev/scull0 bs=4000 2> /dev/null; echo full $?\n\
         dd if=/dev/zero of=/dev/scull1 bs=16 2> /dev/null; echo full $?\nrmmod scull; echo alive\n",
        Status::Expected,
        &["full 1", "full 1", "alive"],
    ),
    (
        "seconds",
        "sleep .01; echo $?\nsleep 0.0000001; echo $?\nsleep .; echo $?\nsleep 1 2\n",
        Status::Unexpected,
        &["0", "0", "1", "sleep: one number of seconds is wanted; usage: sleep SECONDS"],
    ),
    (
        "poll-for-what-is-allowed",
        "poll /dev/nosuch; echo $?\npoll /proc/version\npoll /proc/version out\n",
        Status::Unexpected,
        &[
            "poll: /dev/nosuch: No such file or directory",
            "1",
            "in",
            "poll: /proc/version: Permission denied",
        ],
    ),
    (
        "dd-words",
        "dd if=/dev/zero of=/dev/null bs=1 count=1 conv=notrunc,notrunc 2>&1 | head -n 3 | wc -l\n\
         dd if=/dev/zero of=/dev/null bs=1 count=1 status=noxfer\ndd if=/dev/zero of=/dev/null count=1 status=xyz\n",
        Status::Unexpected,
        &[
            "3",
            "1+0 records in",
            "1+0 records out",
            "dd: invalid status level: 'xyz'; usage: dd [OPERAND=VALUE]...",
        ],
    ),
    (
        "words",
        "echo -ne 'a\\n'; echo -e '\\x+5\\x41'; echo -nx\ncat -n /dev/null; echo $?\nhexdump -x; echo $?\n\
         help time | head -n 1\nkill\nmknod /dev/y b 1 3\n",
        Status::Unexpected,
        &[
            "a",
            "\\x+5A",
            "-nx",
            "cat: invalid option -- 'n'; usage: cat [FILE]...",
            "1",
            "hexdump: invalid option -- 'x'; usage: hexdump [-C] [-n BYTES] [FILE]...",
            "1",
            "time COMMAND...",
            "kill: whom? usage: kill [-0 | -INT | -KILL | -s SIGNAL | -l] PID | %JOB ...",
            "mknod: unknown kind of device 'b'; valid: c; usage: mknod [-m MODE] PATH c MAJOR MINOR",
        ],
    ),
    (
        "reads-no-more-than-was-asked-for",
        // The pipe is kept while the first of these has it open.
        "insmod scull\nsleep 100 1<> /dev/scullpipe0 &\nsleep 0.2\necho abcdefghijklmnop > /dev/scullpipe0\n\
         head -c 4 /dev/scullpipe0; echo\nhexdump -n 4 /dev/scullpipe0 | head -n1\ndd bs=3 count=1 if=/dev/scullpipe0 status=none; echo\n\
         head -n1 /dev/scullpipe0\nkill %1; wait; rmmod scull.ko; lsmod | wc -l\n",
        Status::Expected,
        &["abcd", "00000000  65 66 67 68                                       |efgh|", "ijk", "lmnop", "1"],
    ),
    (
        "dd-does-not-trim-where-it-seeks",
        // Without seek= it opens the device write-only, which empties it whatever conv= says.
        "insmod scull\ndd if=/dev/zero of=/dev/scull0 bs=100 count=5 status=none; wc -c /dev/scull0\n\
         echo x | dd of=/dev/scull0 bs=100 seek=1 status=none; wc -c /dev/scull0\n\
         echo x | dd of=/dev/scull0 conv=notrunc; wc -c /dev/scull0\ntouch /dev/scull0; wc -c /dev/scull0\n",
        Status::Expected,
        &[
            "500 /dev/scull0",
            "500 /dev/scull0",
            "0+1 records in",
            "0+1 records out",
            "2 /dev/scull0",
            "0 /dev/scull0",
        ],
    ),
    (
        "refused",
        "mknod /dev/y c 4096 0; echo $?\nmknod /dev/y c 1 1048576; ls /dev/y\ninsmod scull pipe_buffer=1; echo $?\n\
         dd conv=sparse; echo $?\ndd iflag=nonblock; head -n 1x; echo $?\nls -z; echo $?\nkill -0 99999; echo $?\nwc --lines\n",
        Status::Unexpected,
        &[
            "mknod: invalid device '4096 0', beyond 4095 1048575; usage: mknod [-m MODE] PATH c MAJOR MINOR",
            "1",
            "ls: /dev/y: No such file or directory",
            "insmod: scull: pipe_buffer=1: not a number from 2 to 2147483647",
            "1",
            "dd: invalid conversion: 'sparse'; usage: dd [OPERAND=VALUE]...",
            "1",
            "dd: setting flags for 'standard input': Invalid argument",
            "head: invalid number of lines: '1x'; usage: head [-LINES] [-n [-]LINES | -c [-]BYTES] [-qv] [FILE]...",
            "1",
            "ls: invalid option -- 'z'; usage: ls [-l] [-a] [PATH]...",
            "2",
            "kill: 99999: No such process",
            "1",
            "wc: unrecognized option '--lines'; usage: wc [-lwc] [FILE]...",
        ],
    ),
    (
        "tools",
        "tail -n +3 /proc/mounts | head -n1\nhead -n -3 /proc/mounts\ntail -c 4 /proc/version\necho -e '\\061\\x32'\n\
         printf '%03d|%-4s|%x\\n' 7 ab 255\nseq -s , 1 2 5\necho one | tee /dev/null\nid -u\ncat --help | head -n1\n\
         insmod scull; cp /proc/version /dev/scull1; cat /dev/scull1\ndd if=/proc/version bs=1K count=1K conv=ucase status=none\n\
         sleep 100 & jobs | cat; kill -0 %1; echo $?; kill %1; wait\n",
        Status::Expected,
        &[
            "sysfs /sys sysfs rw 0 0",
            "devtmpfs /dev devtmpfs rw 0 0",
            "pt)",
            "12",
            "007|ab  |ff",
            "1,3,5",
            "one",
            "0",
            "cat [FILE]...",
            "Scullery version 0.1.0 (smp+preempt)",
            "SCULLERY VERSION 0.1.0 (SMP+PREEMPT)",
            "[1]  Running     sleep 100",
            "0",
        ],
    ),
    (
        "several-files",
        "hexdump /dev/null\necho ls; ls -l /dev/null /dev/zero\nls /dev/null /sys\nhead -n 1 /proc/mounts /proc/version\n\
         wc -l /proc/mounts /proc/version\n",
        Status::Expected,
        &[
            "ls",
            "crw-rw-rw-  root  root      1, 3  /dev/null",
            "crw-rw-rw-  root  root      1, 5  /dev/zero",
            "/dev/null",
            "",
            "/sys:",
            "kernel/",
            "==> /proc/mounts <==",
            "devtmpfs /dev devtmpfs rw 0 0",
            "",
            "==> /proc/version <==",
            "Scullery version 0.1.0 (smp+preempt)",
            "4 /proc/mounts",
            "1 /proc/version",
            "5 total",
        ],
    ),
    (
        "refused-without-a-heading",
        "insmod scull\nrun scull-leak | wc -l\nrun counter expect=any | head -n 1\n",
        Status::Expected,
        &[
            "run: the devices of a loaded module are in the way: rmmod it first",
            "0",
            "counter: i = i + 1 on several CPUs, and the sum is too small (R14)",
        ],
    ),
    (
        "one-lost-object",
        // The node, the array and the first quantum are there already, so that the second quantum is all that
        // is raced for.
        "insmod scull lock=none\necho prepared 1<> /dev/scull0\nprobe rendezvous=slot.store\n\
         dd if=/dev/zero bs=4000 count=2 status=none 1<> /dev/scull0 &\n\
         dd if=/dev/zero bs=4000 count=2 status=none 1<> /dev/scull0\nwait\necho scan > /sys/kernel/debug/kmemleak\n\
         head -n 1 /sys/kernel/debug/kmemleak\n",
        Status::Expected,
        &[
            "kmemleak: 1 unreferenced object (see /sys/kernel/debug/kmemleak)",
            "1 unreferenced object, 4000 bytes, from 1 place:",
        ],
    ),
    (
        "mounts",
        "mount | wc -l; cat /proc/mounts | tail -n 2\n",
        Status::Expected,
        &["4", "sysfs /sys sysfs rw 0 0", "debugfs /sys/kernel/debug debugfs rw 0 0"],
    ),
    (
        "syntax",
        "echo one\necho 'two\necho three\n",
        Status::Usage,
        &["shell: script, line 2: an opening ' has no closing one"],
    ),
    (
        "functions-are-refused",
        "echo never\nload() {\n  insmod scull\n}\nload\n",
        Status::Usage,
        &["shell: script, line 2: functions are not offered here"],
    ),
    (
        "not-taken",
        "insmod scull\nif false; then\n    rmmod scull\nfi\nlsmod | grep -q ^scull && echo loaded; rmmod scull\n",
        Status::Expected,
        &["loaded"],
    ),
    (
        "language",
        "a=5; b='x  y'; for i in 1 2 3; do [ $i -eq 2 ] && continue; echo \"$i$b\" $b; done\n\
         while [ $a -gt 3 ]; do a=$((a - 1)); echo $a; done\n\
         echo $(echo in; ( echo sub; exit 3 ) ) `echo back` $?; echo /dev/[nz]*\n\
         { echo one; echo two; } | while read first rest; do echo \"<$first>\"; done\n\
         for f in /dev/zero /dev/nope; do if test -e $f; then echo $f; else echo no $f; fi; done | cat\n\
         { echo lost; cat nope; } > /dev/null 2>&1; echo $?\n\
         ! true && echo never || echo not; ( cd /proc; pwd ); pwd; (exit 7) || echo $?\n\
         set -e; if false; then :; fi; false || echo on; set a b; echo $# $2\nfalse\necho never\n",
        Status::Unexpected,
        &[
            "1x  y x y",
            "3x  y x y",
            "4",
            "3",
            "in sub back 0",
            "/dev/null /dev/zero",
            "<one>",
            "<two>",
            "/dev/zero",
            "no /dev/nope",
            "1",
            "not",
            "/proc",
            "/",
            "7",
            "on",
            "2 b",
        ],
    ),
    (
        "led-to-drivers",
        // What the drivers do when they are opened and closed they do to no shell.
        "insmod scull; insmod faulty\n{ echo a; echo b; } > /dev/scull0; cat < /dev/scull0\n\
         while read line; do echo \"[$line]\"; done < /dev/scull0\n\
         { echo x; } > /dev/faulty; echo $?; read line < /dev/faulty; x=$(cat /dev/faulty); for i in 1; do :; done > /dev/nope; echo $?\n\
         echo alive; rmmod -f scull\n",
        Status::Expected,
        &["a", "b", "[b]", "alive"],
    ),
    (
        "deep",
        "if :; then { ( if :; then for i in 1; do while :; do { if :; then for j in 1; do { ( echo $(echo deep) ); }; done; fi; }; \
         break; done; done; fi ); }; fi\n",
        Status::Expected,
        &["deep"],
    ),
];
