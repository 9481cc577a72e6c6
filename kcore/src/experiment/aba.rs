//! The same address is not the same thing.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, fence};

use super::entry::{Cause, Certain, Defaults, Experiment, Role, Roles};
use super::matrix::{C, R, Row};
use super::needs::{Ground, Needs};
use super::points::NEXT;
use super::stage::{Refusal, Rig, Stage, with_room_for};
use crate::class;
use crate::errno::Errno;
use crate::event::Site;
use crate::settings::Form;
use crate::shared::Shared;
use crate::sync::Guard;

pub(super) static ENTRY: Experiment = Experiment {
    name: "aba",
    title: "a compare-and-swap finds what it expects, and it is not what it was",
    cause: Cause::Smp,
    races: &["R29"],
    sources: &["LDD3 5.7, Lock-Free Algorithms", "LKD 10, Atomic Operations", "Intel SDM vol. 2A, CMPXCHG"],
    goal: GOAL,
    hint: HINT,
    explanation: EXPLANATION,
    rows: &[Row::always(Form::None, R), Row::always(Form::Tagged, C), Row::always(Form::Spinlock, C)],
    unit: "nodes that each task takes and keeps; readers just pop, writers pop two and push the first back",
    known_points: &["top.load", "top.store", "next.load", "next.store"],
    points: &["top.store"],
    script: &["A.top.load", "A.next.load", "B.top.store", "B.top.store", "B.top.store", "A.top.store"],
    certain: Certain { script: true, heals: true, ..Certain::NEVER },
    tasks: Some(2),
    needs: Needs::on(Ground::Own),
    defaults: Defaults::natural(1000, 10),
    roles: Roles::Alternate(Role::Read, Role::Write),
    invariants: &["each node has one owner or is in the stack, once"],
    seven: [
        "Yes. The top of the stack is one word for all.",
        "It could be: that is what lock-free lists are good for. The tag protects against a handler as well.",
        "Yes, and longer than by a race of CPUs: a task that is preempted before its swap leaves time for any number of \
         pops and pushes.",
        "No. Between the load and the swap nothing sleeps.",
        "Nothing says that a node which was read is still in the stack: that is the experiment.",
        "One of them wins the swap and the other tries again, which is right as long as a value never comes back.",
        "By a number beside the pointer that changes with every swap, in the same word; or by a lock.",
    ],
    ..Experiment::USUAL
};

const GOAL: &str = "A stack without a lock: pop reads the top and what comes after it, and replaces the one by the other with a \
compare-and-swap, which fails if the top has changed. It did not change, the swap succeeds, and the stack is corrupt. \
How?";

const HINT: &str = "The swap compares the top with what it was. It cannot compare what has happened in between. Take two nodes \
away and put the first one back.";

const EXPLANATION: &str = "The stack is X, Y, Z. A wants to pop: it loads the top, X, and the link of X, Y. Before it swaps, \
B pops X, pops Y, and pushes X again; the stack is X, Z, and Y is B's. Now A's compare-and-swap asks whether the top is X. \
It is. A stores Y as the top and goes off with X. Y is in the stack and in the hands of B at once: the next pop hands it \
out a second time. Z was reached through X alone, and X is gone: Z is lost, with all that hangs on it.\n\n\
The comparison tests a value where a history was meant. A thing that was A, then B, then A again looks as if nothing had \
happened, hence the name. It needs addresses that come back, and they do: allocators like to hand out what was freed \
last, so a swap of pointers to fresh objects meets it as well.\n\n\
Tags: put a serial number beside the pointer, in the same word that is swapped, and add 1 with every swap. After B's three \
swaps the top is X again, but the number is 3 farther on; A's swap fails, A reads again, and pops X from the stack as it \
is now. Here the link is an index of 32 bits and the tag has the other 32; with whole pointers it takes cmpxchg16b. The \
tag is as good as it is long: one that has gone round once during one pop is back at A.\n\n\
The spinlock cures it in the simplest way: nobody comes in between, so the swap never has to fail and a plain store would do. \
It costs one locked instruction, just as the swap does, and it waits for its holder. A semaphore would do for tasks as well; nobody would put \
one on a path of three instructions.\n\n\
Wrong cures: to read the top once more before the swap (the swap does that already); to poison the link of a popped node \
(A has read it before); to set a stronger memory order (nothing was out of order). Besides tags there is the way not to let \
a value come back while anybody may hold it: hazard pointers, or reuse only after a grace period, as RCU does.";

/// A link that leads nowhere. Nodes count from 1, from the top of the full stack.
const NONE: u32 = 0;
/// What the owner of a popped node writes into its link: it is the owner's now.
const OWNED: u64 = 0x6b6b_6b6b;
/// Corrupt nodes that are named.
const NAMED: u64 = 4;

/// The top of the stack: points `top.load` and `top.store` (the swap, whether it succeeds or not).
static TOP: Site = Site::new("top");

