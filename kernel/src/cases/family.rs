//! The modules of LDD3, loaded, used through their names and unloaded.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;

use kcore::dev::{Credentials, OpenFlags, Whence};
use kcore::errno::Errno;

use super::Answer;
use super::case::{holds, same};
use crate::dev::{self, Refused};
use crate::fs::{self, File};
use crate::mm::heap::{self, Experiment};
use crate::task::{self, listing, table::State};

crate::case! {
    "chrdev::family-names" => names;
    "chrdev::family-refuses" => refuses;
    "chrdev::scull-keeps-bytes" => keeps_bytes;
    "chrdev::scull-in-proc" => in_proc;
    "chrdev::scull-keeps-experiments-away" => keeps_away;
    "chrdev::complete-wakes-one" => wakes_one;
    "chrdev::pipe-is-unplugged" => unplugged;
}

fn insmod(name: &str, parameters: &[&str]) -> Answer {
    dev::insmod(name, parameters)
        .map_err(|refused| format!("insmod {name}: {} {}", refused.errno, refused.why))
}

fn rmmod(name: &str, forced: bool) -> Answer {
    dev::rmmod(name, forced).map_err(|refused| format!("rmmod {name}: {} {}", refused.errno, refused.why))
}

fn open(name: &str, flags: OpenFlags) -> Result<Arc<File>, String> {
    fs::open(name, flags, &Credentials::ROOT).map_err(|errno| format!("{name}: {errno}"))
}

fn text(name: &str) -> Result<String, String> {
    let file = open(name, OpenFlags::READ)?;
    let mut bytes = [0; 2000];
    let count = file.read(&mut bytes).map_err(|errno| errno.to_string())?;
    Ok(String::from_utf8_lossy(&bytes[..count]).into_owned())
}

fn names() -> Answer {
    let before = heap::live().scull;
    insmod("scull", &["nr_devs=2", "major=60"])?;
    let entries = fs::list("/dev").map_err(|errno| errno.to_string())?;
    let of_scull = entries.iter().filter(|entry| entry.name.starts_with("scull"));
    let names: alloc::vec::Vec<String> = of_scull.map(|entry| entry.name.clone()).collect();
    let wanted =
        "scull0 scull1 scullpipe0 scullpipe1 scullpipe2 scullpipe3 scullpriv scullsingle sculluid scullwuid";
    same("the names", names.join(" "), wanted.to_string())?;
    holds("the numbers", text("/proc/devices")?.ends_with(" 60 scull\n 60 scullp\n 60 sculla\n"))?;
    let line = "scull 0 0 - Live 0x0000000000000000 lock=semaphore edition=repaired quantum=4000 qset=1000 nr_devs=2 \
                pipe_buffer=4000 major=60\n";
    same("the module", text("/proc/modules")?, line.to_string())?;
    holds("its locks", text("/proc/lock_stat")?.contains("scullpipe3.lock"))?;
    rmmod("scull", false)?;
    same("modules afterwards", text("/proc/modules")?, String::new())?;
    same("blocks of scull", heap::live().scull, before)
}

fn refuses() -> Answer {
    let einval =
        |result: Result<(), Refused>| result.err().map(|refused| refused.errno) == Some(Errno::EINVAL);
    for wrong in
        ["lock=bh", "lock=book", "lock=x", "edition=none", "quantum=0", "qset=-1", "nr_devs=5", "lok=none"]
    {
        holds(&format!("scull refuses {wrong}"), einval(dev::insmod("scull", &[wrong])))?;
    }
    same("its names", fs::stat("/dev/scull0").err(), Some(Errno::ENOENT))?;
    // SAFETY: nothing is allocated meanwhile.
    holds("nothing keeps experiments away", unsafe { Experiment::begin() }.is_ok())
}

fn keeps_bytes() -> Answer {
    insmod("scull", &["lock=mutex", "quantum=10", "qset=4"])?;
    let file = open("/dev/scull3", OpenFlags::READ_WRITE)?;
    same("a short count", file.write(b"hello, world"), Ok(10))?;
    same("the rest", file.write(b"ld"), Ok(2))?;
    same("to the start", file.llseek(Whence::Set, 0), Ok(0))?;
    let mut bytes = [0; 20];
    same("reading", file.read(&mut bytes), Ok(10))?;
    same("the bytes", &bytes[..10], b"hello, wor")?;
    drop(open("/dev/scull3", OpenFlags::WRITE)?);
    same("opened write-only it is emptied", file.llseek(Whence::End, 0), Ok(0))?;
    drop(file);
    rmmod("scull", false)
}

