//! Whatever a process is doing when it dies, the machine goes on as if it had not been there.
//!
//! Each case has a command die at its first step, at its second, and so on until it comes through: at every
//! allocation, and with every mutex of the kernel's own in its hand (`mishap`). After each death everything
//! else is asked whether it still works.

use alloc::format;
use alloc::string::String;

use super::Answer;
use super::breaking::{BREAKING, QUEUE};
use super::case::{holds, same};
use crate::shell::Rehearsal;
use crate::task::listing;
use crate::{dev, mishap, programs, symbols};

crate::case! {
    "estate::names" => names, hidden = true;
    "estate::texts" => texts, hidden = true;
    "estate::modules" => modules, hidden = true;
    "estate::kmemleak" => kmemleak, hidden = true;
    "estate::runs" => runs, hidden = true;
    "estate::pipes" => pipes, hidden = true;
    "estate::files" => files, hidden = true;
    "estate::breaks-in-open" => in_open, hidden = true;
    "estate::breaks-in-release" => in_release, hidden = true;
    "estate::breaks-in-a-condition" => in_a_condition, hidden = true;
    "estate::breaks-with-a-lock" => with_a_lock, hidden = true;
}

/// What must work after each death, and leave everything as it was.
const HEALTHY: [&str; 11] = [
    "ls -l /dev > /dev/null",
    "ls /proc > /dev/null",
    "ps > /dev/null",
    "lsmod > /dev/null",
    "cat /proc/modules /proc/devices /proc/lock_stat /proc/slabinfo /proc/self/status > /dev/null",
    "mknod /dev/spare c 1 3",
    "rm /dev/spare",
    "insmod complete; rmmod complete",
    "echo scan > /sys/kernel/debug/kmemleak",
    "cat /sys/kernel/debug/kmemleak > /dev/null",
    "run counter lock=spinlock quanta=2 rounds=1 > /dev/null",
];

/// So many steps of a command are all tried.
const EACH: u32 = 64;

/// Has `line` die at each of its steps. `before` makes what it needs, `after` takes that away, as far as it
/// is there.
fn each_step(before: &str, line: &str, after: &str) -> Answer {
    let (settings, boot) = programs::told();
    let mut shell = Rehearsal::new(settings, boot);
    healthy(&mut shell)?;
    let tasks = listing::list().count();
    let mut step = 0;
    loop {
        // Each of the first steps; of thousands some.
        step += 1 + step / EACH;
        let at = |what: String| format!("{line}, dead at step {step}: {what}");
        same(before, shell.obey(before), 0).map_err(at)?;
        mishap::order(step);
        let status = shell.obey(line);
        shell.obey("wait");
        let died = mishap::over();
        if let Some(address) = mishap::forbidden() {
            let place = symbols::places(address - 1).first().map(|place| format!("{place}"));
            return Err(at(format!("allocates where it must not, at {address:#x} {place:?}")));
        }
        shell.obey(after);
        healthy(&mut shell).map_err(at)?;
        same("tasks", listing::list().count(), tasks).map_err(at)?;
        if !died {
            return holds(&format!("{line} has steps, and ends well ({status})"), step > 1);
        }
    }
}

fn healthy(shell: &mut Rehearsal) -> Answer {
    HEALTHY.into_iter().try_for_each(|line| same(line, shell.obey(line), 0))
}

fn names() -> Answer {
    each_step("true", "ls /dev", "true")?;
    each_step("true", "ls /proc", "true")?;
    each_step("true", "ps", "true")?;
    each_step("true", "mknod /dev/mine c 1 3", "rm /dev/mine")?;
    each_step("mknod /dev/mine c 1 3", "rm /dev/mine", "rm /dev/mine")
}

fn texts() -> Answer {
    each_step("insmod scull", "cat /proc/modules /proc/devices", "rmmod scull")?;
    each_step("insmod scull", "cat /proc/lock_stat /proc/slabinfo", "rmmod scull")?;
    each_step("insmod scull", "cat /proc/scullmem /proc/scullpipe", "rmmod scull")?;
    each_step("true", "cat /proc/meminfo /proc/interrupts /proc/self/stack", "true")
}

fn modules() -> Answer {
    each_step("true", "lsmod", "true")?;
    each_step("true", "insmod complete", "rmmod complete")?;
    each_step("insmod complete", "rmmod complete", "rmmod complete")?;
    each_step("true", "insmod scull nr_devs=1", "rmmod scull")?;
    each_step("insmod scull nr_devs=1", "rmmod scull", "rmmod scull")
}