/// One round: each task takes `quanta` nodes off the stack and keeps them; writers take two each time, and
/// push the first one back. Then each node must be in one place.
pub(super) fn round<M: Rig>(stage: &mut Stage<'_, M>) -> Result<(), Refusal> {
    let resolved = stage.resolved;
    let stack = Stack::<M>::full(resolved.writers * resolved.quanta + 1, resolved.lock)?;
    stage.race(&|who| {
        for _ in 0..resolved.quanta {
            let first = stack.pop();
            let kept = match (resolved.role(who), first) {
                (Role::Write, Some(first)) => {
                    let second = stack.pop();
                    stack.push(first);
                    second
                }
                (_, first) => first,
            };
            if let Some(kept) = kept {
                stack.keep(kept);
            }
        }
    })?;
    stage.add_lock(stack.guard.stats());
    stack.count_own();
    let mut corrupt = 0;
    for node in 1..stack.nodes.len() as u32 {
        let (kept, within) = stack.places(node);
        let amiss = (kept + within).abs_diff(1);
        if amiss > 0 && corrupt < NAMED {
            stage.note(plight(node, kept, within));
        }
        corrupt += u64::from(amiss > 0);
        stage.run.lost_updates += amiss;
    }
    Ok(())
}

/// A sentence about a corrupt node.
fn plight(node: u32, kept: u64, within: u64) -> String {
    match kept + within {
        0 => format!("node {node} is lost: nobody has it, and the stack does not lead to it"),
        _ => format!("node {node} is in too many places at once: owners {kept}, in the stack {within}"),
    }
}

/// A stack of nodes that are numbered.
struct Stack<M: Rig> {
    form: Form,
    guard: Guard<M>,
    /// The number of the top node, and in the upper half a tag.
    top: Shared<u64>,
    /// The first, number 0, is none of the stack's.
    nodes: Vec<Node>,
}

struct Node {
    next: Shared<u64>,
    /// How many tasks think that it is theirs.
    kept: AtomicU64,
    /// How often the top leads to it, when the round is over.
    within: AtomicU64,
}

impl<M: Rig> Stack<M> {
    /// A stack with the nodes 1 to `nodes`, 1 at the top. [`Errno::ENOMEM`] when there is no memory.
    fn full(nodes: u32, form: Form) -> Result<Self, Errno> {
        let guard = Guard::<M>::new(
            if form == Form::Tagged { Form::None } else { form },
            "stack.lock",
            class!("stack.lock"),
        );
        let mut all = with_room_for::<M, _>(nodes as usize + 1)?;
        for node in 0..=nodes {
            let next = if node == nodes { NONE } else { node + 1 };
            let next = Shared::new(u64::from(next));
            all.push(Node { next, kept: AtomicU64::new(0), within: AtomicU64::new(0) });
        }
        Ok(Stack { form, guard, top: Shared::new(1), nodes: all })
    }

    /// Takes the top node, which is the caller's from then on.
    fn pop(&self) -> Option<u32> {
        let _held = self.guard.enter();
        loop {
            let top = self.top.load::<M>(&TOP);
            // The task that pushed the node stored its link first.
            fence(Ordering::Acquire);
            let node = number(top);
            if node == NONE {
                return None;
            }
            let next = self.node(node).next.load::<M>(&NEXT);
            if self.swap(top, number(next)) {
                return Some(node);
            }
        }
    }

    /// Puts a node of the caller's on top.
    fn push(&self, node: u32) {
        let _held = self.guard.enter();
        loop {
            let top = self.top.load::<M>(&TOP);
            self.node(node).next.store::<M>(&NEXT, u64::from(number(top)));
            if self.swap(top, node) {
                return;
            }
        }
    }

    /// Makes `node` the top if the top is still `top`, in every bit; says whether it did.
    fn swap(&self, top: u64, node: u32) -> bool {
        let tag = match self.form {
            Form::Tagged => (top >> 32).wrapping_add(1) << 32,
            _ => 0,
        };
        self.top.compare_exchange::<M>(&TOP, top, tag | u64::from(node)).is_ok()
    }

    /// The caller uses a node that it has popped for purposes of its own.
    fn keep(&self, node: u32) {
        let node = self.node(node);
        node.kept.fetch_add(1, Relaxed);
        node.next.put::<M>(&NEXT, OWNED);
    }

    /// Counts what the top leads to. No other task uses the stack any more. A list that has become a circle
    /// is followed until it cannot but have come round.
    fn count_own(&self) {
        let mut node = number(self.top.audit());
        for _ in 0..self.nodes.len() {
            if node == NONE || node as usize >= self.nodes.len() {
                break;
            }
            self.node(node).within.fetch_add(1, Relaxed);
            node = number(self.node(node).next.audit());
        }
    }

    /// How many tasks have `node`, and how often it is in the stack.
    fn places(&self, node: u32) -> (u64, u64) {
        let node = self.node(node);
        (node.kept.load(Relaxed), node.within.load(Relaxed))
    }

    /// The node of that number. A number that is none, read from a link that is no longer one, leads to node
    /// 0.
    fn node(&self, number: u32) -> &Node {
        self.nodes.get(number as usize).unwrap_or(&self.nodes[0])
    }
}

/// The number of a node, without its tag.
fn number(word: u64) -> u32 {
    word as u32
}
