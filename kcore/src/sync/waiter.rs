//! Tasks that sleep until they are granted something, first come, first served (LDD3 ch. 6, "Blocking I/O";
//! LKD ch. 4).
//!
//! Nothing is allocated: a waiter is a node on its own task's stack, and the queue links these nodes. The
//! queue belongs into a lock, and all of it that is not said otherwise happens under that lock.
//!
//! A waiter leaves the queue in one of two ways, both under the lock. A granter takes it out. Or it gives up
//! ([`Patience`](super::patience)): it takes the lock and either is not in the queue any more, and so the
//! owner, or unlinks itself by a walk from the head ([`Waiters::remove`]). Nothing in between can be seen, so
//! what is granted is never granted to a waiter that has left.
//!
//! To wake a task can mean an interrupt for another CPU, and on a virtual machine a turn of the host:
//! thousands of times as long as the rest of what is done under the lock. So a granter gives the lock back
//! first. One that grants to one waiter notes its task ([`Waiters::grant`]). One that grants to several has
//! no room for their tasks: it moves them into a list of its own ([`Waiters::dismiss`]), and tells each of
//! them ([`Dismissed::wake_after`]) when the lock is given back:
//!
//! ```text
//!   granter                                waiter
//!   lock; dismiss: out of the queue
//!   unlock
//!                                          gives up: lock; it is not in the queue; unlock
//!                                          sleeps until it is granted: its node is in the list
//!   granted.store(true, Release)
//!   wake(task), which is not in the node   granted.load(Acquire) is true: returns, the node goes
//! ```

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::{Acquire, Release};

use crate::event::{Op, Site};
use crate::machine::{AtomicFlag, Cpu, Sched, TaskId};
use crate::shared::touching;
use crate::sync::environment::{Environment, PreemptOff};
use crate::sync::patience::Patience;

/// What a waiter was granted, and looks at: no point.
pub(super) static GRANT: Site = Site::new("grant");

/// A task that waits, on that task's own stack. `R` is what its granter is to know about it.
pub(super) struct Waiter<M: Cpu, R> {
    /// The task that waits. Never changes.
    task: TaskId,
    /// Clear while the node is in a queue or a list, or not yet in one. Set once, by the granter, which has
    /// taken the node out under the queue's lock; the granter's last access to the node. The waiter alone
    /// reads it, without the lock.
    granted: M::Flag,
    /// Taken by the granter, before `granted` is set. Accessed under the queue's lock.
    record: Cell<Option<R>>,
    /// The node that came next, which is in the same queue or list; `None` for the last one. Meaningless once
    /// granted. Accessed under the queue's lock, and in a list by the granter that has it.
    next: Cell<Link<M, R>>,
}

type Link<M, R> = Option<NonNull<Waiter<M, R>>>;

impl<M: Sched, R> Waiter<M, R> {
    /// The running task, in no queue yet.
    pub(super) fn new(record: R) -> Self {
        Waiter::from_record(Some(record))
    }

    /// [`new`](Waiter::new), of which a granter may have nothing to know.
    pub(super) fn from_record(record: Option<R>) -> Self {
        Waiter {
            task: M::task(),
            granted: M::Flag::new(false),
            record: Cell::new(record),
            next: Cell::new(None),
        }
    }

    /// Sleeps until it is granted, or until its patience is over. Called by the waiter's own task, after the
    /// queue's lock was given back. After an error the node may have been taken out none the less:
    /// [`Waiters::remove`] tells.
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
    pub(super) fn sleep<P: Patience>(&self, patience: P) -> Result<(), P::End> {
        while !self.is_granted() {
            patience.lasts::<M>()?;
            patience.block::<M>();
        }
        Ok(())
    }
}

/// Waiters in the order of their arrival.
pub(super) struct Waiters<M: Cpu, R> {
    /// The waiter that came first; `None` when there is none.
    head: Link<M, R>,
    /// The waiter that came last; dangling when `head` is `None`, and not looked at then.
    tail: Link<M, R>,
    /// How many nodes are linked from `head` to `tail`.
    len: usize,
}

// SAFETY: the nodes stay on the stacks of their tasks, but the holder of the queue's lock may run on any CPU:
// of a node it uses `task` (never written), `granted` (atomic), and `record` and `next` (under the queue's
// lock). `R` moves to the granter.
unsafe impl<M: Cpu, R: Send> Send for Waiters<M, R> {}