fn in_proc() -> Answer {
    insmod("scull", &["lock=none", "nr_devs=1"])?;
    let file = open("/dev/scull0", OpenFlags::WRITE)?;
    same("writing", file.write(b"x"), Ok(1))?;
    let memory = text("/proc/scullmem")?;
    holds(
        &format!("scullmem shows it in '{memory}'"),
        memory.contains("Device 0: qset 1000, q 4000, sz 1\n"),
    )?;
    holds("and its item", memory.contains("  item at ffff"))?;
    same("scullseq", text("/proc/scullseq")?, memory)?;
    holds("scullpipe", text("/proc/scullpipe")?.contains("scullpipe3"))?;
    let slabs = text("/proc/slabinfo")?;
    holds(&format!("slabinfo names the line that has asked in {slabs}"), slabs.contains("kcore/src/scull/"))?;
    drop(file);
    rmmod("scull", false)?;
    same("afterwards", fs::stat("/proc/scullmem").err(), Some(Errno::ENOENT))
}

/// While a file of a device is open, even of one that is gone, its memory is not an experiment's to take
/// back.
fn keeps_away() -> Answer {
    insmod("scull", &[])?;
    let file = open("/dev/scull0", OpenFlags::READ_WRITE)?;
    same("writing", file.write(b"x"), Ok(1))?;
    rmmod("scull", true)?;
    same("the open file", file.write(b"x"), Err(Errno::ENODEV))?;
    // SAFETY: nothing is allocated meanwhile.
    same("an experiment", unsafe { Experiment::begin() }.err(), Some(Errno::EBUSY))?;
    drop(file);
    // SAFETY: as above.
    holds("one after that", unsafe { Experiment::begin() }.is_ok())
}

/// A task that reads; it ends with the count or the error. Its file is open before it begins: if it sleeps it
/// does so in the device.
fn reader(name: &str) -> Result<task::JoinHandle, String> {
    let file = open(name, OpenFlags::READ)?;
    let started = task::spawn("reader", 0, move || {
        let read = file.read(&mut [0; 8]);
        read.map_or_else(Errno::code, |count| count as i32)
    });
    started.map_err(|error| format!("{error:?}"))
}

/// Waits until so many of the tasks are in `state`.
fn until(tasks: &[task::JoinHandle], count: usize, state: State) {
    let is = |task: &&task::JoinHandle| listing::state_of(task.id()) == Some(state);
    while tasks.iter().filter(is).count() != count {
        task::yield_now();
    }
}

fn wakes_one() -> Answer {
    insmod("complete", &[])?;
    let readers = [reader("/dev/complete")?, reader("/dev/complete")?, reader("/dev/complete")?];
    until(&readers, 3, State::Blocked);
    let file = open("/dev/complete", OpenFlags::WRITE)?;
    same("writing", file.write(b"hello\n"), Ok(6))?;
    until(&readers, 1, State::Ended);
    until(&readers, 2, State::Blocked);
    drop(file);
    rmmod("complete", true)?;
    let mut answers = readers.map(|task| task.join());
    answers.sort_unstable();
    same("what the readers got", answers, [Errno::ENODEV.code(), Errno::ENODEV.code(), 0])
}

fn unplugged() -> Answer {
    let before = heap::live().scull;
    insmod("scull", &["pipe_buffer=16"])?;
    let readers = [reader("/dev/scullpipe2")?, reader("/dev/scullpipe2")?];
    until(&readers, 2, State::Blocked);
    let refused = dev::rmmod("scull", false).err().map(|refused| refused.errno);
    same("rmmod", refused, Some(Errno::EBUSY))?;
    rmmod("scull", true)?;
    same("what the readers got", readers.map(|task| task.join()), [Errno::ENODEV.code(); 2])?;
    same("blocks of scull", heap::live().scull, before)
}
