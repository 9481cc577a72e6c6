//! One execution, made once more; and the shortest of those that go wrong.

use alloc::string::String;
use alloc::vec::Vec;

use super::driver::Trouble;
use super::schedule::Schedule;
use super::survey::{End, Survey};
use super::transcript::Transcript;

/// One execution, made once more.
#[derive(Clone, Debug)]
pub struct Replay {
    /// How it ended.
    pub end: End,
    /// Who made which step.
    pub made: Schedule,
    /// How many of its switches left a task that could have gone on.
    pub preemptions: u32,
    /// After how many steps it was not as its schedule says, or went on behind its end.
    pub parted: Option<usize>,
    /// What a watchdog says, if anything.
    pub finding: Option<String>,
    /// Its steps.
    pub transcript: Transcript,
    /// Why it says nothing.
    pub trouble: Option<Trouble>,
}

impl Replay {
    /// The same counterexample with as few switches as it needs, and no more preemptions than `most`, as
    /// there are in `schedule`: without any of them it ends otherwise. `make` makes an execution, or says
    /// that none can be made.
    pub fn minimised(
        schedule: &Schedule,
        most: u32,
        mut make: impl FnMut(&Schedule) -> Option<Replay>,
    ) -> Option<Self> {
        let mut best = make(schedule)?;
        let mut index = 0;
        let length = |replay: &Replay| (replay.made.switches(), replay.made.turns().len());
        while index + 1 < best.made.turns().len() {
            let shorter = make(&best.made.without(index))?;
            let is_alike = shorter.end.kind() == best.end.kind() && shorter.trouble.is_none();
            if is_alike && length(&shorter) < length(&best) && shorter.preemptions <= most {
                best = shorter;
                index = 0;
            } else {
                index += 1;
            }
        }
        Some(best)
    }

    /// The counterexample of `survey` with the fewest switches, if there is one, and with no more preemptions
    /// than `most`.
    pub fn shortest(
        survey: &Survey,
        most: u32,
        mut make: impl FnMut(&Schedule) -> Option<Replay>,
    ) -> Option<Option<Self>> {
        let each = survey.bad.iter().map(|(damage, schedule)| {
            let mut replay = Self::minimised(schedule, most, &mut make)?;
            if replay.end.kind() != *damage {
                replay.trouble.get_or_insert(Trouble::Unrepeated);
            }
            Some(replay)
        });
        let each: Vec<_> = each.collect::<Option<_>>()?;
        Some(each.into_iter().min_by_key(|replay| (replay.made.switches(), replay.end.kind().rank())))
    }
}