impl<M: Cpu, R> Waiters<M, R> {
    /// No waiters.
    pub(super) const fn new() -> Self {
        Waiters { head: None, tail: None, len: 0 }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts `waiter` at the end.
    ///
    /// # Safety
    /// The node is new, and stays where it is, alive, until it is granted or removed: no unwinding out of
    /// [`Sched::block`] either.
    pub(super) unsafe fn push(&mut self, waiter: &Waiter<M, R>) {
        self.link(NonNull::from(waiter));
    }

    /// Puts `node`, which stands nowhere else and lives until it is granted or removed, at the end.
    fn link(&mut self, node: NonNull<Waiter<M, R>>) {
        match self.head {
            None => self.head = Some(node),
            Some(_) => {
                let tail = self.tail.expect("a queue with a head has a tail");
                // SAFETY: the tail of a queue that is not empty is linked, so by the contract of its own
                // `push` it lives.
                unsafe { (*tail.as_ptr()).next.set(Some(node)) };
            }
        }
        self.tail = Some(node);
        self.len += 1;
    }

    /// Takes `waiter` out of the queue, wherever it stands, and says whether it was there. It is not there
    /// when it was granted before, or dismissed: then it must not go before it has [slept](Waiter::sleep)
    /// until it is granted.
    pub(super) fn remove(&mut self, waiter: &Waiter<M, R>) -> bool {
        let mut before: Link<M, R> = None;
        let mut link = self.head;
        while let Some(node) = link {
            // SAFETY: the node is linked, so by the contract of `push` it lives.
            let next = unsafe { (*node.as_ptr()).next.get() };
            if core::ptr::eq(node.as_ptr(), waiter) {
                self.unlink(before, node, next);
                return true;
            }
            before = link;
            link = next;
        }
        false
    }

    /// Takes out `node`, which stands between `before` and `next`.
    fn unlink(&mut self, before: Link<M, R>, node: NonNull<Waiter<M, R>>, next: Link<M, R>) {
        match before {
            None => self.head = next,
            // SAFETY: the node is linked, so by the contract of `push` it lives.
            Some(before) => unsafe { (*before.as_ptr()).next.set(next) },
        }
        if self.tail == Some(node) {
            self.tail = before;
        }
        self.len -= 1;
    }

    /// Whether `waiter` is the one that came first.
    pub(super) fn is_first(&self, waiter: &Waiter<M, R>) -> bool {
        self.head == Some(NonNull::from(waiter))
    }

    /// The task that came first.
    pub(super) fn first(&self) -> Option<TaskId> {
        let node = self.head?;
        // SAFETY: the node is linked, so by the contract of `push` it lives.
        Some(unsafe { (*node.as_ptr()).task })
    }

    /// Hands over to the waiter that came first: it is out of the queue and will return from its sleep once
    /// it runs. The caller owes it a [`Sched::wake`].
    pub(super) fn grant(&mut self) -> Option<Granted<R>> {
        let node = self.head?.as_ptr();
        // SAFETY: the node is linked, so by the contract of `push` it lives, until `granted` is set below.
        let (task, record, next) = unsafe { (*node).take() };
        self.head = next;
        self.len -= 1;
        if M::EXPLORES {
            // SAFETY: as above.
            touching::<M, _>(&GRANT, Op::Put(1), unsafe { &(*node).granted });
        }
        // SAFETY: as above. From this store on the waiter may return and its stack frame be gone: no
        // reference to the whole node may exist, only this one to the flag, and nothing may follow.
        unsafe { (*node).granted.store(true, Release) };
        Some(Granted { task, record })
    }
}

impl<M: Cpu, R> Waiters<M, R> {
    /// Moves the waiter that came first to the end of `list`, and says what it brought along; [`None`] when
    /// there is none. The caller owes it a [`Dismissed::wake_after`].
    pub(super) fn dismiss(&mut self, list: &mut Dismissed<M, R>) -> Option<Option<R>> {
        let node = self.head?;
        // SAFETY: the node is linked, so by the contract of `push` it lives.
        let (_, record, next) = unsafe { (*node.as_ptr()).take() };
        self.head = next;
        self.len -= 1;
        list.0.link(node);
        Some(record)
    }
}

/// Waiters that were taken out of their queue and do not know it yet. They stay where they are until they are
/// told.
#[must_use = "who is in it sleeps until it is woken"]
pub(super) struct Dismissed<M: Cpu, R>(Waiters<M, R>);

impl<M: Sched, R> Dismissed<M, R> {
    /// No waiters.
    pub(super) const fn new() -> Self {
        Dismissed(Waiters::new())
    }

    /// Gives back the queue's `lock`, then grants and wakes all of them, in order, and says how many. With no
    /// more than the list: whatever the queue is in may be gone with the last of its waiters.
    pub(super) fn wake_after(mut self, lock: impl Sized) -> usize {
        let count = self.0.len();
        if count == 0 {
            return 0;
        }
        after::<M, _>(lock, || {
            while let Some(granted) = self.0.grant() {
                M::wake(granted.task);
            }
        });
        count
    }
}

impl<M: Cpu, R> Waiter<M, R> {
    /// Whether it was granted. It is out of the queue then, and only its own task knows the node.
    pub(super) fn is_granted(&self) -> bool {
        if M::EXPLORES {
            touching::<M, _>(&GRANT, Op::Look, &self.granted);
        }
        self.granted.load(Acquire)
    }

    /// What a granter would get. To be called under the queue's lock.
    pub(super) fn take_record(&self) -> Option<R> {
        self.record.take()
    }

    /// Changes what a granter will get. To be called under the queue's lock.
    pub(super) fn change_record(&self, change: impl FnOnce(&mut R)) {
        let mut record = self.record.take();
        record.as_mut().map(change);
        self.record.set(record);
    }

    /// All that a granter wants to know. The node is the last of whatever it comes to next.
    fn take(&self) -> (TaskId, Option<R>, Link<M, R>) {
        (self.task, self.record.take(), self.next.take())
    }
}

/// Gives `lock` back and calls `wake` with no lock, but with the CPU: a task that took it in between might
/// keep it, and wait (at a probe point, with a spinlock) for those that are still to be woken.
#[inline]
pub(super) fn after<M: Cpu, R>(lock: impl Sized, wake: impl FnOnce() -> R) -> R {
    let _keeps_cpu = PreemptOff::<M>::enter();
    drop(lock);
    wake()
}

/// A waiter that was handed something and still sleeps.
pub(super) struct Granted<R> {
    /// The task to wake.
    pub(super) task: TaskId,
    /// What it brought along.
    pub(super) record: Option<R>,
}
