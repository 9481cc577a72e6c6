//! Drivers in C at the prompt: those of `drivers/`, and small ones with a mistake each. Without a C compiler
//! they are not tried.

use std::fs;
use std::path::{Path, PathBuf};

use lab::folder;
use lab::module::compiler::Compiler;
use lab::module::{Build, build};
use lab::status::Status;
use lab::workspace;
use libtest_mimic::Trial;
use tests::ensure::{Answer, holds, lacks};

use crate::shell::{follow, judge, machine, told};

/// A driver whose init does what `kind` says.
const WRONG: &str = r#"
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/sched.h>

static int kind;
module_param(kind, int, 0);
static DEFINE_MUTEX(mutex);
static DEFINE_SPINLOCK(spinlock);
static const int constant = 3;
struct thing { struct mutex lock; };

static noinline void through_null(void) { *(volatile int *)8 = 1; }
static const struct file_operations nothing = { .owner = THIS_MODULE };

static int __init wrong_init(void)
{
	struct thing *thing = kzalloc(sizeof(*thing), GFP_KERNEL);
	int result = 0;

	switch (kind) {
	case 0: through_null(); break;
	case 1: mutex_lock(&thing->lock); break;
	case 2: BUG_ON(kind == 2); break;
	case 3: *(volatile int *)&constant = 4; break;
	case 4: *(volatile int *)&through_null = 4; break;
	case 5: kfree(thing); kfree(thing); return 0;
	case 6: spin_lock(&spinlock); kfree(kmalloc(10, GFP_KERNEL)); spin_unlock(&spinlock); break;
	case 7: mutex_unlock(&mutex); break;
	case 8: spin_unlock(&spinlock); break;
	case 9: result = register_chrdev(0, "wrong", &nothing) < 0; break;
	case 10: result = -EBUSY; break;
	case 12: for (;;) barrier(); break;
	case 11: return -EOVERFLOW;
	}
	kfree(thing);
	return result;
}
static void __exit wrong_exit(void) { }
module_init(wrong_init);
module_exit(wrong_exit);
MODULE_LICENSE("GPL");
"#;

/// A driver with two files in `/proc`: one of 3000 pieces, and one of a single piece that does not fit at
/// first.
const PIECES: &str = r#"
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static void *pieces_start(struct seq_file *s, loff_t *pos)
{
	return *pos < 3000 ? (void *)(long)(*pos + 1) : NULL;
}
static void *pieces_next(struct seq_file *s, void *v, loff_t *pos)
{
	++*pos;
	return pieces_start(s, pos);
}
static void pieces_stop(struct seq_file *s, void *v) { }
static int pieces_show(struct seq_file *s, void *v)
{
	if ((long)v % 1000 == 7)
		return SEQ_SKIP;
	seq_printf(s, "piece %ld\n", (long)v);
	return 0;
}
static const struct seq_operations pieces_ops = {
	.start = pieces_start, .next = pieces_next, .stop = pieces_stop, .show = pieces_show,
};
static int pieces_open(struct inode *inode, struct file *file) { return seq_open(file, &pieces_ops); }
static const struct proc_ops pieces_proc = {
	.proc_open = pieces_open, .proc_read = seq_read, .proc_lseek = seq_lseek, .proc_release = seq_release,
};

static int whole_show(struct seq_file *s, void *v)
{
	int i;

	for (i = 0; i < 1000; i++)
		seq_printf(s, "%s %i\n", (char *)s->private, i);
	return 0;
}
static int whole_open(struct inode *inode, struct file *file) { return single_open(file, whole_show, pde_data(inode)); }
static const struct proc_ops whole_proc = {
	.proc_open = whole_open, .proc_read = seq_read, .proc_lseek = seq_lseek, .proc_release = single_release,
};

static int __init pieces_init(void)
{
	if (!proc_create("pieces", 0, NULL, &pieces_proc) || !proc_create_data("whole", 0, NULL, &whole_proc, "line"))
		return -ENOMEM;
	return proc_create("whole", 0, NULL, &whole_proc) ? -EINVAL : 0;
}
static void __exit pieces_exit(void) { remove_proc_entry("pieces", NULL); }
module_init(pieces_init);
module_exit(pieces_exit);
MODULE_LICENSE("GPL");
"#;

/// A test that wants a C compiler, and is left out where there is none.
pub(crate) fn trial(group: &str, name: &str, run: impl FnOnce() -> Answer + Send + 'static) -> Trial {
    let is_missing = Compiler::find().is_err();
    Trial::test(format!("{group}::{name}"), move || Ok(run()?))
        .with_kind(if is_missing { "no C compiler" } else { "" })
        .with_ignored_flag(is_missing)
}

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn() -> Answer| trial("drivers", name, run);
    vec![
        trial("hello", hello),
        trial("scull", scull),
        trial("lost-memory", lost),
        trial("mistakes", mistakes),
        trial("explored", explored),
        trial("explored-in-time", ends_in_time),
        trial("explored-and-loaded-again", loaded_again),
        trial("memory-explored", memory),
        trial("whole-calls", whole_calls),
        trial("memory-at-the-prompt", memory_at_the_prompt),
        trial("proc-files", proc_files),
        trial("no-objects", no_objects),
        trial("pipe", pipe),
        trial("complete-and-sleepy", complete_and_sleepy),
        trial("jiffies", jiffies),
        trial("left-behind", left_behind),
        trial("short-irq", short_irq),
        trial("exports", exports),
        trial("none-is-lost-with-several", several),
        trial("goes-in-use", goes_in_use),
        trial("dies-in-a-call", dies_in_a_call),
        trial("parameter-of-functions", parameter_of_functions),
    ]
}

