//! complete and sleepy: readers that sleep until a task writes, how many of them pass, and what they say.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, mpsc};

use kcore::complete::Complete;
use kcore::dev::{
    Cdev, CharDevice, Credentials, Events, FileOperations, Module, OpenFlags, PollTable, Printk, Registry,
    Said,
};
use kcore::errno::Errno;
use kcore::event::{Event, Kinds};
use kcore::host::{Host, HostMachine, Listener, until};
use kcore::machine::{Sched, TaskId};
use kcore::scull::Edition;
use kcore::sleepy::Sleepy;

const TIMES: usize = if cfg!(miri) { 3 } else { 1000 };

type Log = Arc<Mutex<Vec<(Said, TaskId)>>>;
type Device = Arc<dyn CharDevice<HostMachine>>;

fn log() -> (Log, Printk) {
    let log = Log::default();
    let its = log.clone();
    (log, Box::new(move |said, task| its.lock().unwrap().push((said, task))))
}

fn silent() -> Printk {
    Box::new(|_, _| ())
}

fn open(device: &Device) -> Box<dyn FileOperations<HostMachine>> {
    device.clone().open(OpenFlags::READ_WRITE, &Credentials::ROOT).expect("it is there")
}

/// Both devices, and how many sleep in them.
fn both() -> Vec<(Device, Box<dyn Fn() -> usize + Send + Sync>)> {
    let complete = Complete::new(true, silent());
    let sleepy = Sleepy::new(Edition::Repaired, silent());
    let (one, other) = (complete.clone(), sleepy.clone());
    vec![(complete, Box::new(move || one.sleepers())), (sleepy, Box::new(move || other.sleepers()))]
}

#[test]
fn the_transcript() {
    let (host, (log, printk)) = (Host::new(), log());
    let device = Complete::<HostMachine>::new(true, printk);
    let (reader, writer) = host.scope(|tasks| {
        let its: Device = device.clone();
        let cat = tasks.spawn(move || {
            assert_eq!(open(&its).read(&mut [0; 100]), Ok(0), "the end of file");
            HostMachine::task()
        });
        until(|| device.sleepers() == 1);
        let shared: Device = device.clone();
        assert_eq!(open(&shared).write(b"hello\n"), Ok(6));
        (cat.join().unwrap(), HostMachine::task())
    });
    let said = log.lock().unwrap().deref().clone();
    assert_eq!(said, [(Said::Sleeps, reader), (Said::Awakens, writer), (Said::Awoken, reader)]);
    let lines: Vec<String> = [(said[0], "cat"), (said[1], "echo"), (said[2], "cat")]
        .map(|((said, _), comm)| said.line(TaskId(7), comm).to_string())
        .into();
    assert_eq!(
        lines,
        ["process 7 (cat) going to sleep", "process 7 (echo) awakening the readers...", "awoken 7 (cat)"]
    );
}

#[test]
fn one_write_wakes_exactly_one_of_three_readers() {
    for (device, sleepers) in both() {
        let (host, passed) = (Host::new(), AtomicUsize::new(0));
        host.scope(|tasks| {
            for _ in 0..3 {
                let (device, passed) = (device.clone(), &passed);
                tasks.spawn(move || {
                    assert_eq!(open(&device).read(&mut []), Ok(0));
                    passed.fetch_add(1, SeqCst);
                });
            }
            for written in 1..=3 {
                until(|| sleepers() == 4 - written);
                assert_eq!(open(&device).write(b"x"), Ok(1));
                until(|| passed.load(SeqCst) == written);
                until(|| sleepers() == 3 - written);
                assert_eq!(passed.load(SeqCst), written);
            }
        });
    }
}

/// As many reads pass as there were writes, whichever comes first.
#[test]
fn no_write_to_complete_is_lost() {
    const EACH: usize = TIMES;
    let (host, device): (Host, Device) = (Host::new(), Complete::new(true, silent()));
    host.tasks(6, |index| {
        let file = open(&device);
        for _ in 0..EACH {
            match index % 2 {
                0 => assert_eq!(file.read(&mut []), Ok(0)),
                _ => assert_eq!(file.write(b"ab"), Ok(2)),
            }
        }
    });
}

#[test]
fn a_write_before_a_read_is_remembered() {
    for (device, _) in both() {
        Host::new().run(|| {
            let file = open(&device);
            assert_eq!(file.write(b"early"), Ok(5));
            assert_eq!(file.read(&mut [0; 9]), Ok(0));
            HostMachine::take_signal();
        });
    }
}

