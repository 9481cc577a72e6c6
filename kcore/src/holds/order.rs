//! Which classes of locks were held when a lock was taken.

use alloc::string::ToString;
use alloc::vec::Vec;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::event::{Actor, Described};
use crate::leak::Hidden;
use crate::machine::{CpuId, TaskId};
use crate::report;

/// Classes that there is room for; of one more nothing is noted.
const CLASSES: usize = 256;
/// Locks that are held at once by all tasks that run or sleep on a CPU. One more takes the place of another.
const MOST: usize = 32;
/// In what a lock may be taken, by the bits of `taken`.
const TAKEN: [&str; 6] =
    ["task (irqs off)", "task", "softirq (irqs off)", "softirq", "hardirq", "hardirq (irqs on)"];

/// What was observed of the locks of a machine of `CPUS` CPUs. It is noted without a lock.
#[derive(Debug)]
pub struct Order<const CPUS: usize> {
    classes: [AtomicPtr<Described>; CLASSES],
    /// In what one of each class was taken: bits.
    taken: [AtomicU8; CLASSES],
    /// Under which it was taken: a bit for each other class.
    under: [[AtomicU64; CLASSES / 64]; CLASSES],
    /// What is held on each CPU. Only that CPU uses it, with interrupts off.
    held: [[Lock; MOST]; CPUS],
}

/// A lock that is held.
#[derive(Debug)]
struct Lock {
    /// The word of its holder; 0 where there is none. Tasks stay on their CPU, and their numbers are not used
    /// twice.
    holder: AtomicU64,
    /// Where it is. Hidden: a lock in a block that is lost keeps no search from finding it.
    address: AtomicUsize,
    class: AtomicPtr<Described>,
    number: AtomicUsize,
}

impl<const CPUS: usize> Order<CPUS> {
    /// Nothing was observed.
    pub const fn new() -> Self {
        Order {
            classes: [const { AtomicPtr::new(ptr::null_mut()) }; CLASSES],
            taken: [const { AtomicU8::new(0) }; CLASSES],
            under: [const { [const { AtomicU64::new(0) }; CLASSES / 64] }; CLASSES],
            held: [const { [const { Lock::none() }; MOST] }; CPUS],
        }
    }

    /// `actor` has taken the lock at `address` on `cpu`. `irqs_on`: while it has it, unless it switches them
    /// off itself.
    pub fn took(&self, cpu: CpuId, actor: Actor, irqs_on: bool, class: &'static Described, address: usize) {
        let Some(number) = self.number(class) else { return };
        let held = &self.held[cpu.0 as usize];
        self.taken[number].fetch_or(1 << (2 * actor.context as u8 + u8::from(irqs_on)), Relaxed);
        for other in held.iter().filter(|lock| lock.is_of(actor)) {
            let other = other.number.load(Relaxed);
            self.under[number][other / 64].fetch_or(1 << (other % 64), Relaxed);
        }
        let free = held.iter().find(|lock| lock.holder.load(Relaxed) == 0);
        let lock = free.unwrap_or(&held[address / align_of::<u64>() % MOST]);
        lock.address.store(Hidden::new(address).word(), Relaxed);
        lock.class.store(ptr::from_ref(class).cast_mut(), Relaxed);
        lock.number.store(number, Relaxed);
        lock.holder.store(word(actor), Relaxed);
    }

    /// `actor` gives it back: its own, or, as with a run queue, the one of a task that it has followed on
    /// this CPU.
    pub fn gives_back(&self, cpu: CpuId, actor: Actor, class: &'static Described, address: usize) {
        let held = &self.held[cpu.0 as usize];
        // A lock that is made of another may lie where that lies. The class is not looked at: an experiment
        // gives back what has been freed meanwhile.
        let class = ptr::from_ref(class).cast_mut();
        let is_it = |lock: &&Lock| lock.is_at(address) && lock.class.load(Relaxed) == class;
        let own = held.iter().find(|lock| is_it(lock) && lock.is_of(actor));
        let own = own.or_else(|| held.iter().find(is_it));
        // What was freed has no class any more.
        if let Some(lock) = own.or_else(|| held.iter().find(|lock| lock.is_at(address) && lock.is_of(actor)))
        {
            lock.remove();
        }
    }

    /// `task`, which runs on `cpu`, gives back nothing of what it and the handlers on top of it have taken.
    pub fn leaves(&self, cpu: CpuId, task: TaskId) {
        let held = self.held[cpu.0 as usize].iter();
        held.filter(|lock| lock.holder.load(Relaxed) >> 8 == task.0.into()).for_each(Lock::remove);
    }

    /// What was observed so far.
    pub fn report(&self) -> Vec<report::Order> {
        let names = |bits: &[AtomicU64]| {
            let is_set = |number: &usize| bits[number / 64].load(Relaxed) & 1 << (number % 64) != 0;
            let classes = (0..CLASSES).filter(is_set).filter_map(|number| self.class(number));
            classes.map(|class| class.name.to_string()).collect()
        };
        let classes = (0..CLASSES).filter_map(|number| Some((number, self.class(number)?)));
        let of = |(number, class): (usize, &Described)| report::Order {
            class: class.name.to_string(),
            rule: class.rule.to_string(),
            file: class.file.to_string(),
            taken: (0..TAKEN.len())
                .filter(|bit| self.taken[number].load(Relaxed) & 1 << bit != 0)
                .map(|bit| TAKEN[bit].to_string())
                .collect(),
            under: names(&self.under[number]),
        };
        classes.map(of).collect()
    }

