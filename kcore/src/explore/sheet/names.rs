//! What addresses are called in an execution: short names for values, and one name for each word.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::{Op, Outcome};
use crate::explore::{Act, Allocated, Line, Object, Of, Transcript};
use crate::machine::{POISON_FREED, POISON_FRESH};
use crate::place::Place;
use crate::probe::Name;
use crate::sort;

/// What freed and fresh memory is filled with.
pub(super) const POISON: &str = "poison";

/// No number that is counted is so large, or so far below nothing.
const SMALLEST_ADDRESS: i64 = 1 << 16;

/// The number that `value` is, unless it is an address. The book counts below nothing, in 32 bits.
fn number(value: usize) -> Option<i64> {
    let signed = [value as i64, i64::from(value as u32 as i32)];
    let fits = |number: &i64| number.abs() < SMALLEST_ADDRESS;
    let number = signed.into_iter().find(fits)?;
    (number as usize == value || u32::try_from(value).is_ok()).then_some(number)
}

/// How far `value` is above what freed or fresh memory is filled with, if it was read there.
fn above_poison(value: usize) -> Option<usize> {
    let poisons = [POISON_FREED, POISON_FRESH].map(|byte| usize::from_ne_bytes([byte; size_of::<usize>()]));
    poisons
        .into_iter()
        .map(|poison| value.wrapping_sub(poison))
        .find(|above| *above < SMALLEST_ADDRESS as usize)
}

fn is_address(value: usize) -> bool {
    u32::try_from(value).is_err() && number(value).is_none() && above_poison(value).is_none()
}

/// The names of one execution.
pub(super) struct Names {
    /// Addresses in the order in which they are made or seen: b1, b2.
    values: Vec<usize>,
    /// Words, the name of their sites, and the tasks that store there.
    words: Vec<(Object, &'static str, Vec<u8>)>,
}

impl Names {
    pub(super) fn of(transcript: &Transcript) -> Self {
        let mut names = Names { values: Vec::new(), words: Vec::new() };
        // When each was made, or seen first.
        let mut seen = Vec::<(usize, usize)>::new();
        for (at, line) in transcript.lines.iter().chain(&transcript.waiting).enumerate() {
            let Of::Access(site, op) = line.of else { continue };
            let stored = match op {
                Op::Store(value) | Op::Put(value) | Op::Swap(value) => Some(value),
                _ => None,
            };
            let saw = if let Some(Outcome::Saw(value)) = line.outcome { Some(value) } else { None };
            seen.extend(
                stored.into_iter().chain(saw).filter(|value| is_address(*value)).map(|value| (at, value)),
            );
            if line.word.is_some() {
                names.add_word(line, site.name);
            }
        }
        let is_named =
            |block: &&Allocated| block.is_lost || seen.iter().any(|(_, value)| *value == block.address);
        let made: Vec<_> = transcript.blocks.iter().filter(is_named).collect();
        seen.splice(0..0, made.into_iter().map(|block| (block.after, block.address)));
        sort::few(&mut seen, |(a, _), (b, _)| a < b);
        for (_, value) in seen {
            if !names.values.contains(&value) {
                names.values.push(value);
            }
        }
        names
    }

    fn add_word(&mut self, line: &Line, name: &'static str) {
        let object = line.step.object;
        let known = self.words.iter().position(|(known, ..)| *known == object);
        let at = known.unwrap_or_else(|| {
            self.words.push((object, name, Vec::new()));
            self.words.len() - 1
        });
        let stores = &mut self.words[at].2;
        if is_store(line) && !stores.contains(&line.who) {
            stores.push(line.who);
        }
    }

    pub(super) fn has_addresses(&self) -> bool {
        !self.values.is_empty()
    }

    /// Whether `value` is an address with a name.
    pub(super) fn knows(&self, value: usize) -> bool {
        self.values.contains(&value)
    }

    /// A number as it is, an address by its name, and what no task has stored as poison.
    pub(super) fn value(&self, value: usize) -> String {
        if let Some(at) = self.values.iter().position(|address| *address == value) {
            return format!("b{}", at + 1);
        }
        match (number(value), above_poison(value)) {
            (Some(number), _) => number.to_string(),
            (None, Some(0)) => POISON.to_string(),
            (None, Some(above)) => format!("{POISON}+{above}"),
            (None, None) => format!("{value:#x}"),
        }
    }

    /// What the place is called that `line` is an access to. Of words that have a name in common, one that a
    /// single task stores to is that task's, and others have numbers.
    pub(super) fn word(&self, line: &Line) -> String {
        let Of::Access(site, _) = line.of else { return "what is there".to_string() };
        let find = |(object, ..): &&(Object, _, _)| *object == line.step.object;
        let Some((object, name, stores)) = self.words.iter().find(find) else { return site.name.to_string() };
        let alike: Vec<_> = self.words.iter().filter(|(_, other, _)| other == name).collect();
        match (&stores[..], alike.iter().position(|(other, ..)| other == object)) {
            (_, Some(_)) if alike.len() == 1 => (*name).to_string(),
            (&[who], _) if alike.iter().filter(|(.., others)| others[..] == [who]).count() == 1 => {
                format!("{}'s {name}", Name(who))
            }
            (_, at) => format!("{name} {}", at.map_or(0, |at| at + 1)),
        }
    }
}

/// Whether a step changes bytes, or may.
pub(super) fn is_store(line: &Line) -> bool {
    let is_of_bytes = line.step.size > 0 && !matches!(line.of, Of::Does(_));
    is_of_bytes && matches!(line.step.act, Act::Store | Act::Update)
}

/// Whether a step frees a block.
pub(super) fn is_free(line: &Line) -> bool {
    matches!(line.of, Of::Block(..))
}

/// The file and the line.
pub(super) fn place(at: Place) -> String {
    let file = at.file().rsplit('/').next().unwrap_or_default();
    format!("{file}:{}", at.line())
}

#[cfg(test)]
mod tests {
    use std::vec;

    use super::*;

    #[test]
    fn values_are_called_what_they_are() {
        let poison = usize::from_ne_bytes([POISON_FREED; 8]);
        let names = Names { values: vec![0x7f00_dead_beef], words: Vec::new() };
        let addresses = [0x7f00_dead_beef, 1 << 40];
        let numbers = [0, 16, usize::MAX, u32::MAX as usize, 0x6b6b_6b6b, poison, poison + 1];
        assert_eq!(addresses.map(|value| names.value(value)), ["b1", "0x10000000000"]);
        assert_eq!(
            numbers.map(|value| names.value(value)),
            ["0", "16", "-1", "-1", "0x6b6b6b6b", "poison", "poison+1"]
        );
        assert!(addresses.into_iter().all(is_address) && !numbers.into_iter().any(is_address));
    }
}
