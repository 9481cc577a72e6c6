//! Tasks that sleep until they are handed something, first come, first served (LDD3 ch. 6, "Blocking I/O"; LKD ch. 4).
//!
//! Nothing is allocated: a waiter is a node on its own task's stack, and the queue links these nodes. The queue belongs
//! into a lock, and all of it that is not said otherwise happens under that lock.
//!
//! A waiter leaves the queue in one way: [`WaitQueue::grant`] unlinks it and tells it so, under the lock. A waiter that
//! gives up (a timeout, a signal) will take the lock and either find itself granted, and so the owner, or unlink itself
//! by a walk from the head; nothing in between can be seen.

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::{Acquire, Release};

use crate::machine::{AtomicFlag, Cpu, Sched, TaskId};

/// A task that waits, on that task's own stack. `R` is what its granter is to know about it.
pub(super) struct Waiter<M: Cpu, R> {
    /// Who waits. Never changes.
    task: TaskId,
    /// Clear while the node is in a queue, or not yet in one. Set once, by the granter, under the queue's lock; the
    /// granter's last access to the node. The waiter alone reads it, without the lock.
    granted: M::Flag,
    /// Taken by the granter, before `granted` is set.
    record: Cell<Option<R>>,
    /// The node that came next, which is in the same queue; `None` for the last one. Meaningless once granted. Accessed
    /// under the queue's lock.
    next: Cell<Link<M, R>>,
}

type Link<M, R> = Option<NonNull<Waiter<M, R>>>;

impl<M: Sched, R> Waiter<M, R> {
    /// The running task, in no queue yet.
    pub(super) fn new(record: R) -> Self {
        Waiter {
            task: M::task(),
            granted: M::Flag::new(false),
            record: Cell::new(Some(record)),
            next: Cell::new(None),
        }
    }

    /// Sleeps until it is granted. Called by the waiter's own task, after the queue's lock was given back.
    ///
    /// The wake-up cannot get lost between the test and the sleep, as the machine keeps one that comes early:
    ///
    /// ```text
    ///   waiter                              granter
    ///   push, under the lock
    ///                                       grant, under the lock: granted.store(true, Release)
    ///   granted.load(Acquire) is true: done
    ///   ...or it was false just before      wake(task), which is kept
    ///   block returns at once
    /// ```
    pub(super) fn sleep(&self) {
        while !self.granted.load(Acquire) {
            M::block();
        }
    }
}

/// Waiters in the order of their arrival.
pub(super) struct WaitQueue<M: Cpu, R> {
    /// The waiter that came first; `None` when there is none.
    head: Link<M, R>,
    /// The waiter that came last; dangling when `head` is `None`, and not looked at then.
    tail: Link<M, R>,
    /// How many nodes are linked from `head` to `tail`.
    len: usize,
}

// SAFETY: the nodes stay on the stacks of their tasks, but whoever has the queue may come from any CPU: of a node it
// uses `task` (never written), `granted` (atomic), and `record` and `next` (under the queue's lock). `R` moves to the granter.
unsafe impl<M: Cpu, R: Send> Send for WaitQueue<M, R> {}

impl<M: Cpu, R> WaitQueue<M, R> {
    /// Nobody.
    pub(super) const fn new() -> Self {
        WaitQueue { head: None, tail: None, len: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts `waiter` at the end.
    ///
    /// # Safety
    /// The node is new, and stays where it is, alive, until [`Waiter::sleep`] has returned: no unwinding out of
    /// [`Sched::block`] either.
    pub(super) unsafe fn push(&mut self, waiter: &Waiter<M, R>) {
        let node = NonNull::from(waiter);
        match self.head {
            None => self.head = Some(node),
            Some(_) => {
                let tail = self.tail.expect("a queue with a head has a tail");
                // SAFETY: the tail of a queue that is not empty is linked, so by the contract of its own `push` it lives.
                unsafe { (*tail.as_ptr()).next.set(Some(node)) };
            }
        }
        self.tail = Some(node);
        self.len += 1;
    }

    /// Hands over to the waiter that came first: it is out of the queue and will return from its sleep once it runs.
    /// The caller owes it a [`Sched::wake`].
    pub(super) fn grant(&mut self) -> Option<Granted<R>> {
        let node = self.head?.as_ptr();
        // SAFETY: the node is linked, so by the contract of `push` it lives, until `granted` is set below.
        let (task, record, next) = unsafe { (*node).take() };
        self.head = next;
        self.len -= 1;
        // SAFETY: as above. From this store on the waiter may return and its stack frame be gone: no reference to the
        // whole node may exist, only this one to the flag, and nothing may follow.
        unsafe { (*node).granted.store(true, Release) };
        Some(Granted { task, record })
    }
}

impl<M: Cpu, R> Waiter<M, R> {
    /// All that a granter wants to know.
    fn take(&self) -> (TaskId, Option<R>, Link<M, R>) {
        (self.task, self.record.take(), self.next.get())
    }
}

/// Somebody who was handed something and still sleeps.
pub(super) struct Granted<R> {
    /// Whom to wake.
    pub(super) task: TaskId,
    /// What it brought along.
    pub(super) record: Option<R>,
}
