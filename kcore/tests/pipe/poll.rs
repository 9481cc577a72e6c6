//! poll: what it says in every state, and that it wakes up.

use kcore::dev::{CharDevice, Events, PollTable};
use kcore::errno::Errno;
use kcore::host::{HostMachine, until};
use kcore::machine::Sched;
use kcore::scull::Edition;

use crate::stage::{File, Stage};

const BOTH: Events = Events::IN.union(Events::OUT);

fn ask(file: &File) -> Events {
    file.poll(&mut PollTable::asking())
}

/// Sleeps until one of the files is ready for one of `events`; which, and for what.
fn wait_for(files: &[&File], events: Events) -> Result<(usize, Events), Errno> {
    loop {
        let mut table = PollTable::new();
        let ready: Vec<Events> = files.iter().map(|file| file.poll(&mut table) & events).collect();
        if let Some(index) = ready.iter().position(|ready| !ready.is_empty()) {
            return Ok((index, ready[index]));
        }
        table.sleep_interruptible()?;
    }
}

#[test]
fn what_it_says_in_every_state() {
    let stage = Stage::new(Edition::Repaired, 4);
    let file = stage.open_nonblock();
    assert_eq!(ask(&file), Events::OUT, "empty");
    file.write(b"ab").unwrap();
    assert_eq!(ask(&file), BOTH, "neither");
    file.write(b"c").unwrap();
    assert_eq!(ask(&file), Events::IN, "full");
    file.read(&mut [0; 1]).unwrap();
    assert_eq!(ask(&file), BOTH, "and wrapped");
    stage.pipe.unplugged();
    assert_eq!(ask(&file), Events::all());
    assert_eq!(stage.pipe.sleepers(), (0, 0), "who only asks stands nowhere");
}

#[test]
fn it_sleeps_until_one_of_two_is_ready() {
    for which in 0..2 {
        let one = Stage::new(Edition::Repaired, 4);
        let host = &one.host;
        let other = Stage::on(host, Edition::Repaired, 4);
        let files = [one.open_nonblock(), other.open_nonblock()];
        host.scope(|tasks| {
            let poller = tasks.spawn(|| wait_for(&[&files[0], &files[1]], Events::IN));
            until(|| one.pipe.sleepers() == (1, 1) && other.pipe.sleepers() == (1, 1));
            files[which].write(b"x").unwrap();
            assert_eq!(poller.join().unwrap(), Ok((which, Events::IN)));
        });
        assert_eq!((one.pipe.sleepers(), other.pipe.sleepers()), ((0, 0), (0, 0)));
    }
}

#[test]
fn a_signal_and_the_end_of_the_device_end_it() {
    let stage = Stage::new(Edition::Repaired, 4);
    let file = stage.open_nonblock();
    stage.host.scope(|tasks| {
        stage.host.interrupt(HostMachine::task());
        assert_eq!(wait_for(&[&file], Events::IN), Err(Errno::EINTR));
        HostMachine::take_signal();
        let poller = tasks.spawn(|| wait_for(&[&file], Events::IN));
        until(|| stage.pipe.sleepers() == (1, 1));
        stage.pipe.unplugged();
        assert_eq!(poller.join().unwrap(), Ok((0, Events::IN)));
    });
}

/// A byte goes to and fro between a task that polls two pipes and one that reads and writes: none is lost,
/// and neither sleeps for ever.
#[test]
fn no_event_is_lost() {
    const TURNS: usize = if cfg!(miri) { 20 } else { 5_000 };
    let there = Stage::new(Edition::Repaired, 2);
    let host = &there.host;
    let back = Stage::on(host, Edition::Repaired, 2);
    let [to, from] = [there.open_nonblock(), back.open_nonblock()];
    host.scope(|tasks| {
        tasks.spawn(|| {
            for _ in 0..TURNS {
                assert_eq!(wait_for(&[&to, &from], Events::IN), Ok((0, Events::IN)));
                assert_eq!(to.read(&mut [0]), Ok(1));
                from.write(b"y").unwrap();
                assert_eq!(wait_for(&[&from], Events::OUT), Ok((0, Events::OUT)));
            }
        });
        for _ in 0..TURNS {
            to.write(b"x").unwrap();
            assert_eq!(wait_for(&[&from], Events::IN), Ok((0, Events::IN)));
            assert_eq!(from.read(&mut [0]), Ok(1));
        }
    });
}
