//! What is looked for: a machine that is in several states at once, so that no pattern takes more than its
//! states for each byte.

use alloc::string::String;
use alloc::vec::Vec;

use super::parse::{Node, parse};

/// How a pattern is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// As `grep` has it: `\(`, `\|`, `\{`.
    Basic,
    /// As `grep -E` has it: `(`, `|`, `{`.
    Extended,
    /// As it stands.
    Fixed,
}

/// Some of all bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Set([u128; 2]);

impl Set {
    pub(super) fn of(bytes: impl IntoIterator<Item = u8>) -> Self {
        let mut set = Set::default();
        bytes.into_iter().for_each(|byte| set.0[usize::from(byte >> 7)] |= 1 << (byte & 127));
        set
    }

    pub(super) fn has(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 7)] >> (byte & 127) & 1 != 0
    }

    pub(super) fn without(self) -> Self {
        Set(self.0.map(|bits| !bits))
    }

    /// With both cases of each letter.
    fn folded(self) -> Self {
        let same = |byte: u8| self.has(byte.to_ascii_lowercase()) || self.has(byte.to_ascii_uppercase());
        Set::of((0..=u8::MAX).filter(|byte| self.has(*byte) || byte.is_ascii_alphabetic() && same(*byte)))
    }
}

/// What a state waits for.
#[derive(Clone, Copy, Debug)]
enum State {
    /// One of some bytes; the next state follows.
    Byte(Set),
    /// The begin of the line, or its end.
    Edge { is_begin: bool },
    /// Nothing: it goes on at both.
    Split(usize, usize),
    /// Nothing: all of it was there.
    Found,
}

/// A pattern.
pub(super) struct Pattern(Vec<State>);

impl Pattern {
    /// The pattern that is written so, of any case of letters or of whole lines only; or what is wrong with
    /// it.
    pub(super) fn of(text: &str, syntax: Syntax, any_case: bool, is_whole: bool) -> Result<Self, String> {
        let mut node = parse(text.as_bytes(), syntax)?;
        if is_whole {
            node = Node::Row(Vec::from([Node::Edge(true), node, Node::Edge(false)]));
        }
        let mut pattern = Pattern(Vec::new());
        pattern.add(&node, any_case);
        pattern.0.push(State::Found);
        Ok(pattern)
    }

    /// Adds the states of a node; those behind it follow.
    fn add(&mut self, node: &Node, any_case: bool) {
        match node {
            Node::Byte(set) => self.0.push(State::Byte(if any_case { set.folded() } else { *set })),
            Node::Edge(is_begin) => self.0.push(State::Edge { is_begin: *is_begin }),
            Node::Row(nodes) => nodes.iter().for_each(|node| self.add(node, any_case)),
            Node::Either(one, other) => {
                let split = self.reserve();
                self.add(one, any_case);
                let over = self.reserve();
                self.0[split] = State::Split(split + 1, self.0.len());
                self.add(other, any_case);
                self.0[over] = State::Split(self.0.len(), self.0.len());
            }
            Node::Times(node, least, most) => {
                (0..*least).for_each(|_| self.add(node, any_case));
                match most {
                    None => {
                        let split = self.reserve();
                        self.add(node, any_case);
                        self.0.push(State::Split(split, split));
                        self.0[split] = State::Split(split + 1, self.0.len());
                    }
                    Some(most) => {
                        let splits: Vec<usize> = (*least..*most)
                            .map(|_| {
                                let split = self.reserve();
                                self.add(node, any_case);
                                split
                            })
                            .collect();
                        let end = self.0.len();
                        splits.iter().for_each(|&split| self.0[split] = State::Split(split + 1, end));
                    }
                }
            }
        }
    }

    fn reserve(&mut self) -> usize {
        self.0.push(State::Found);
        self.0.len() - 1
    }

    /// Whether it is in a line.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        let mut states = Vec::new();
        let mut next = Vec::new();
        let mut seen = Vec::from_iter(core::iter::repeat_n(false, self.0.len()));
        for at in 0..=line.len() {
            // It may begin at each byte.
            next.push(0);
            seen.fill(false);
            states.clear();
            while let Some(state) = next.pop() {
                if core::mem::replace(&mut seen[state], true) {
                    continue;
                }
                match self.0[state] {
                    State::Found => return true,
                    State::Split(one, other) => next.extend([one, other]),
                    State::Edge { is_begin } => {
                        let is_there = if is_begin { at == 0 } else { at == line.len() };
                        next.extend(is_there.then_some(state + 1));
                    }
                    State::Byte(set) => states.push((state, set)),
                }
            }
            let byte = line.get(at);
            let goes_on = states.iter().filter(|(_, set)| byte.is_some_and(|byte| set.has(*byte)));
            next.extend(goes_on.map(|(state, _)| state + 1));
        }
        false
    }
}
