//! Names, what they stand for, and the texts of `/proc`.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::{Credentials, DeviceNumber, OpenFlags, Whence};
use kcore::errno::Errno;

use super::case::{holds, same};
use super::{Answer, crew};
use crate::arch::{percpu, smp};
use crate::fs::{self, Entry, File, Kind};
use crate::task::{self, listing, table::State};

crate::case! {
    "fs::names" => names;
    "fs::wrong-paths" => wrong_paths;
    "fs::modes" => modes;
    "fs::memory-devices" => memory_devices;
    "fs::names-by-hand" => by_hand;
    "fs::a-text-is-a-snapshot" => snapshot;
    "fs::seeking" => seeking;
    "fs::proc-files" => proc_files;
    "fs::tasks" => tasks;
    "fs::stack-of-a-sleeper" => stack;
    "fs::kmemleak" => kmemleak;
}

const USER: Credentials = Credentials::user(1000, 1);

fn open_as(path: &str, flags: OpenFlags, credentials: &Credentials) -> Result<Arc<File>, Errno> {
    fs::open(path, flags, credentials)
}

fn open(path: &str, flags: OpenFlags) -> Result<Arc<File>, Errno> {
    open_as(path, flags, &Credentials::ROOT)
}

fn refused(path: &str, flags: OpenFlags) -> Option<Errno> {
    open(path, flags).err()
}

/// All that there is to read.
fn text(path: &str) -> Result<String, String> {
    let failed = |errno: Errno| format!("{path}: {errno}");
    let file = open(path, OpenFlags::READ).map_err(failed)?;
    let (mut all, mut piece) = (Vec::new(), [0; 100]);
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => return String::from_utf8(all).map_err(|_| format!("{path} is no text")),
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}

fn names_in(path: &str) -> Result<Vec<String>, String> {
    let entries = fs::list(path).map_err(|errno| format!("{path}: {errno}"))?;
    Ok(entries.into_iter().map(|entry| entry.name).collect())
}

fn names() -> Answer {
    same("the root", names_in("/")?, Vec::from(["dev", "etc", "mnt", "proc", "sys"].map(String::from)))?;
    same("debugfs", names_in("/sys/kernel/debug")?, Vec::from([String::from("kmemleak")]))?;
    let devices = names_in("/dev")?;
    for name in ["console", "full", "null", "random", "tty", "urandom", "zero"] {
        holds(&format!("{name} is there"), devices.iter().any(|device| device == name))?;
    }
    holds("names are sorted", devices.is_sorted() && names_in("/proc")?.is_sorted())?;
    let null = Entry {
        name: "null".into(),
        kind: Kind::Device(DeviceNumber { major: 1, minor: 3 }),
        mode: 0o666,
        group: 0,
    };
    same("null", fs::stat("/dev/null"), Ok(null.clone()))?;
    same("another path to it", fs::stat("//dev/./../proc/../dev//null"), Ok(null))?;
    same("above the root", fs::stat("/../..").map(|entry| entry.kind), Ok(Kind::Directory))?;
    same("a directory", fs::stat("/proc/").map(|entry| entry.name), Ok("proc".into()))
}

fn wrong_paths() -> Answer {
    const READ: OpenFlags = OpenFlags::READ;
    same("no such name", refused("/dev/nothing", READ), Some(Errno::ENOENT))?;
    same("no such directory", refused("/nowhere/null", READ), Some(Errno::ENOENT))?;
    same("no path", refused("dev/null", READ), Some(Errno::ENOENT))?;
    same("below a file", refused("/dev/null/x", READ), Some(Errno::ENOTDIR))?;
    same("a file as a directory", refused("/proc/uptime/", READ), Some(Errno::ENOTDIR))?;
    same("a directory", refused("/proc", READ), Some(Errno::EISDIR))?;
    same("names of a file", fs::list("/dev/null"), Err(Errno::ENOTDIR))?;
    same("names of nothing", fs::list("/dev/nothing"), Err(Errno::ENOENT))?;
    same("no name at all", refused("", READ), Some(Errno::ENOENT))?;
    same("above a file", refused("/dev/null/..", READ), Some(Errno::ENOTDIR))?;
    let own = format!("/proc/{}/status", task::current().0);
    same("a task", refused(&own, READ), None)?;
    same("its number, written otherwise", refused(&own.replace("c/", "c/+"), READ), Some(Errno::ENOENT))?;
    same("a task that is not", refused("/proc/4000000000/stack", READ), Some(Errno::ENOENT))
}

