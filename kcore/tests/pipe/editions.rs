//! What the book's edition does not keep, step by step, and the repaired one does.

use std::sync::atomic::Ordering::SeqCst;

use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::event::Kinds;
use kcore::host::{HostMachine, until};
use kcore::machine::Sched;
use kcore::pipe::{Damage, Ring};
use kcore::scull::Edition;

use crate::gate::Gate;
use crate::stage::Stage;

/// A reader is woken and held before it has the lock again; meanwhile another one takes the byte.
fn woken_too_late(edition: Edition) -> (Result<usize, Errno>, Damage) {
    let stage = Stage::new(edition, 10);
    let gate = Gate::at("pipe.readable");
    let (sleeps, comes) = (stage.open_both(), stage.open_nonblock());
    let read = stage.host.scope(|tasks| {
        *gate.exempt.lock().unwrap() = Some(HostMachine::task());
        stage.host.listen(Kinds::POINTS_AND_LOCKS, gate.clone());
        let reader = tasks.spawn(move || sleeps.read(&mut [0; 3]));
        until(|| stage.pipe.sleepers() == (1, 0));
        comes.write(b"x").unwrap();
        until(|| gate.arrived.load(SeqCst) == 1);
        assert_eq!(comes.read(&mut [0; 3]), Ok(1));
        gate.open();
        // The repaired one sleeps again; the other is through, with bytes from nowhere.
        until(|| reader.is_finished() || stage.pipe.sleepers() == (1, 0));
        let _ = comes.write(b"yz");
        let read = reader.join().unwrap();
        drop(comes);
        read
    });
    stage.assert_nothing_left();
    (read, stage.pipe.damage())
}

#[test]
fn woken_is_not_first() {
    assert_eq!(woken_too_late(Edition::Repaired), (Ok(2), Damage::default()));
    let (read, damage) = woken_too_late(Edition::Book);
    assert_eq!((read, damage.stale), (Ok(3), 3));
}

/// Two readers sleep, and one byte comes. The book wakes both, and both go on.
#[test]
fn the_book_wakes_two_for_one_byte() {
    let stage = Stage::new(Edition::Book, 10);
    let gate = Gate::at("pipe.readable");
    let writes = stage.open_both();
    stage.host.scope(|tasks| {
        let readers =
            [stage.open_both(), stage.open_both()].map(|reads| tasks.spawn(move || reads.read(&mut [0])));
        until(|| stage.pipe.sleepers() == (2, 0));
        stage.host.listen(Kinds::POINTS_AND_LOCKS, gate.clone());
        writes.write(b"x").unwrap();
        until(|| gate.arrived.load(SeqCst) == 2);
        gate.open();
        assert_eq!(readers.map(|reader| reader.join().unwrap()), [Ok(1), Ok(1)]);
    });
    assert_eq!(stage.pipe.damage(), Damage { stale: 1, ..Damage::default() });
}

/// The writers' side of the same mistake: a write that writes nothing.
fn woken_without_room(edition: Edition) -> Result<usize, Errno> {
    let stage = Stage::new(edition, 2);
    let gate = Gate::at("pipe.writable");
    let (sleeps, comes) = (stage.open_both(), stage.open_nonblock());
    comes.write(b"x").unwrap();
    stage.host.scope(|tasks| {
        stage.host.listen(Kinds::POINTS_AND_LOCKS, gate.clone());
        let writer = tasks.spawn(move || sleeps.write(b"y"));
        until(|| stage.pipe.sleepers() == (0, 1));
        assert_eq!(comes.read(&mut [0]), Ok(1));
        until(|| gate.arrived.load(SeqCst) == 1);
        assert_eq!(comes.write(b"z"), Ok(1));
        gate.open();
        until(|| writer.is_finished() || stage.pipe.sleepers() == (0, 1));
        let _ = comes.read(&mut [0]);
        writer.join().unwrap()
    })
}

#[test]
fn woken_writers_look_again_too() {
    assert_eq!(woken_without_room(Edition::Repaired), Ok(1));
    assert_eq!(woken_without_room(Edition::Book), Ok(0));
}

/// A second open while there is something in the pipe, and after the module's size has changed.
fn opened_again(edition: Edition, size: usize) -> (Result<usize, Errno>, Damage) {
    let stage = Stage::new(edition, 40);
    let first = stage.open_nonblock();
    first.write(b"hello").unwrap();
    stage.parameters.pipe_buffer.set_up(size);
    let second = stage.open(OpenFlags::WRITE | OpenFlags::NONBLOCK).unwrap();
    let wrote = second.write(&[1; 60]);
    stage.host.run(|| drop((first, second)));
    stage.assert_nothing_left();
    (wrote, stage.pipe.damage())
}

#[test]
fn the_bounds_are_those_of_the_buffer() {
    for size in [2, 40, 80] {
        assert_eq!(opened_again(Edition::Repaired, size), (Ok(34), Damage::default()));
    }
    let forgotten = Damage { forgotten: 5, ..Damage::default() };
    assert_eq!(opened_again(Edition::Book, 2), (Ok(1), forgotten));
    assert_eq!(opened_again(Edition::Book, 40), (Ok(39), forgotten));
    assert_eq!(opened_again(Edition::Book, 80), (Ok(60), Damage { beyond: 20, ..forgotten }));
}

/// What lies past the end is read as what was never written, and is counted, too.
#[test]
fn r18_a_waiter_that_knows_a_smaller_buffer_gets_an_answer() {
    for (rp, wp) in [(0, 999), (999, 0), (5, 15), (0, 20)] {
        let space = Ring { size: 10, rp, wp }.space();
        assert!(space < 10, "{space} bytes of 10, for {rp} and {wp}");
    }
    assert_eq!(Ring { size: usize::MAX, rp: 3, wp: 2 }.space(), 0, "a negative size");
}

#[test]
fn reads_past_the_end_are_counted() {
    let stage = Stage::new(Edition::Book, 4);
    let first = stage.open_nonblock();
    stage.parameters.pipe_buffer.set_up(20);
    let second = stage.open_nonblock();
    stage.host.run(|| {
        let mut into = [0; 20];
        assert_eq!(second.write(b"0123456789"), Ok(10));
        assert_eq!(first.read(&mut into[..3]), Ok(3));
        assert_eq!(first.read(&mut into), Ok(7));
        assert_eq!(into[0], b'3');
        assert!(into[1..7].iter().all(|&byte| byte == kcore::machine::POISON_FRESH));
    });
    assert_eq!(stage.pipe.damage(), Damage { beyond: 12, ..Damage::default() });
}