/// A module of `drivers/`, in `place`.
pub(crate) fn module(place: &Path, source: &Path, name: &str, define: &[&str]) -> Result<PathBuf, String> {
    let define = define.iter().map(ToString::to_string).collect();
    let order = Build { define, ..Build::of(source) };
    let output = place.join(name);
    build::build(&order, &output).map_err(told)?;
    Ok(output)
}

pub(crate) fn of_the_house(place: &Path, name: &str, define: &[&str]) -> Result<PathBuf, String> {
    let source = workspace::root().map_err(told)?.join(format!("drivers/{name}.c"));
    module(place, &source, &format!("{}.ko", name.replace('-', "_")), define)
}

/// A machine that has `modules` at `/mnt` follows `script`.
fn with(modules: &[PathBuf], script: &str, status: Status, says: &[&str]) -> Answer {
    let bundle = folder::bundle(None, modules).map_err(told)?.ok_or("there are modules")?;
    let outcome = follow(machine("shell timeout=100 cpus=2")?.mount(bundle.path()), script)?;
    // Parts of lines: what is before and behind is an address, or a path of this host.
    let mut lines = outcome.com1.lines();
    for part in says {
        let is_said = lines.any(|line| part.split("..").all(|part| line.contains(part)));
        holds(&format!("it says, in its turn: {part}"), is_said)
            .map_err(|why| format!("{why}\n{outcome}"))?;
    }
    judge(&outcome, status, &[])?;
    if !says.iter().any(|part| part.contains("warning")) {
        lacks(&outcome.com1, "warning: ")?;
    }
    lacks(&outcome.com1, "\nnever")
}

pub(crate) fn place() -> Result<tempfile::TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

fn hello() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/hello.ko whom=reader howmany=2; insmod /mnt/hello.ko; lsmod\n\
                  modinfo /mnt/hello.ko; rmmod hello; lsmod | wc -l\n\
                  insmod /mnt/hello.ko howmany=two; insmod /mnt/hello.ko who=me; rmmod hello; true\n";
    let says = [
        "Hello, reader",
        "Hello, reader",
        "insmod: hello: File exists",
        "hello                  0  howmany=2 whom=reader",
        "parm: whom:who is greeted",
        "license: Dual BSD/GPL",
        "Goodbye, cruel reader",
        "1",
        "insmod: hello: howmany=two: not a number that fits",
        "insmod: hello: unknown parameter 'who'; did you mean 'whom'? valid: howmany, whom",
        "rmmod: hello: No such file or directory",
    ];
    with(&[of_the_house(place.path(), "hello", &[])?], script, Status::Expected, &says)
}

/// The bare device as a user of the book has it.
fn scull() -> Answer {
    let place = place()?;
    let script = "cd /mnt; insmod ./scull.ko nr_devs=2 || echo never\n\
                  major=$(awk '$2==\"scull\" {print $1}' /proc/devices)\n\
                  for minor in 0 1 2; do mknod /dev/s$minor c $major $minor; done\n\
                  echo hello > /dev/s0; cat /dev/s0; cat /dev/s1; cat /dev/s2\n\
                  dd if=/dev/zero of=/dev/s1 bs=4000 count=3; cat /dev/s1 | wc -c\n\
                  grep 'scull.c:180' /proc/slabinfo\n\
                  dd if=/dev/s1 of=/dev/null bs=9000 count=1 skip=1\n\
                  ioctl /dev/s0 0x6b07; ioctl /dev/s0 0x6b03 100; ioctl /dev/s0 0x6b07; ioctl /dev/s0 0x6b63\n\
                  ( cat; rmmod scull ) < /dev/s0; rmmod -f scull < /dev/s0; lsmod | grep scull\n\
                  echo scan > /sys/kernel/debug/kmemleak; cat /sys/kernel/debug/kmemleak | wc -l\n\
                  rmmod scull; cat /dev/s0; cat /sys/kernel/debug/kmemleak | wc -l\n\
                  insmod scull.ko; chmod 666 /dev/s0; echo hello again > /dev/s0; su 5\n\
                  ioctl /dev/s0 0x6b03 100; cat /dev/s0; rmmod scull; true\n";
    let says = [
        "hello",
        "cat: /dev/s2: No such device or address",
        "12000 bytes copied",
        "12000",
        "4        16000  ..scull.c:180",
        "3000 bytes copied",
        "4000",
        "100",
        "ioctl: /dev/s0: Inappropriate ioctl for device",
        "hello",
        "rmmod: scull: in use by 1 open file",
        "rmmod: scull: in use by 1 open file, and a driver in C cannot be forced out",
        "scull                  0  ",
        "0",
        "cat: /dev/s0: No such device or address",
        "0",
        "ioctl: /dev/s0: Operation not permitted",
        "hello again",
        "rmmod: scull: Operation not permitted",
    ];
    with(&[of_the_house(place.path(), "scull", &[])?], script, Status::Expected, &says)
}