fn modes() -> Answer {
    let open_for_user = |path, flags| open_as(path, flags, &USER).err();
    same("console is root's", open_for_user("/dev/console", OpenFlags::READ), Some(Errno::EACCES))?;
    same("null is everybody's", open_for_user("/dev/null", OpenFlags::READ_WRITE), None)?;
    same("a text", open_for_user("/proc/uptime", OpenFlags::READ), None)?;
    same("to write it", open_for_user("/proc/uptime", OpenFlags::WRITE), Some(Errno::EACCES))?;
    same("to write it as root", refused("/proc/uptime", OpenFlags::WRITE), Some(Errno::EACCES))?;
    let kmemleak = "/sys/kernel/debug/kmemleak";
    same("to write root's", open_for_user(kmemleak, OpenFlags::WRITE), Some(Errno::EACCES))?;
    let capable = Credentials { dac_override: true, ..USER };
    same("with CAP_DAC_OVERRIDE", open_as(kmemleak, OpenFlags::WRITE, &capable).err(), None)?;
    let poor_root = Credentials { dac_override: false, ..Credentials::ROOT };
    same("root without it, its own", open_as(kmemleak, OpenFlags::WRITE, &poor_root).err(), None)
}

fn memory_devices() -> Answer {
    let device = |name| open(name, OpenFlags::READ_WRITE).map_err(|errno| format!("{name}: {errno}"));
    let (null, zero, full) = (device("/dev/null")?, device("/dev/zero")?, device("/dev/full")?);
    let mut bytes = [7; 10];
    same("from null", (null.read(&mut bytes), bytes), (Ok(0), [7; 10]))?;
    same(
        "to null, zero, full",
        [&null, &zero, &full].map(|file| file.write(&bytes)),
        [Ok(10), Ok(10), Err(Errno::ENOSPC)],
    )?;
    same("from zero", (zero.read(&mut bytes), bytes), (Ok(10), [0; 10]))?;
    same("to seek", zero.llseek(Whence::End, -5), Ok(0))?;
    let random = device("/dev/random")?;
    let mut draws = [[0; 16]; 8];
    for draw in &mut draws {
        same("from random", random.read(draw), Ok(16))?;
    }
    same("different draws", super::case::different(&draws), 8)
}

fn by_hand() -> Answer {
    let zero = DeviceNumber { major: 1, minor: 5 };
    same("a name that is there", fs::mknod("/dev/null", zero, 0o666), Err(Errno::EEXIST))?;
    same("the root", fs::mknod("/", zero, 0o666), Err(Errno::EEXIST))?;
    same("nowhere", fs::mknod("/tmp/x", zero, 0o666), Err(Errno::ENOENT))?;
    same("below a file", fs::mknod("/dev/null/x", zero, 0o666), Err(Errno::ENOTDIR))?;
    same("elsewhere", fs::mknod("/sys/x", zero, 0o666), Err(Errno::EPERM))?;
    same("a new one", fs::mknod("/dev/naught", zero, 0o640), Ok(()))?;
    same("its mode", fs::stat("/dev/naught").map(|entry| entry.mode), Ok(0o640))?;
    let file = open("/dev/naught", OpenFlags::READ).map_err(|errno| errno.to_string())?;
    same("taken away", fs::unlink("/dev/naught"), Ok(()))?;
    same("what is open stays", file.read(&mut [1]), Ok(1))?;
    same("a text", fs::unlink("/proc/uptime"), Err(Errno::EPERM))?;
    same("a directory", fs::unlink("/dev"), Err(Errno::EISDIR))?;
    let nobody = DeviceNumber { major: 77, minor: 0 };
    same("of no device", fs::mknod("/dev/none", nobody, 0o666), Ok(()))?;
    same("which cannot be opened", refused("/dev/none", OpenFlags::READ), Some(Errno::ENXIO))?;
    same("and goes", fs::unlink("/dev/none"), Ok(()))
}

/// Two reads of one open file fit together, whatever happens in between.
fn snapshot() -> Answer {
    let file = open("/proc/slabinfo", OpenFlags::READ).map_err(|errno| errno.to_string())?;
    let whole = |file: &File| {
        let mut bytes = Vec::from([0; 1 << 14]);
        let count = file.read(&mut bytes).unwrap_or_default();
        bytes.truncate(count);
        bytes
    };
    let first = whole(&file);
    let more: Vec<Vec<u8>> = (0..50).map(|_| Vec::with_capacity(100)).collect();
    same("to the start", file.llseek(Whence::Set, 0), Ok(0))?;
    holds("it is the same text", whole(&file) == first)?;
    let new = open("/proc/slabinfo", OpenFlags::READ).map_err(|errno| errno.to_string())?;
    drop(more);
    holds("a new file has a new text", whole(&new) != first)?;
    same("at the end", file.read(&mut [0]), Ok(0))
}

