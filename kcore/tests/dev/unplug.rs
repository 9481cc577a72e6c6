//! A device that goes while tasks sleep in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use kcore::dev::{Credentials, Events, OpenFlags, PollTable};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine, until};
use kcore::machine::Sched;

use crate::driver::World;

const TASKS: usize = 8;
const RUNS: usize = if cfg!(miri) { 5 } else { 10_000 };

/// One caller: opens what there is and calls it, reading or writing. It counts what it got.
fn call(world: &World, task: usize, answers: &[AtomicUsize; 2]) {
    let file = match world.open(0) {
        Ok(file) => file,
        // It came too late to find it.
        Err(errno) => return assert!([Errno::ENXIO, Errno::ENODEV].contains(&errno), "{errno}"),
    };
    let answer = if task.is_multiple_of(2) { file.read(&mut [0]) } else { file.write(&[0]) };
    answers[usize::from(answer == Err(Errno::ENODEV))].fetch_add(1, SeqCst);
    assert_eq!(file.read(&mut [0]), Err(Errno::ENODEV), "and so it is from now on");
}

/// Four readers and four writers sleep in the device, or are on the way there: after `wanted` have arrived it
/// goes. Again and again, with the same tasks.
fn runs(wanted: impl Fn(usize) -> usize + Sync) {
    let (host, world) = (Host::new(), World::new());
    let answers = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let (run, arrived) = (AtomicUsize::new(0), AtomicUsize::new(0));
    host.scope(|tasks| {
        let (world, answers, run, arrived) = (&world, &answers, &run, &arrived);
        for task in 0..TASKS {
            tasks.spawn(move || {
                for now in 1..=RUNS {
                    until(|| run.load(SeqCst) == now);
                    call(world, task, answers);
                    arrived.fetch_add(1, SeqCst);
                }
            });
        }
        for now in 1..=RUNS {
            world.plug(0);
            run.store(now, SeqCst);
            until(|| world.inside() >= wanted(now));
            world.registry.remove(world.number(0)).unwrap();
            assert_eq!(world.inside(), 0, "nobody is inside when it is gone");
            until(|| arrived.load(SeqCst) == now * TASKS);
            let left =
                (world.tally.devices.load(SeqCst), world.tally.files.load(SeqCst), world.module.users());
            assert_eq!(left, (0, 0, 0), "devices, files and users after run {now}");
        }
    });
    assert_eq!(answers[0].load(SeqCst), 0, "calls that ended otherwise");
    assert_eq!(world.tally.wrong.load(SeqCst), 0, "uses of what is no device");
}

#[test]
fn with_everybody_inside() {
    runs(|_| TASKS);
}

#[test]
fn with_some_inside_and_some_on_the_way() {
    runs(|run| run % TASKS);
}

#[test]
fn it_waits_for_an_open_that_sleeps() {
    let (host, world) = (Host::new(), World::new());
    world.plug(0);
    let flags = OpenFlags::READ | OpenFlags::APPEND;
    host.scope(|tasks| {
        let opener = tasks.spawn(|| world.registry.open(world.number(0), flags, &Credentials::ROOT).err());
        until(|| world.inside() == 1);
        assert_eq!(world.module.retire(), Err(Errno::EBUSY), "an open that is under way uses the module");
        world.registry.remove(world.number(0)).unwrap();
        assert_eq!(world.inside(), 0);
        assert_eq!(opener.join().unwrap(), Some(Errno::ENODEV));
    });
}

#[test]
fn a_signal_ends_a_call_and_the_device_stays() {
    let (host, world) = (Host::new(), World::new());
    world.plug(0);
    let file = world.open(0).unwrap();
    let task = AtomicUsize::new(usize::MAX);
    host.scope(|tasks| {
        let reader = tasks.spawn(|| {
            task.store(HostMachine::task().0 as usize, SeqCst);
            file.read(&mut [0])
        });
        until(|| world.inside() == 1);
        host.interrupt(kcore::machine::TaskId(task.load(SeqCst) as u32));
        assert_eq!(reader.join().unwrap(), Err(Errno::ERESTARTSYS));
    });
    assert_eq!(world.module.users(), 1);
}

/// The driver's queue was woken before the poller stood in it: it would not be woken again.
#[test]
fn who_polls_too_slowly_is_told() {
    let (host, world) = (Host::new(), World::new());
    world.plug(0);
    world.tally.slow_poll.store(true, SeqCst);
    let file = world.open(0).unwrap();
    host.scope(|tasks| {
        let poller = tasks.spawn(|| file.poll(&mut PollTable::new()));
        until(|| world.inside() == 1);
        world.registry.remove(world.number(0)).unwrap();
        assert_eq!(poller.join().unwrap(), Events::all());
    });
}

/// The driver's `poll` says "nothing" for ever, and `unplugged` wakes its queue: a poller is told, whether
/// the device goes before, while or after it looks.
#[test]
fn who_polls_is_told() {
    let polls = if cfg!(miri) { 5 } else { 300 };
    for _ in 0..polls {
        let (host, world) = (Host::new(), World::new());
        world.plug(0);
        let (file, begun) = (world.open(0).unwrap(), Arc::new(AtomicBool::new(false)));
        host.scope(|tasks| {
            let poller = tasks.spawn(|| {
                begun.store(true, SeqCst);
                loop {
                    let mut table = PollTable::new();
                    let events = file.poll(&mut table);
                    if !events.is_empty() {
                        return events;
                    }
                    HostMachine::block();
                }
            });
            until(|| begun.load(SeqCst));
            world.registry.remove(world.number(0)).unwrap();
            assert_eq!(poller.join().unwrap(), Events::all());
        });
        assert_eq!(world.tally.wrong.load(SeqCst), 0);
    }
}