#[test]
fn a_signal_ends_a_read_and_takes_nothing() {
    for (device, sleepers) in both() {
        let host = Host::new();
        host.scope(|tasks| {
            let (tell, told) = mpsc::channel();
            let its = device.clone();
            let reader = tasks.spawn(move || {
                tell.send(HostMachine::task()).unwrap();
                open(&its).read(&mut [0])
            });
            let id = told.recv().unwrap();
            until(|| sleepers() == 1);
            host.interrupt(id);
            assert_eq!(reader.join().unwrap(), Err(Errno::ERESTARTSYS));
            assert_eq!(sleepers(), 0);
            let file = open(&device);
            file.write(b"x").unwrap();
            assert_eq!(file.read(&mut [0]), Ok(0), "the write is for who comes now");
        });
    }
}

#[test]
fn no_signal_ends_the_sleep_of_the_book() {
    let (host, device) = (Host::new(), Complete::<HostMachine>::new(false, silent()));
    host.scope(|tasks| {
        let (tell, told) = mpsc::channel();
        let its: Device = device.clone();
        let reader = tasks.spawn(move || {
            tell.send(HostMachine::task()).unwrap();
            let read = open(&its).read(&mut [0]);
            HostMachine::take_signal();
            read
        });
        until(|| device.sleepers() == 1);
        host.interrupt(told.recv().unwrap());
        let shared: Device = device.clone();
        // Were it woken by the signal, it would have no write.
        open(&shared).write(b"x").unwrap();
        assert_eq!(reader.join().unwrap(), Ok(0));
    });
}

#[test]
fn unplugging_wakes_all() {
    for _ in 0..TIMES / 10 + 1 {
        for (device, sleepers) in both() {
            let host = Host::new();
            host.scope(|tasks| {
                let registry = Registry::<HostMachine>::new();
                let region = registry.claim("misc", None, 1).unwrap();
                registry.add(Cdev::new(region.first, "it", &Module::new("misc"), device.clone())).unwrap();
                let readers: Vec<_> = (0..4)
                    .map(|_| {
                        let file =
                            registry.open(region.first, OpenFlags::READ_WRITE, &Credentials::ROOT).unwrap();
                        tasks.spawn(move || (file.read(&mut [0]), file.write(b"x"), file.read(&mut [0])))
                    })
                    .collect();
                registry.remove(region.first).unwrap();
                for reader in readers {
                    assert_eq!(
                        reader.join().unwrap(),
                        (Err(Errno::ENODEV), Err(Errno::ENODEV), Err(Errno::ENODEV))
                    );
                }
                let refused = device.clone().open(OpenFlags::READ, &Credentials::ROOT).err();
                assert_eq!((refused, sleepers()), (Some(Errno::ENODEV), 0));
            });
        }
    }
}

#[test]
fn they_have_no_commands_and_are_always_ready() {
    for (device, _) in both() {
        let file = open(&device);
        let caller = kcore::dev::Caller { credentials: Credentials::ROOT, memory: &kcore::dev::NoUser };
        assert_eq!(file.ioctl(0, 0, &caller), Err(Errno::ENOTTY));
        assert_eq!(file.poll(&mut PollTable::asking()), Events::IN | Events::OUT);
    }
}

/// Holds each task that is about to clear the flag until two are.
#[derive(Default)]
struct Meeting {
    arrived: AtomicUsize,
}

impl Listener for Meeting {
    fn on(&self, event: &Event) {
        if event.is("flag.store") {
            self.arrived.fetch_add(1, SeqCst);
            until(|| self.arrived.load(SeqCst) >= 2);
        }
    }
}

/// The book's sleepy: two sleepers find the flag set before either clears it (R20).
#[test]
fn the_books_sleepy_lets_two_pass_for_one_write() {
    let (host, sleepy) = (Host::new(), Sleepy::<HostMachine>::new(Edition::Book, silent()));
    let device: Device = sleepy.clone();
    host.scope(|tasks| {
        let readers = [(), ()].map(|()| {
            let device = device.clone();
            tasks.spawn(move || open(&device).read(&mut [0]))
        });
        until(|| sleepy.sleepers() == 2);
        host.listen(Kinds::POINTS_AND_LOCKS, Arc::new(Meeting::default()));
        assert_eq!(open(&device).write(b"x"), Ok(1));
        assert_eq!(readers.map(|reader| reader.join().unwrap()), [Ok(0), Ok(0)]);
    });
}
