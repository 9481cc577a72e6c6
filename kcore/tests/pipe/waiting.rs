//! Sleeping: for something to read, for room, and which task is woken.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use kcore::dev::OpenFlags;
use kcore::errno::Errno;
use kcore::event::Kinds;
use kcore::host::{HostMachine, until};
use kcore::machine::Sched;
use kcore::scull::Edition;

use crate::gate::{Gate, Two};
use crate::stage::Stage;

#[test]
fn a_read_sleeps_until_somebody_writes() {
    for edition in [Edition::Book, Edition::Repaired] {
        let stage = Stage::new(edition, 10);
        let (reads, writes) = (stage.open_both(), stage.open_both());
        stage.host.scope(|tasks| {
            let reader = tasks.spawn(move || {
                let mut into = [0; 10];
                let count = reads.read(&mut into).unwrap();
                into[..count].to_vec()
            });
            until(|| stage.pipe.sleepers() == (1, 0));
            assert_eq!(writes.write(b"hello"), Ok(5));
            assert_eq!(reader.join().unwrap(), b"hello");
            drop(writes);
        });
        stage.assert_nothing_left();
    }
}

#[test]
fn a_write_sleeps_until_somebody_reads() {
    for edition in [Edition::Book, Edition::Repaired] {
        let stage = Stage::new(edition, 4);
        let (reads, writes) = (stage.open_both(), stage.open_both());
        stage.host.scope(|tasks| {
            assert_eq!(writes.write(b"abc"), Ok(3));
            let writer = tasks.spawn(move || writes.write(b"de"));
            until(|| stage.pipe.sleepers() == (0, 1));
            assert_eq!(reads.read(&mut [0; 2]), Ok(2));
            assert_eq!(writer.join().unwrap(), Ok(1), "to the end of the buffer");
            drop(reads);
        });
        stage.assert_nothing_left();
    }
}

#[test]
fn a_signal_ends_a_sleep_and_takes_nothing() {
    let stage = Stage::new(Edition::Repaired, 10);
    let (reads, writes) = (stage.open_both(), stage.open_both());
    stage.host.scope(|tasks| {
        let (tell, told) = mpsc::channel();
        let reads = &reads;
        let reader = tasks.spawn(move || {
            tell.send(HostMachine::task()).unwrap();
            reads.read(&mut [0; 10])
        });
        let id = told.recv().unwrap();
        until(|| stage.pipe.sleepers() == (1, 0));
        stage.host.interrupt(id);
        assert_eq!(reader.join().unwrap(), Err(Errno::ERESTARTSYS));
        assert_eq!(stage.pipe.sleepers(), (0, 0));
        writes.write(b"x").unwrap();
        assert_eq!(reads.read(&mut [0; 10]), Ok(1));
    });
}

/// Three readers, and room for one byte each time: each write wakes one of them.
#[test]
fn one_write_wakes_one_reader() {
    let stage = Stage::new(Edition::Repaired, 10);
    let writes = stage.open_both();
    let got = AtomicUsize::new(0);
    stage.host.scope(|tasks| {
        for _ in 0..3 {
            let reads = stage.open(OpenFlags::READ).unwrap();
            let got = &got;
            tasks.spawn(move || {
                assert_eq!(reads.read(&mut [0; 10]), Ok(1));
                got.fetch_add(1, SeqCst);
            });
        }
        for woken in 1..=3 {
            until(|| stage.pipe.sleepers() == (4 - woken, 0));
            writes.write(b"x").unwrap();
            until(|| got.load(SeqCst) == woken);
            assert_eq!(stage.pipe.sleepers(), (3 - woken, 0), "the others have not even been woken");
        }
    });
}

/// One write, three readers that each take a part of it: one that leaves something wakes the next.
#[test]
fn whoever_leaves_something_wakes_the_next() {
    for _ in 0..if cfg!(miri) { 5 } else { 300 } {
        let stage = Stage::new(Edition::Repaired, 10);
        let writes = stage.open_both();
        stage.host.scope(|tasks| {
            for _ in 0..3 {
                let reads = stage.open(OpenFlags::READ).unwrap();
                tasks.spawn(move || assert_eq!(reads.read(&mut [0; 2]), Ok(2)));
            }
            until(|| stage.pipe.sleepers() == (3, 0));
            assert_eq!(writes.write(b"abcdef"), Ok(6));
        });
    }
}

/// Two readers, one byte, and a signal for one of them, at any time: the byte is read, by the other at the
/// latest.
#[test]
fn a_wake_up_that_a_signal_makes_useless_is_passed_on() {
    for _ in 0..if cfg!(miri) { 5 } else { 2_000 } {
        let stage = Stage::new(Edition::Repaired, 10);
        let writes = stage.open_both();
        let read = AtomicUsize::new(0);
        let over = AtomicBool::new(false);
        stage.host.scope(|tasks| {
            let (tell, told) = mpsc::channel();
            let reader = |reads: crate::stage::File| {
                let (tell, read, over) = (tell.clone(), &read, &over);
                move || {
                    tell.send(HostMachine::task()).unwrap();
                    match reads.read(&mut [0]) {
                        Ok(count) => read.fetch_add(count, SeqCst),
                        Err(errno) => {
                            assert_eq!(errno, Errno::ERESTARTSYS);
                            0
                        }
                    };
                    until(|| over.load(SeqCst));
                }
            };
            let victims = [stage.open_both(), stage.open_both()].map(|reads| {
                tasks.spawn(reader(reads));
                told.recv().unwrap()
            });
            until(|| stage.pipe.sleepers() == (2, 0));
            let (host, victim) = (&stage.host, victims[0]);
            let signal = tasks.spawn(move || host.interrupt(victim));
            assert_eq!(writes.write(b"x"), Ok(1));
            signal.join().unwrap();
            until(|| read.load(SeqCst) == 1);
            over.store(true, SeqCst);
            stage.host.interrupt(victims[1]);
        });
    }
}

/// The same at its worst: the first reader is woken, and has a signal when it comes for the lock, which an
/// open has.
#[test]
fn a_signal_between_the_wake_up_and_the_lock_wakes_the_next() {
    let stage = Stage::new(Edition::Repaired, 10);
    let (woken, opens) = (Gate::at("pipe.readable"), Gate::at("pipe.open"));
    let files = [stage.open_both(), stage.open_both()];
    let writes = stage.open_both();
    stage.host.scope(|tasks| {
        let (tell, told) = mpsc::channel();
        let mut readers = files.iter().map(|file| {
            let tell = tell.clone();
            let reader = tasks.spawn(move || {
                tell.send(HostMachine::task()).unwrap();
                file.read(&mut [0])
            });
            (told.recv().unwrap(), reader)
        });
        let (first, reader) = readers.next().unwrap();
        until(|| stage.pipe.sleepers() == (1, 0));
        let (_, second) = readers.next().unwrap();
        until(|| stage.pipe.sleepers() == (2, 0));
        stage.host.listen(Kinds::POINTS_AND_LOCKS, Arc::new(Two(woken.clone(), opens.clone())));
        writes.write(b"x").unwrap();
        until(|| woken.arrived.load(SeqCst) == 1);
        let opener = tasks.spawn(|| drop(stage.open_both()));
        until(|| opens.arrived.load(SeqCst) == 1);
        stage.host.interrupt(first);
        woken.open();
        assert_eq!(reader.join().unwrap(), Err(Errno::ERESTARTSYS));
        opens.open();
        opener.join().unwrap();
        assert_eq!(second.join().unwrap(), Ok(1));
    });
}