/// What a driver does not free is lost when it goes, and is named by its lines.
fn lost() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/scull.ko; mknod /dev/s0 c 254 0; dd if=/dev/zero of=/dev/s0 bs=4000 count=3\n\
                  rmmod scull; lsmod | wc -l\n";
    let says = [
        "scull: 1 block, 16 bytes, are lost, allocated by [scull] scull_follow..drivers/scull.c:94",
        "scull: 3 blocks, 12000 bytes, are lost, allocated by [scull] scull_write",
        "1",
    ];
    with(&[of_the_house(place.path(), "scull", &["SCULL_LOSES"])?], script, Status::Expected, &says)
}

/// The names that drivers give outlive them, whichever driver came first, and are not lost.
fn several() -> Answer {
    let place = place()?;
    let modules = ["jiffies", "pipe", "scull"].map(|name| of_the_house(place.path(), name, &[]));
    let modules = modules.into_iter().collect::<Result<Vec<_>, _>>()?;
    let script = "for name in jiffies pipe scull; do insmod /mnt/$name.ko; done; rmmod scull; rmmod pipe; rmmod jiffies\n\
                  echo scan > /sys/kernel/debug/kmemleak; grep unreferenced /sys/kernel/debug/kmemleak || echo none\n";
    with(&modules, script, Status::Expected, &["jiffies: the ticker has ticked", "none"])
}

/// Tasks that came to a stop have files of the driver open for ever. It is unloaded all the same: what has its name
/// afterwards is another.
fn loaded_again() -> Answer {
    let place = place()?;
    let source = workspace::root().map_err(told)?.join("tests/qemu/planted.c");
    let keeps_its_lock = module(place.path(), &source, "planted.ko", &["MISTAKE=3"])?;
    let once = "insmod /mnt/planted.ko\n\
                explore planted --task 'echo a > /dev/planted; echo b > /dev/planted' --fail copy=1 | grep verdict\n\
                rmmod planted; lsmod | wc -l\n";
    let verdict = "verdict: deadlock (NOT as expected: clean)";
    with(&[keeps_its_lock], &once.repeat(2), Status::Expected, &[verdict, "1", verdict, "1"])
}

/// When time is over, what is known is told: here that no execution was made, of which nothing follows.
fn ends_in_time() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/scull.ko qset=2; explore scull --task 'echo a <> /dev/scull0 1>&0' \\\n\
                  --task 'echo b <> /dev/scull0 1>&0' --seconds 0; echo $?\ntrue\n";
    let told = [
        "0 executions, not all",
        "explore: Time is over, and not all executions were made: this is what is known.",
        "verdict: not-tried (NOT as expected: clean)",
        "1",
    ];
    with(&[of_the_house(place.path(), "scull", &[])?], script, Status::Expected, &told)
}

/// Without the lock two writers lose memory in some orders, and each that does is named by its line; with it
/// in none. The driver begins anew each time, and works afterwards.
fn explored() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/scull.ko qset=2; explore scull --task 'echo a <> /dev/scull0 1>&0' \\\n\
                  --task 'echo b <> /dev/scull0 1>&0'; echo $?\n\
                  explore scull --task 'echo a <> /dev/scull0 1>&0' --task 'echo b <> /dev/scull0 1>&0' --schedule A1; echo $?\n\
                  explore scull --setup 'echo x >> /dev/scull0' --task 'cat /dev/scull0' --check 'false'; echo $?\n\
                  explore scull --task 'cat /dev/scull0 | wc -c'; mknod /dev/s c 254 0; echo hello > /dev/s; cat /dev/s\n\
                  true\n";
    let bare = [
        "all there are",
        "raced: 1 leaked",
        "data race: by two tasks, and no lock orders them",
        "*link is stored at",
        "verdict: raced (NOT as expected: clean)",
        "1",
        "data race: by two tasks, and no lock orders them",
        "*link is stored at",
        "verdict: clean (as expected: clean)",
        "0",
        "raced",
        "1",
        "explore: a pipe in a task cannot be explored",
        "hello",
    ];
    with(&[of_the_house(place.path(), "scull", &["SCULL_WITHOUT_LOCK"])?], script, Status::Expected, &bare)?;
    let guarded = ["2 executions, all there are", "2  clean", "verdict: clean (as expected: clean)", "0"];
    with(&[of_the_house(place.path(), "scull", &[])?], script, Status::Expected, &guarded)
}

const MEMORY: &str = r#"
#include <linux/module.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

MODULE_LICENSE("GPL");
static int major;

