//! What a waiter does before it sleeps: it looks, where that is worth while, and takes what it finds.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use kcore::as_host;
use kcore::class;
use kcore::event::{Event, Events, Kinds, LockName, LockStep, Ticket, Waiting, What};
use kcore::host::{Host, HostMachine, Listener, until};
use kcore::machine::{Cpu, Sched};
use kcore::place::Place;
use kcore::sync::{Completion, Counted, Observed, RawLock, RwSemaphore, Semaphore, Statistics, Watch};

const NAME: LockName = LockName { name: "test.lock", class: class!("test"), waiting: Waiting::Sleeps };

/// Whether it is worth while to look, and how often a task has looked and slept.
static MAY_POLL: AtomicBool = AtomicBool::new(true);
static LOOKS: AtomicUsize = AtomicUsize::new(0);
static SLEEPS: AtomicUsize = AtomicUsize::new(0);
/// The next look finds what the waiter wants.
static FREE: AtomicBool = AtomicBool::new(false);
/// One test at a time counts.
static TURN: Mutex<()> = Mutex::new(());

/// A machine on which a task that looks finds it free after that.
struct Lucky;

impl Events for Lucky {
    fn wanted() -> Kinds {
        HostMachine::wanted()
    }
    fn tell(what: What, at: Place) -> Ticket {
        HostMachine::tell(what, at)
    }
}

impl Cpu for Lucky {
    as_host!(Flag, cpu, irq_save, irq_restore, cycles);
    fn relax() {
        LOOKS.fetch_add(1, SeqCst);
        until(|| FREE.load(SeqCst));
    }
}

impl Sched for Lucky {
    as_host!(task, wake, yield_now);
    fn block() {
        SLEEPS.fetch_add(1, SeqCst);
        HostMachine::block();
    }
    fn block_until(_deadline: u64) {
        Lucky::block();
    }
    fn may_poll() -> bool {
        MAY_POLL.load(SeqCst)
    }
}

/// One task has the lock while another comes; then it gives it back. How often the other has looked, and
/// slept.
fn waits<L: RawLock<Lucky> + Sync>(host: &Host, lock: &L) -> (usize, usize)
where
    L::Watch: Statistics,
{
    FREE.store(false, SeqCst);
    LOOKS.store(0, SeqCst);
    SLEEPS.store(0, SeqCst);
    host.scope(|tasks| {
        let place = <L::Watch as Watch<Lucky>>::place;
        lock.enter(place());
        let waiter = tasks.spawn(move || {
            lock.enter(place());
            lock.leave(place());
        });
        until(|| LOOKS.load(SeqCst) + SLEEPS.load(SeqCst) > 0);
        lock.leave(place());
        FREE.store(true, SeqCst);
        waiter.join().unwrap();
    });
    assert_eq!(lock.stats().test_and_set, 1, "it had to wait once, whatever it did");
    (LOOKS.load(SeqCst), SLEEPS.load(SeqCst))
}

fn all(name: LockName, host: &Host) -> [(usize, usize); 3] {
    [
        waits(host, &Semaphore::<Lucky, _>::new(Observed::new(name), 1)),
        waits(host, &Completion::<Lucky, _>::from_flag(false.into(), Observed::new(name), 1)),
        waits(host, &RwSemaphore::<Lucky, _>::new(Observed::new(name))),
    ]
}

#[test]
fn a_waiter_looks_before_it_sleeps_where_that_is_worth_while() {
    let _turn = TURN.lock().unwrap();
    for (worth_while, expected) in [(true, (1, 0)), (false, (0, 1))] {
        MAY_POLL.store(worth_while, SeqCst);
        assert_eq!(all(NAME, &Host::new()), [expected; 3]);
        assert_eq!(waits(&Host::new(), &Semaphore::<Lucky, _>::new(Counted::new(NAME), 1)), expected);
    }
    MAY_POLL.store(true, SeqCst);
}

/// What a listener heard.
#[derive(Default)]
struct Log(Mutex<Vec<LockStep>>);

impl Listener for Log {
    fn on(&self, event: &Event) {
        if let What::Lock(step, _) = event.what {
            self.0.lock().unwrap().push(step);
        }
    }
}

/// Tasks that are made to wait at points queue up in the order in which they come, and so do those of a lock
/// that is to show that.
#[test]
fn where_the_order_of_arrival_counts_no_waiter_looks() {
    let _turn = TURN.lock().unwrap();
    let host = Host::new();
    host.listen(Kinds::POINTS_AND_LOCKS, Arc::new(Log::default()));
    assert_eq!(all(NAME, &host), [(0, 1); 3]);
    let queues = LockName { waiting: Waiting::Queues, ..NAME };
    assert_eq!(all(queues, &Host::new()), [(0, 1); 3]);
}

/// A listener that hears of locks alone hears of the same steps, whether the waiter looks or sleeps.
#[test]
fn the_same_is_told() {
    use LockStep::{Acquired, Release, Wait};
    let _turn = TURN.lock().unwrap();
    for worth_while in [true, false] {
        MAY_POLL.store(worth_while, SeqCst);
        let (host, log) = (Host::new(), Arc::new(Log::default()));
        host.listen(Kinds::LOCKS, log.clone());
        waits(&host, &Semaphore::<Lucky, _>::new(Observed::new(NAME), 1));
        let heard = log.0.lock().unwrap().clone();
        assert_eq!(heard, [Acquired, Wait, Release, Acquired, Release]);
    }
    MAY_POLL.store(true, SeqCst);
}