fn seeking() -> Answer {
    let file = open("/proc/mounts", OpenFlags::READ).map_err(|errno| errno.to_string())?;
    let size = text("/proc/mounts")?.len();
    same("the end", file.llseek(Whence::End, 0), Ok(size))?;
    same("behind it", file.llseek(Whence::Current, 10), Ok(size + 10))?;
    same("nothing there", file.read(&mut [0]), Ok(0))?;
    same("before the start", file.llseek(Whence::Set, -1), Err(Errno::EINVAL))?;
    same("far", file.llseek(Whence::Current, i64::MAX), Err(Errno::EINVAL))?;
    let mut byte = [0];
    same("the first", (file.llseek(Whence::Set, 0), file.read(&mut byte), byte), (Ok(0), Ok(1), *b"d"))?;
    same("to write", file.write(&byte), Err(Errno::EBADF))
}

fn proc_files() -> Answer {
    let says = |path: &str, wanted: &str| {
        let text = text(path)?;
        holds(&format!("{path} says '{wanted}' in '{text}'"), text.contains(wanted))
    };
    says("/proc/devices", "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n")?;
    says("/proc/meminfo", "MemTotal:")?;
    says("/proc/slabinfo", "quantum")?;
    says("/proc/slabinfo", "kernel/src/mm/heap/allocators.rs:")?;
    says("/proc/lock_stat", "heap.lock")?;
    says("/proc/lock_stat", "com1.lock")?;
    says("/proc/interrupts", "CPU0")?;
    says("/proc/version", "Scullery version")?;
    says("/proc/mounts", "devtmpfs /dev devtmpfs rw 0 0\n")?;
    let last = smp::cpus() - 1;
    says("/proc/cpuinfo", &format!("processor\t: {last}\n"))?;
    let uptime = text("/proc/uptime")?;
    let up = uptime.split(' ').next().and_then(|seconds| seconds.split('.').next()?.parse::<u64>().ok());
    holds(&format!("{uptime} is a time"), up.is_some_and(|seconds| seconds < 1000))?;
    for name in names_in("/proc")?.iter().filter(|name| !name.starts_with(|c: char| c.is_ascii_digit())) {
        let path = format!("/proc/{name}");
        let is_directory = fs::stat(&path).is_ok_and(|entry| entry.kind == Kind::Directory);
        if name != "self" && !is_directory {
            text(&path)?;
        }
    }
    Ok(())
}

fn tasks() -> Answer {
    let me = task::current().0;
    let status = text(&format!("/proc/{me}/status"))?;
    holds("it has a number", status.contains(&format!("Pid:\t{me}\n")))?;
    holds("it runs", status.contains("State:\trunning\n"))?;
    same(
        "its own",
        text("/proc/self/status")?.lines().nth(2).map(String::from),
        Some(format!("Pid:\t{me}")),
    )?;
    let trace = text("/proc/self/stack")?;
    holds("it is somewhere", trace.lines().count() > 3)?;
    let names = names_in("/proc")?;
    holds("it is in the list", names.contains(&me.to_string()))?;
    same("its files", names_in("/proc/self")?, Vec::from(["stack", "status"].map(String::from)))
}

/// A task that sleeps, in functions that are not inlined: they are in its backtrace.
fn stack() -> Answer {
    let sleeper = crew::start(smp::cpus() - 1, || outer(&task::block))?;
    while listing::state_of(sleeper.id()) != Some(State::Blocked) {
        task::yield_now();
    }
    let path = format!("/proc/{}/stack", sleeper.id().0);
    let trace = text(&path);
    let status = text(&format!("/proc/{}/status", sleeper.id().0));
    let file = open(&path, OpenFlags::READ).map_err(|errno| errno.to_string());
    task::wake(sleeper.id());
    sleeper.join();
    holds("it sleeps", status?.contains("State:\tsleep\n"))?;
    let (trace, first) = (trace?, outer as *const () as usize);
    let address = |line: &str| usize::from_str_radix(line.get(2..18)?, 16).ok();
    let in_outer = |address: usize| (first..first + 64).contains(&address);
    let found = trace.lines().filter_map(address).filter(|address| in_outer(*address)).count();
    same(&format!("frames of its function in {trace}"), found, 1)?;
    holds("an open file outlives the task", file?.read(&mut [0]) == Ok(1))?;
    same("a new one", refused(&path, OpenFlags::READ), Some(Errno::ENOENT))
}

#[inline(never)]
fn outer(inner: &dyn Fn()) {
    inner();
    // So the call is no jump.
    core::hint::black_box(percpu::this_cpu());
}

fn kmemleak() -> Answer {
    let path = "/sys/kernel/debug/kmemleak";
    let file = open(path, OpenFlags::WRITE).map_err(|errno| errno.to_string())?;
    same("nonsense", file.write(b"no such word\n"), Err(Errno::EINVAL))?;
    same("no text", file.write(&[0xff]), Err(Errno::EINVAL))?;
    text(path).map(|_| ())
}