static ssize_t bad_write(struct file *filp, const char __user *buf, size_t count, loff_t *pos)
{
	int end = 10;
	char kind, *p;

	if (get_user(kind, buf))
		return -EFAULT;
	p = kmalloc(end, GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	memset(p, 0, end);
	if (kind == 'b')
		p[end] = 1;
	if (kind == 'm')
		memset(p + 4, 0, end);
	if (kind == 'l')
		return count;
	kfree(p);
	if (kind == 'f')
		p[3]++;
	if (kind == 't')
		kfree(p);
	return count;
}

static const struct file_operations bad_fops = { .owner = THIS_MODULE, .write = bad_write };

static int __init bad_init(void)
{
	major = register_chrdev(0, "bad", &bad_fops);
	return major < 0 ? major : 0;
}

static void __exit bad_exit(void)
{
	unregister_chrdev(major, "bad");
}

module_init(bad_init);
module_exit(bad_exit);
"#;

/// What a driver does to memory that is not its own is found, with where that was allocated and freed.
fn memory() -> Answer {
    let place = place()?;
    let source = place.path().join("bad.c");
    fs::write(&source, MEMORY).map_err(|error| error.to_string())?;
    let bad = module(place.path(), &source, "bad.ko", &[])?;
    let script = "insmod /mnt/bad.ko; m=$(awk '$2==\"bad\" {print $1}' /proc/devices); mknod /dev/b c $m 0\n\
                  for kind in b m l f t r; do explore bad --task \"echo $kind > /dev/b\"; done\n\
                  (explore bad --task 'cat /dev/b') > /dev/b; rmmod bad\n";
    let says = [
        "1 out of bounds",
        "out of bounds: 1 bytes are written for p[end] at",
        "bad.c:23",
        "1 out of bounds",
        "out of bounds: 10 bytes are written for memset(p + 4, 0, end) at",
        "1 leaked",
        "1 used after free",
        "A uses it all the same (step 6, bad.c:30).",
        "1 freed twice",
        "A frees it once more (step 6, bad.c:32).",
        "verdict: clean (as expected: clean)",
        "explore: bad is in use",
    ];
    with(&[bad], script, Status::Expected, &says)
}

/// The answers of whole calls are those of these alone, and what makes an execution again says all that it is of.
fn whole_calls() -> Answer {
    let place = place()?;
    let source = workspace::root().map_err(told)?.join("tests/qemu/hasty.c");
    let hasty = module(place.path(), &source, "hasty.ko", &["MISTAKE=4"])?;
    let script = "insmod /mnt/hasty.ko\n\
                  explore hasty --setup ': < /dev/hasty' --task 'ioctl /dev/hasty 0x6801 1' --task 'ioctl /dev/hasty 0x6801 1' \\\n\
                  --fail copy=1 --atomic\n";
    let says = [
        "what the calls answer is held against the 2 answers of whole calls",
        "the calls answer A: open, ioctl 0; B: open, ioctl 0",
        "again: explore hasty --setup ': < /dev/hasty' --task 'ioctl /dev/hasty 0x6801 1' --task 'ioctl /dev/hasty 0x6801 1' --fail copy=1 --atomic --schedule",
        "verdict: raced (NOT as expected: clean)",
    ];
    with(&[hasty], script, Status::Unexpected, &says)
}

/// The same at the prompt, with the ways to where that was allocated and freed; once for each line.
fn memory_at_the_prompt() -> Answer {
    let place = place()?;
    let source = place.path().join("bad.c");
    fs::write(&source, MEMORY).map_err(|error| error.to_string())?;
    let bad = module(place.path(), &source, "bad.ko", &[])?;
    let careless = workspace::root().map_err(told)?.join("tests/qemu/careless.c");
    let careless = |number| {
        module(place.path(), &careless, &format!("careless_{number}.ko"), &[&format!("MISTAKE={number}")])
    };
    let script = "insmod /mnt/bad.ko; m=$(awk '$2==\"bad\" {print $1}' /proc/devices); mknod /dev/b c $m 0\n\
                  for kind in b b r f t; do echo kind $kind; echo $kind > /dev/b; done; rmmod bad\n\
                  for number in 1 2; do insmod /mnt/careless_$number.ko; dd if=/dev/careless of=/dev/null bs=32 count=1\n\
                  rmmod careless_$number; done; echo still here\n";
    let says = [
        "kind b",
        "warning: out of bounds: 1 bytes are written for p[end] at ..bad.c:23, 10 bytes from the start of a block of 10 bytes",
        "[bad] bad_write..bad.c:23",
        "allocated by echo (task ",
        "[bad] bad_write..bad.c:18",
        "kind b",
        "kind r",
        "kind f",
        "warning: use after free: 1 bytes are read for p[3] at ..bad.c:30, 3 bytes from the start of a block of 10 bytes",
        "allocated by echo (task ",
        "[bad] bad_write..bad.c:18",
        "freed by echo (task ",
        "[bad] bad_write..bad.c:28",
        "kind t",
        "warning: double free: kfree at ..bad.c:32 of a block of 10 bytes",
        "freed by echo (task ",
        "warning: never written: 4 bytes are read for state->opened",
        "warning: information leak: 8 bytes that were never written go to the process by copy_to_user(buf, reply, result)",
        "still here",
    ];
    with(&[bad, careless(1)?, careless(2)?], script, Status::Expected, &says)
}

/// A fault ends the task, with the driver's line, and what is wrong and goes on is said.
fn mistakes() -> Answer {
    let place = place()?;
    let source = place.path().join("wrong.c");
    fs::write(&source, WRONG).map_err(|error| error.to_string())?;
    let wrong = module(place.path(), &source, "wrong.ko", &[])?;
    let script = "for kind in 0 1 2 3 4 5 6 7 8 9 10 11 12; do echo kind $kind; insmod /mnt/wrong.ko kind=$kind; rmmod wrong; done\n\
                  echo still here\n";
    let says = [
        "kind 0",
        "page fault: write to 0000000000000008, a null pointer",
        "[wrong] through_null+0x..wrong.c:16",
        "kind 1",
        "was never initialised: it is all zeros",
        "[wrong] ",
        "kind 2",
        "panic: kind == 2 at ..wrong.c:",
        "kind 3",
        "a page of a driver",
        "kind 4",
        "a page of a driver",
        "kind 5",
        "warning: double free: kfree at ..wrong.c:30 of a block of 184 bytes",
        "kind 6",
        "warning: kmalloc with GFP_KERNEL at ..wrong.c:31 may sleep, and its caller must not",
        "kind 7",
        "warning: mutex_unlock of mutex (wrong.c:11) by a task that does not have it",
        "kind 8",
        "warning: spin_unlock of spinlock (wrong.c:12), which is free",
        "kind 9",
        "wrong: 256 devices from 254:0 on, never taken back (cdev_del)",
        "wrong: 256 numbers from 254:0 on, of wrong, never given back",
        "kind 10",
        "insmod: wrong: Device or resource busy",
        "insmod: wrong: its init has returned -16",
        "kind 11",
        "wrong: 1 block, 184 bytes, are lost, allocated by [wrong] wrong_init",
        "insmod: wrong: Value too large for defined data type",
        "kind 12",
        "insmod: wrong: its init was ended, as it had run for 10 s",
        "still here",
    ];
    with(&[wrong], script, Status::Expected, &says)
}

fn proc_files() -> Answer {
    let place = place()?;
    let source = place.path().join("pieces.c");
    fs::write(&source, PIECES).map_err(|error| error.to_string())?;
    let pieces = module(place.path(), &source, "pieces.ko", &[])?;
    let script = "insmod /mnt/pieces.ko; cat /proc/pieces | wc; head -n 2 /proc/pieces; tail -n 1 /proc/pieces\n\
                  cat /proc/whole | wc; tail -n 1 /proc/whole; dd if=/proc/pieces bs=100 skip=40 count=1 | head -n 2\n\
                  echo x > /proc/pieces; rmmod pieces; cat /proc/pieces /proc/whole; echo still here\n";
    let says = [
        "2997..5994..31863",
        "piece 1",
        "piece 2",
        "piece 3000",
        "1000..2000..8890",
        "line 999",
        "echo: write error: Invalid argument",
        "pieces: /proc/whole is still there",
        "cat: /proc/pieces: No such file or directory",
        "cat: /proc/whole: No such file or directory",
        "still here",
    ];
    with(&[pieces], script, Status::Expected, &says)
}

/// What is no module of this kernel, or was one.
fn no_objects() -> Answer {
    let place = place()?;
    let sound = fs::read(of_the_house(place.path(), "scull", &[])?).map_err(|error| error.to_string())?;
    let mut dice = fastrand::Rng::with_seed(3);
    let mut all = Vec::new();
    let mut add = |name: String, bytes: &[u8]| -> Answer {
        let file = place.path().join(name);
        fs::write(&file, bytes).map_err(|error| error.to_string())?;
        all.push(file);
        Ok(())
    };
    add("empty.ko".into(), b"")?;
    add("text.ko".into(), b"#!/bin/sh\n")?;
    add("half.ko".into(), &sound[..sound.len() / 2])?;
    let abi =
        sound.windows(9).position(|bytes| bytes == b"scullery=").ok_or("it says for which kernel it is")?;
    let mut foreign = sound.clone();
    foreign[abi + 9] ^= 1;
    add("foreign.ko".into(), &foreign)?;
    // In the headers of sections, at the end of the file, a changed byte is a mistake and not another
    // program.
    for number in 0..24 {
        let mut file = sound.clone();
        let at = file.len() - 64 * dice.usize(1..20) + dice.usize(0..40);
        file[at] ^= 1 << dice.u32(..8);
        add(format!("mutated{number}.ko"), &file)?;
    }
    let script = "cd /mnt; for file in empty text half foreign; do insmod $file.ko; done\n\
                  for file in mutated*.ko; do insmod $file && rmmod scull; done; rmmod scull; echo still here; lsmod | wc -l\n";
    let says = [
        "insmod: empty: Exec format error",
        "insmod: the file: it is no ELF file of 64 bits",
        "insmod: the file: it is no ELF file of 64 bits",
        "insmod: half: Exec format error",
        "insmod: scull: it was not built for this kernel",
        "still here",
        "1",
    ];
    with(&all, script, Status::Expected, &says)
}

fn pipe() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/pipe.ko size=8; ls -l /dev/pipe0; lsmod\n\
                  head -c 39 /dev/pipe0 > /dev/null &\n\
                  echo a line that is longer than the ring is > /dev/pipe0; wait\n\
                  cat /dev/pipe0 > /dev/null &\n\
                  kill -INT %1; wait\n\
                  echo hi > /dev/pipe0; poll /dev/pipe0 in out 0; head -n 1 /dev/pipe0; poll /dev/pipe0 in out 0\n\
                  rmmod pipe; ls /dev/pipe0; lsmod | wc -l; echo still here\n";
    let says = [
        "crw-------",
        "pipe                   0  size=8",
        "in out",
        "hi",
        "out",
        "ls: /dev/pipe0: No such file or directory",
        "1",
        "still here",
    ];
    with(&[of_the_house(place.path(), "pipe", &[])?], script, Status::Expected, &says)
}

