//! The primitives on real CPUs.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed},
};

use kcore::class;
use kcore::event::{Class, Site};
use kcore::settings::{Config, Form};
use kcore::shared::Shared;
use kcore::sync::{Completion, Semaphore};

use super::Answer;
use super::case::{holds, same};
use super::crew;
use crate::arch::smp;
use crate::machine::{Guard, Kernel, SpinLock};
use crate::task;

crate::case! {
    "locks::spinlock-excludes" => spinlock;
    "locks::guards-exclude" => guards;
    "locks::semaphore-of-two-lets-two-in" => two;
    "locks::semaphore-serves-in-order" => in_order;
    "locks::completion-is-remembered" => remembered;
    "locks::completion-for-all" => for_all;
    "locks::try-does-not-wait" => tries;
    "locks::no-lock-loses-nothing-on-one-cpu" => alone;
}

static COUNTER: Site = Site::new("counter");
const EACH: u64 = 300;

/// A plain number behind the lock, and so many tries that a lock of a load and a store is found out: that
/// takes a CPU to be interrupted, or overtaken, within two instructions.
fn spinlock() -> Answer {
    const TRIES: u32 = 400_000;
    let number = Arc::new(SpinLock::new(class!("test"), 0_u64));
    let counted = Arc::clone(&number);
    let tasks = smp::cpus();
    crew::run(tasks, move |_| {
        for _ in 0..TRIES / tasks {
            *counted.lock() += 1;
        }
    })?;
    same("the number", *number.lock(), u64::from(TRIES / tasks * tasks))
}

/// A load and a store with nothing atomic about them, behind each guard of the experiments.
fn guards() -> Answer {
    for lock in [Form::Spinlock, Form::Ticket, Form::Semaphore, Form::Completion] {
        let shared = Arc::new((Guard::new(lock, "case.lock", class!("test")), Shared::new(0_u64)));
        let counted = Arc::clone(&shared);
        crew::run(smp::cpus(), move |_| {
            for _ in 0..EACH {
                let _held = counted.0.enter();
                let number = counted.1.load::<Kernel>(&COUNTER);
                counted.1.store::<Kernel>(&COUNTER, number + 1);
            }
        })?;
        same(lock.word(), shared.1.audit(), u64::from(smp::cpus()) * EACH)?;
    }
    Ok(())
}

fn alone() -> Answer {
    let shared = Arc::new(Shared::new(0_u64));
    let counted = Arc::clone(&shared);
    crew::start(0, move || {
        for _ in 0..EACH {
            let number = counted.load::<Kernel>(&COUNTER);
            counted.store::<Kernel>(&COUNTER, number + 1);
        }
    })?
    .join();
    same("the number", shared.audit(), EACH)
}

fn two() -> Answer {
    let semaphore = Arc::new(Semaphore::<Kernel>::new(Class::EVENT, 2));
    let inside = Arc::new(AtomicU32::new(0));
    let most = Arc::new(AtomicU32::new(0));
    let (units, owners, seen) = (Arc::clone(&semaphore), Arc::clone(&inside), Arc::clone(&most));
    crew::run(2 * smp::cpus() + 1, move |_| {
        for _ in 0..50 {
            units.down();
            seen.fetch_max(owners.fetch_add(1, Relaxed) + 1, Relaxed);
            task::yield_now();
            owners.fetch_sub(1, Relaxed);
            units.up();
        }
    })?;
    holds("never more than two are in", most.load(Relaxed) <= 2)?;
    same("units at the end", semaphore.count(), 2)?;
    same("waiters at the end", semaphore.waiters(), 0)
}

/// The task that came first is served first. Each is seen waiting before the next comes.
fn in_order() -> Answer {
    const TASKS: u32 = 12;
    let semaphore = Arc::new(Semaphore::<Kernel>::new(Class::EVENT, 0));
    let served = Arc::new(SpinLock::new(class!("test"), Vec::with_capacity(TASKS as usize)));
    let mut tasks = Vec::new();
    for who in 0..TASKS {
        let (units, order) = (Arc::clone(&semaphore), Arc::clone(&served));
        tasks.push(crew::start(who % smp::cpus(), move || {
            units.down();
            order.lock_irqsave().push(who);
            units.up();
        })?);
        while semaphore.waiters() <= who as usize {
            task::yield_now();
            core::hint::spin_loop();
        }
    }
    semaphore.up();
    task::join_all(tasks);
    let served = served.lock_irqsave().clone();
    same("who was served when", served, (0..TASKS).collect())
}

fn remembered() -> Answer {
    let completion = Completion::<Kernel>::new(Class::EVENT);
    holds("nothing has happened", !completion.try_wait())?;
    completion.complete();
    completion.complete();
    completion.wait();
    holds("it happened twice", completion.try_wait())?;
    holds("and not three times", !completion.is_done())
}

fn for_all() -> Answer {
    let completion = Arc::new(Completion::<Kernel>::new(Class::EVENT));
    let through = Arc::new(AtomicU32::new(0));
    let (mut tasks, all) = (Vec::new(), 2 * smp::cpus());
    for number in 0..all {
        let (waited, passed) = (Arc::clone(&completion), Arc::clone(&through));
        tasks.push(crew::start(number % smp::cpus(), move || {
            waited.wait();
            passed.fetch_add(1, Relaxed);
        })?);
    }
    while completion.waiters() < all as usize {
        task::yield_now();
        core::hint::spin_loop();
    }
    same("tasks that did not wait", through.load(Acquire), 0)?;
    completion.complete_all();
    task::join_all(tasks);
    same("tasks that went through", through.load(Acquire), all)?;
    completion.wait();
    completion.reinit();
    holds("it has not happened any more", !completion.is_done())
}

fn tries() -> Answer {
    let lock = SpinLock::new(class!("test"), ());
    let held = lock.lock();
    // Without other CPUs there is no word to find taken: the running task has kept out every task that could
    // hold it.
    let is_had = lock.try_lock().is_some();
    holds("a lock that is held cannot be had", is_had != Config::OURS.smp())?;
    drop(held);
    holds("one that is free can", lock.try_lock().is_some())?;
    let semaphore = Semaphore::<Kernel>::new(Class::EVENT, 1);
    holds("a unit that is there can be had", semaphore.try_down())?;
    holds("one that is not cannot", !semaphore.try_down())?;
    semaphore.up();
    same("units", semaphore.count(), 1)
}
