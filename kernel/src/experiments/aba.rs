//! R29: a stack whose pop is a compare-and-swap.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, Ordering, Ordering::Relaxed, fence};

use kcore::errno::Errno;
use kcore::experiment::{NEXT, Role, TOP};
use kcore::settings::Lock;
use kcore::shared::Shared;

use crate::machine::{Guard, Kernel};
use crate::task::shortage;

use super::trial::{Refusal, Trial};

/// A link that leads nowhere. Nodes count from 1, from the top of the full stack.
const NONE: u32 = 0;
/// What the owner of a popped node writes into its link: it is the owner's now.
const OWNED: u64 = 0x6b6b_6b6b;
/// Corrupt nodes that are named.
const NAMED: u64 = 4;

/// One round: each task takes `quanta` nodes off the stack and keeps them; writers take two each time, and push the first
/// one back. Then each node must be in one place.
pub(super) fn round(trial: &mut Trial<'_>) -> Result<(), Refusal> {
    let resolved = trial.resolved;
    let stack = Stack::full(resolved.writers * resolved.quanta + 1, resolved.lock)?;
    trial.race(&|who| {
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
    trial.add_lock(stack.guard.stats());
    stack.count_own();
    let mut corrupt = 0;
    for node in 1..stack.nodes.len() as u32 {
        let (kept, within) = stack.places(node);
        let amiss = (kept + within).abs_diff(1);
        if amiss > 0 && corrupt < NAMED {
            trial.note(plight(node, kept, within));
        }
        corrupt += u64::from(amiss > 0);
        trial.run.lost_updates += amiss;
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
struct Stack {
    form: Lock,
    guard: Guard,
    /// The number of the top node, and in the upper half a tag.
    top: Shared<u64>,
    /// Where the number 0 is nobody.
    nodes: Vec<Node>,
}

struct Node {
    next: Shared<u64>,
    /// How many tasks think that it is theirs.
    kept: AtomicU64,
    /// How often the top leads to it, when the round is over.
    within: AtomicU64,
}

impl Stack {
    /// A stack with the nodes 1 to `nodes`, 1 at the top. [`Errno::ENOMEM`] when there is no memory.
    fn full(nodes: u32, form: Lock) -> Result<Self, Errno> {
        let guard =
            Guard::new(if form == Lock::Tagged { Lock::None } else { form }, "stack.lock", "stack.lock");
        let mut all = shortage::with_room_for(nodes as usize + 1)?;
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
            let top = self.top.load::<Kernel>(&TOP);
            // Whoever pushed the node stored its link first.
            fence(Ordering::Acquire);
            let node = number(top);
            if node == NONE {
                return None;
            }
            let next = self.node(node).next.load::<Kernel>(&NEXT);
            if self.swap(top, number(next)) {
                return Some(node);
            }
        }
    }

    /// Puts a node of the caller's on top.
    fn push(&self, node: u32) {
        let _held = self.guard.enter();
        loop {
            let top = self.top.load::<Kernel>(&TOP);
            self.node(node).next.store::<Kernel>(&NEXT, u64::from(number(top)));
            if self.swap(top, node) {
                return;
            }
        }
    }

    /// Makes `node` the top if the top is still `top`, in every bit; says whether it did.
    fn swap(&self, top: u64, node: u32) -> bool {
        let tag = match self.form {
            Lock::Tagged => (top >> 32).wrapping_add(1) << 32,
            _ => 0,
        };
        self.top.compare_exchange::<Kernel>(&TOP, top, tag | u64::from(node)).is_ok()
    }

    /// The caller uses a node that it has popped for purposes of its own.
    fn keep(&self, node: u32) {
        let node = self.node(node);
        node.kept.fetch_add(1, Relaxed);
        node.next.poke(OWNED);
    }

    /// Counts what the top leads to. Nobody else uses the stack any more. A list that has become a circle is followed until
    /// it cannot but have come round.
    fn count_own(&self) {
        let mut node = number(self.top.peek());
        for _ in 0..self.nodes.len() {
            if node == NONE || node as usize >= self.nodes.len() {
                break;
            }
            self.node(node).within.fetch_add(1, Relaxed);
            node = number(self.node(node).next.peek());
        }
    }

    /// How many tasks have `node`, and how often it is in the stack.
    fn places(&self, node: u32) -> (u64, u64) {
        let node = self.node(node);
        (node.kept.load(Relaxed), node.within.load(Relaxed))
    }

    /// The node of that number. A number that is none, read from a link that is no longer one, leads to node 0.
    fn node(&self, number: u32) -> &Node {
        self.nodes.get(number as usize).unwrap_or(&self.nodes[0])
    }
}

/// The number of a node, without its tag.
fn number(word: u64) -> u32 {
    word as u32
}