/// Each writer is for one reader: of the readers of `sleepy` two may see one writer, as in the book.
fn complete_and_sleepy() -> Answer {
    let place = place()?;
    let modules = [
        of_the_house(place.path(), "complete", &[])?,
        of_the_house(place.path(), "sleepy", &["SLEEPY_IS_EXACT"])?,
    ];
    let script = "insmod /mnt/complete.ko; insmod /mnt/sleepy.ko; cat /proc/devices | grep complete\n\
                  cat /dev/complete & cat /dev/complete & cat /dev/sleepy &\n\
                  rmmod complete; echo 1 > /dev/complete; echo 2 > /dev/complete\n\
                  echo 3 > /dev/sleepy; wait; rmmod complete; rmmod sleepy; ls /dev | grep -c sleepy; echo still here\n";
    let says = [
        " 10 complete",
        "complete: echo lets one reader go on",
        "complete: echo lets one reader go on",
        "sleepy: cat is awake",
        "0",
        "still here",
    ];
    with(&modules, script, Status::Expected, &says)
}

fn jiffies() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/jiffies.ko; ls /proc/jiffies; cat /proc/jiffies/timer; cat /proc/jiffies/tasklet | head -n 1\n\
                  cat /proc/jiffies/work; cat /proc/jiffies/delayed | tail -n 1; ps | grep ticker\n\
                  rmmod jiffies; ls /proc/jiffies; ps | grep -c '[[]ticker'; echo still here\n";
    let says = [
        "delayed  tasklet  timer    work",
        "interrupt  after 1",
        "interrupt  after 1",
        "interrupt  after 1",
        "interrupt  after 1",
        "interrupt  after ",
        "task later after ",
        "task later after ",
        "task later after ",
        "task later after ",
        "task kworker after 1",
        "[ticker]",
        "jiffies: the ticker has ticked: 1",
        "ls: /proc/jiffies: No such file or directory",
        "0",
        "still here",
    ];
    with(&[of_the_house(place.path(), "jiffies", &[])?], script, Status::Expected, &says)
}