fn kmemleak() -> Answer {
    each_step("insmod kmemleak-test", "rmmod kmemleak-test", "rmmod kmemleak-test")?;
    each_step("true", "echo scan > /sys/kernel/debug/kmemleak", "true")?;
    let clear = "echo clear > /sys/kernel/debug/kmemleak";
    each_step(clear, "cat /sys/kernel/debug/kmemleak", clear)?;
    each_step(
        "true",
        "echo scan=600 > /sys/kernel/debug/kmemleak",
        "echo scan=off > /sys/kernel/debug/kmemleak",
    )?;
    each_step("true", "echo clear > /sys/kernel/debug/kmemleak", "true")
}

fn runs() -> Answer {
    each_step("true", "run counter rounds=1 quanta=2 > /dev/null", "true")?;
    each_step("true", "run scull-leak rounds=1 > /dev/null", "true")?;
    each_step("true", "run irq rounds=1 quanta=2 > /dev/null", "true")?;
    each_step("true", "run tasklet rounds=1 quanta=2 > /dev/null", "true")?;
    each_step("true", "run workqueue rounds=1 quanta=2 > /dev/null", "true")?;
    each_step("true", "run abba rounds=1 quanta=2 > /dev/null", "true")?;
    each_step("true", "probe rendezvous=slot.store 2", "probe off")?;
    each_step("probe rendezvous=slot.store 2", "probe off", "probe off")
}

fn pipes() -> Answer {
    each_step("true", "run irq rounds=1 quanta=2 | tail -1", "true")?;
    each_step("true", "cat /proc/modules | wc", "true")?;
    each_step("true", "ps | tail -1 &", "true")
}

/// What dies in a driver keeps its file, and so the module in use: that goes by force.
fn files() -> Answer {
    each_step("insmod scull", "dd if=/dev/zero of=/dev/scull0 bs=100 count=3", "rmmod -f scull")?;
    each_step("insmod scull", "cat /dev/scull0 < /dev/scull1 > /dev/scull2", "rmmod -f scull")?;
    each_step("insmod scull", "poll /dev/scullpipe0 out 0", "rmmod -f scull")?;
    each_step("true", "help > /dev/null", "true")
}

/// What `shell` makes of `line` while the module `breaking` is loaded.
fn broken(line: &str, wanted: i32) -> Answer {
    let (settings, boot) = programs::told();
    let mut shell = Rehearsal::new(settings, boot);
    let before = listing::list().count();
    let refused = |refused: dev::Refused| format!("{} {}", refused.errno, refused.why);
    dev::load(&BREAKING, &[]).map_err(refused)?;
    same(line, shell.obey(line), wanted)?;
    same("rmmod", dev::rmmod("breaking", true).map_err(refused), Ok(()))?;
    healthy(&mut shell)?;
    same("tasks", listing::list().count(), before)
}

/// The task that unplugs the device does not wait for one that has died in it, wherever in it that was.
fn in_open() -> Answer {
    broken("cat /dev/breaks-open", 139)
}

/// The dead closes its files, and dies of that, too, twice; the third is closed, and its reader sees the end.
fn in_release() -> Answer {
    broken("cat /dev/breaks-release | wc", 0)?;
    broken("echo x < /dev/breaks-release 2> /dev/breaks-release > /dev/breaks-write", 139)?;
    broken("echo x 4< /dev/breaks-release 5< /dev/breaks-release 6> /dev/breaks-write 1>&6 | wc", 0)?;
    broken("echo x < /dev/breaks-release 2> /dev/breaks-write >&2 | wc &", 0)
}

/// The node of a task that has died in the test of its condition stays in the queue, and its stack is for no
/// other task.
fn in_a_condition() -> Answer {
    broken("cat /dev/breaks-condition", 139)?;
    broken("cat /dev/breaks-condition", 139)?;
    same("nodes in the queue", QUEUE.waiters(), 2)?;
    same("woken", QUEUE.wake_up_all(), 2)?;
    broken("ps > /dev/null", 0)
}

/// What a driver has locked stays locked when it breaks. A task that waits for it can be told to end, though
/// no signal ends that wait; and the dead does not wait for itself.
fn with_a_lock() -> Answer {
    broken("echo x > /dev/breaks-lock; cat /dev/breaks-lock & sleep 0.1; kill $!; wait $!", 137)
}