    /// The number of a class, which gets one when it is asked for first.
    fn number(&self, class: &'static Described) -> Option<usize> {
        let sum = |sum: usize, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
        let begin = class.name.bytes().fold(0, sum);
        (0..CLASSES).map(|step| begin.wrapping_add(step) % CLASSES).find(|number| {
            let place = &self.classes[*number];
            if place.load(Relaxed).is_null() {
                // Another CPU may be quicker.
                let new = ptr::from_ref(class).cast_mut();
                let _ = place.compare_exchange(ptr::null_mut(), new, Relaxed, Relaxed);
            }
            self.class(*number) == Some(class)
        })
    }

    fn class(&self, number: usize) -> Option<&'static Described> {
        // SAFETY: what is stored there is null or was made of a reference that lives for ever, to what is
        // never written.
        unsafe { self.classes[number].load(Relaxed).as_ref() }
    }
}

impl<const CPUS: usize> Default for Order<CPUS> {
    fn default() -> Self {
        Order::new()
    }
}

impl Lock {
    const fn none() -> Self {
        let (address, number) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Lock { holder: AtomicU64::new(0), address, class: AtomicPtr::new(ptr::null_mut()), number }
    }

    fn remove(&self) {
        self.holder.store(0, Relaxed);
    }

    fn is_of(&self, actor: Actor) -> bool {
        self.holder.load(Relaxed) == word(actor)
    }

    fn is_at(&self, address: usize) -> bool {
        self.holder.load(Relaxed) != 0 && self.address.load(Relaxed) == Hidden::new(address).word()
    }
}

/// An actor as a word that is not 0.
fn word(actor: Actor) -> u64 {
    u64::from(actor.task.0) << 8 | (actor.context as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::Context;

    static OUTER: Described = Described { name: "outer", rule: "", file: "a" };
    static INNER: Described = Described { name: "inner", rule: "", file: "b" };
    static LAST: Described = Described { name: "last", rule: "", file: "c" };
    const CPU: CpuId = CpuId(0);

    fn under(order: &Order<1>, class: &str) -> Vec<alloc::string::String> {
        let found = order.report().into_iter().find(|of| of.class == class);
        found.expect("it was taken").under
    }

    /// What the same actor holds counts: not what another task has that sleeps, nor what a handler finds
    /// below it.
    #[test]
    fn what_is_held_by_the_same_actor_counts() {
        let order = Order::new();
        let (one, other) = (Actor::task(TaskId(1)), Actor::task(TaskId(2)));
        let above = Actor { context: Context::Hardirq, ..one };
        order.took(CPU, one, true, &OUTER, 16);
        for actor in [other, above] {
            order.took(CPU, actor, false, &INNER, 32);
            order.gives_back(CPU, actor, &INNER, 32);
        }
        assert_eq!(under(&order, "inner"), Vec::<&str>::new());
        order.took(CPU, one, true, &INNER, 32);
        assert_eq!(under(&order, "inner"), ["outer"]);
        assert_eq!(under(&order, "outer"), Vec::<&str>::new());
        let taken = order.report().into_iter().find(|of| of.class == "inner").map(|of| of.taken);
        assert_eq!(taken.unwrap(), ["task (irqs off)", "task", "hardirq"]);
    }

    /// An inner lock is where its outer one is: each is given back for itself.
    #[test]
    fn a_lock_within_another_is_told_apart() {
        let (order, one) = (Order::new(), Actor::task(TaskId(1)));
        order.took(CPU, one, false, &OUTER, 16);
        order.took(CPU, one, false, &INNER, 16);
        order.gives_back(CPU, one, &INNER, 16);
        order.took(CPU, one, false, &LAST, 32);
        assert_eq!(under(&order, "last"), ["outer"]);
    }

    /// More tasks have left a lock behind than there is room for; one that has two still has both.
    #[test]
    fn what_a_task_leaves_takes_no_room() {
        let order = Order::new();
        for task in (2..).map(TaskId).take(MOST) {
            order.took(CPU, Actor { task, context: Context::Softirq }, true, &LAST, 8);
            order.leaves(CPU, task);
        }
        let one = Actor::task(TaskId(1));
        // Where there is no room, each of them takes the place of the one before.
        for (class, address) in [&OUTER, &INNER, &LAST].into_iter().zip((16..).step_by(8 * MOST)) {
            order.took(CPU, one, true, class, address);
        }
        let mut all = under(&order, "last");
        all.sort();
        assert_eq!(all, ["inner", "outer"]);
    }

    /// The task that follows gives back what its predecessor took; then it is not held any more.
    #[test]
    fn a_lock_is_given_back_by_another_task() {
        let order = Order::new();
        let (one, other) = (Actor::task(TaskId(1)), Actor::task(TaskId(2)));
        order.took(CPU, one, false, &OUTER, 16);
        order.gives_back(CPU, other, &OUTER, 16);
        order.took(CPU, one, false, &INNER, 32);
        assert_eq!(under(&order, "inner"), Vec::<&str>::new());
    }
}