/// A driver that leaves behind what would run its code, and one that frees it too early.
const LEAVES: &str = r#"
#include <linux/module.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

static int kind;
module_param(kind, int, 0);
static struct both { struct timer_list timer; struct work_struct work; } *both;
static struct delayed_work delayed;
static struct tasklet_struct tasklet;

static void timer_fn(struct timer_list *timer) { pr_alert("never\n"); }
static void work_fn(struct work_struct *work) { pr_alert("never\n"); }
static void tasklet_fn(struct tasklet_struct *tasklet) { pr_alert("never\n"); }
static int life(void *unused) { while (!kthread_should_stop()) schedule_timeout_interruptible(HZ); return 3; }
static irqreturn_t handler(int irq, void *device) { pr_alert("never\n"); return IRQ_HANDLED; }

static int __init leaves_init(void)
{
	both = kzalloc(sizeof(*both), GFP_KERNEL);
	timer_setup(&both->timer, timer_fn, 0);
	INIT_WORK(&both->work, work_fn);
	INIT_DELAYED_WORK(&delayed, work_fn);
	tasklet_setup(&tasklet, tasklet_fn);
	switch (kind) {
	case 0: mod_timer(&both->timer, jiffies + 1000 * HZ); return 0;
	case 1: mod_timer(&both->timer, jiffies + 1000 * HZ); kfree(both); break;
	case 2: schedule_delayed_work(&delayed, 1000 * HZ); kfree(both); break;
	case 3: tasklet_disable(&tasklet); tasklet_schedule(&tasklet); kfree(both); break;
	case 4: if (!alloc_workqueue("mine", 0, 1)) return -ENOMEM; kfree(both); break;
	case 5: kthread_run(life, NULL, "alive"); kfree(both); break;
	case 6: if (request_irq(SCULLERY_IRQ, handler, 0, "leaves", NULL)) return -EBUSY; kfree(both); break;
	case 7: timer_setup(&both->timer, NULL, 0); mod_timer(&both->timer, 1); break;
	case 8: free_irq(SCULLERY_IRQ, NULL); kfree(both); break;
	}
	return 0;
}
static void __exit leaves_exit(void) { }
module_init(leaves_init);
module_exit(leaves_exit);
MODULE_LICENSE("GPL");
"#;

/// What would run the code of a driver that is gone is named, and taken back.
fn left_behind() -> Answer {
    let place = place()?;
    let source = place.path().join("leaves.c");
    fs::write(&source, LEAVES).map_err(|error| error.to_string())?;
    let leaves = module(place.path(), &source, "leaves.ko", &[])?;
    let script = "for kind in 0 1 2 3 4 5 6 7 8; do echo kind $kind; insmod /mnt/leaves.ko kind=$kind; rmmod leaves; done\n\
                  echo still here\n";
    let says = [
        "kind 0",
        "leaves: a timer is still to run (timer_delete_sync): of [leaves] timer_fn  ..leaves.c:15",
        "leaves: 1 block, ",
        "kind 1",
        "warning: a timer is freed that is to call [leaves] timer_fn",
        "kind 2",
        "leaves: a timer is still to run",
        "leaves: a work is still to run (cancel_work_sync): of [leaves] work_fn",
        "kind 3",
        "leaves: a tasklet is still to run (tasklet_kill): of [leaves] tasklet_fn",
        "kind 4",
        "leaves: the work queue mine is still there (destroy_workqueue)",
        "kind 5",
        "leaves: its task ..(alive) still runs (kthread_stop)",
        "kind 6",
        "leaves: a handler is still there (free_irq): [leaves] handler",
        "kind 7",
        "was never set up (timer_setup)",
        "kind 8",
        "warning: free_irq of 7, of which there is no handler",
        "still here",
    ];
    with(&[leaves], script, Status::Expected, &says)
}

/// A driver with a file in `/proc` that is read while it goes: the reader is told when, and sleeps on.
const GOES: &str = r#"
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/wait.h>

static struct times { unsigned long jiffies; int open; bool goes; wait_queue_head_t queue; } *times;

static int slow_open(struct inode *inode, struct file *file) { times->open++; return 0; }
static ssize_t slow_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	pr_info("reads\n");
	wait_event(times->queue, times->goes);
	times->jiffies = jiffies;
	schedule_timeout_uninterruptible(HZ / 10);
	times->jiffies = jiffies - times->jiffies;
	pr_info("has read for %s\n", times->jiffies >= HZ / 10 && times->jiffies < 1000 * HZ ? "a while" : "no time");
	return 0;
}
static int slow_release(struct inode *inode, struct file *file)
{
	pr_info("released, %d are open\n", --times->open);
	return 0;
}
static const struct proc_ops slow_proc = {
	.proc_open = slow_open, .proc_read = slow_read, .proc_release = slow_release,
};

static int __init goes_init(void)
{
	times = kzalloc(sizeof(*times), GFP_KERNEL);
	if (!times)
		return -ENOMEM;
	init_waitqueue_head(&times->queue);
	return proc_create("slow", 0, NULL, &slow_proc) ? 0 : -ENOMEM;
}
static void __exit goes_exit(void)
{
	times->goes = true;
	wake_up(&times->queue);
	remove_proc_entry("slow", NULL);
	pr_info("%d are open at the end\n", times->open);
	kfree(times);
}
module_init(goes_init);
module_exit(goes_exit);
MODULE_LICENSE("GPL");
"#;

/// To take a file away waits for the calls that are under way, and releases what is open.
fn goes_in_use() -> Answer {
    let place = place()?;
    let source = place.path().join("goes.c");
    fs::write(&source, GOES).map_err(|error| error.to_string())?;
    let goes = module(place.path(), &source, "goes.ko", &[])?;
    let script = "insmod /mnt/goes.ko; cat /proc/slow & until dmesg | grep -q reads; do :; done; rmmod goes; wait\n\
                  insmod /mnt/goes.ko; ( rmmod goes; cat; echo closed ) < /proc/slow; lsmod | wc -l\n\
                  dmesg | grep -c lost; echo still here\n";
    let says = [
        "reads",
        "has read for a while",
        "released, 0 are open",
        "0 are open at the end",
        "released, 0 are open",
        "0 are open at the end",
        "cat: -: No such device",
        "closed",
        "1",
        "0",
        "still here",
    ];
    with(&[goes], script, Status::Expected, &says)
}

/// A driver whose second file has other operations from its open on, and dies of a write.
const DIES: &str = r#"
#include <linux/module.h>
#include <linux/miscdevice.h>
#include <linux/fs.h>
#include <linux/uaccess.h>

static ssize_t second_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	return simple_read_from_buffer(to, count, pos, "the second\n", 11);
}
static ssize_t second_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	*(volatile int *)8 = 1;
	return count;
}
static int second_release(struct inode *inode, struct file *file) { pr_info("released\n"); return 0; }
static const struct file_operations second = {
	.owner = THIS_MODULE, .read = second_read, .write = second_write, .release = second_release,
};
static int first_open(struct inode *inode, struct file *file) { file->f_op = &second; return 0; }
static const struct file_operations first = { .owner = THIS_MODULE, .open = first_open };
static struct miscdevice dies = { .minor = MISC_DYNAMIC_MINOR, .name = "dies", .fops = &first };

static int __init dies_init(void) { return misc_register(&dies); }
static void __exit dies_exit(void) { misc_deregister(&dies); }
module_init(dies_init);
module_exit(dies_exit);
MODULE_LICENSE("GPL");
"#;

/// A file has the operations that its open has given it. That of a task that dies in a call is never closed.
fn dies_in_a_call() -> Answer {
    let place = place()?;
    let source = place.path().join("dies.c");
    fs::write(&source, DIES).map_err(|error| error.to_string())?;
    let dies = module(place.path(), &source, "dies.ko", &[])?;
    let script =
        "insmod /mnt/dies.ko; cat /dev/dies; echo x > /dev/dies; lsmod; rmmod dies; echo still here\n";
    let says = [
        "the second",
        "released",
        "page fault: write to 0000000000000008, a null pointer",
        "[dies] second_write+0x..dies.c:13",
        "dies                   1",
        "rmmod: dies: in use by 1 open file",
        "still here",
    ];
    with(&[dies], script, Status::Expected, &says)
}

/// A parameter that a function sets, before the init, which may refuse it.
fn parameter_of_functions() -> Answer {
    let place = place()?;
    let source = place.path().join("sets.c");
    let text = "#include <linux/module.h>\nstatic int size = 4, fixed;\n\
                static int size_set(const char *value, const struct kernel_param *param)\n\
                {\n\tint old = size, error = param_set_int(value, param);\n\
                \tpr_info(\"from %d to %d, %d\\n\", old, size, error);\n\treturn error;\n}\n\
                static const struct kernel_param_ops size_ops = { .set = size_set, .get = param_get_int };\n\
                module_param_cb(size, &size_ops, &size, 0644);\n\
                static const struct kernel_param_ops fixed_ops = { .get = param_get_int };\n\
                module_param_cb(fixed, &fixed_ops, &fixed, 0444);\n\
                static int __init begin(void) { pr_info(\"begins with %d\\n\", size); return 0; }\n\
                static void __exit end(void) { }\nmodule_init(begin);\nmodule_exit(end);\nMODULE_LICENSE(\"GPL\");\n";
    fs::write(&source, text).map_err(|error| error.to_string())?;
    let sets = module(place.path(), &source, "sets.ko", &[])?;
    let script = "insmod /mnt/sets.ko size=0x10; lsmod; rmmod sets; insmod /mnt/sets.ko; rmmod sets\n\
                  insmod /mnt/sets.ko size=many; insmod /mnt/sets.ko fixed=1; lsmod | wc -l; echo still here\n";
    let says = [
        "from 4 to 16, 0",
        "begins with 16",
        "sets                   0  fixed= size=0x10",
        "begins with 4",
        "from 4 to 4, -22",
        "insmod: sets: Invalid argument",
        "insmod: sets: fixed=1: it cannot be set",
        "1",
        "still here",
    ];
    with(&[sets], script, Status::Expected, &says)
}

fn short_irq() -> Answer {
    let place = place()?;
    let script = "insmod /mnt/short_irq.ko; printf '\\377' > /dev/shortint; head -n 1 /dev/shortint\n\
                  printf '\\377' > /dev/shortint; printf '\\000\\377' > /dev/shortint; head -n 1 /dev/shortint\n\
                  insmod /mnt/short_irq.ko; rmmod short_irq; lsmod | wc -l; echo still here\n";
    let says = [
        "1 interrupts, written down by kworker",
        "1 interrupts, written down by kworker",
        "insmod: short_irq: File exists",
        "1",
        "still here",
    ];
    with(&[of_the_house(place.path(), "short-irq", &[])?], script, Status::Expected, &says)
}

/// A module that uses what another one exports keeps that from being unloaded.
fn exports() -> Answer {
    let place = place()?;
    let sources = [
        (
            "giver.c",
            "#include <linux/module.h>\nint give(int x);\nint give(int x) { return x + 1; }\nEXPORT_SYMBOL_GPL(give);\n\
             int given = 40;\nEXPORT_SYMBOL(given);\nMODULE_LICENSE(\"GPL\");\nstatic int __init begin(void) { return 0; }\n\
             static void __exit end(void) { pr_info(\"%d given\\n\", given); }\nmodule_init(begin);\nmodule_exit(end);\n",
        ),
        (
            "taker.c",
            "#include <linux/module.h>\nint give(int x);\nextern int given;\nMODULE_LICENSE(\"GPL\");\n\
             static int __init begin(void) { given = give(given); return 0; }\nstatic void __exit end(void) { }\n\
             module_init(begin);\nmodule_exit(end);\n",
        ),
        ("Makefile", "obj-m := giver.o taker.o\n"),
    ];
    for (name, text) in sources {
        fs::write(place.path().join(name), text).map_err(|error| error.to_string())?;
    }
    let modules = build::build_all(&Build::of(place.path()), place.path()).map_err(told)?;
    let script = "insmod /mnt/taker.ko; insmod /mnt/giver.ko; insmod /mnt/taker.ko; rmmod giver\n\
                  rmmod taker; rmmod giver; lsmod | wc -l; echo still here\n";
    let says = [
        "insmod: taker: Exec format error",
        "insmod: taker: it wants 'give', which is not offered",
        "rmmod: giver: Device or resource busy",
        "rmmod: giver: in use by taker",
        "41 given",
        "1",
        "still here",
    ];
    with(&modules, script, Status::Expected, &says)
}
