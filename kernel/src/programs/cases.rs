//! `test`: the in-kernel test cases.

use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use kcore::report::{Case as Report, Record, Summary};
use kcore::settings::Usage;

use crate::arch::exit::Exit;
use crate::cases::{self, Case};
use crate::console::com2;
use crate::kmemleak::clear_stack_below;
use crate::println;

/// Runs the cases whose names contain `filter`, in the order of their names. What they leave to chance
/// follows from `seed`.
pub(super) fn main(filter: Option<&str>, seed: u64) -> Result<Exit, Usage> {
    cases::set_seed(seed);
    let chosen = choose(filter)?;
    let mut failed = Vec::new();
    for case in &chosen {
        if !passes(case) {
            failed.push(case.name);
        }
    }
    let (all, failures) = (chosen.len() as u32, failed.len() as u32);
    println!();
    println!("cases: {} of {all} hold", all - failures);
    for name in failed {
        println!("does not hold: {name}");
    }
    com2::record(&Record::Summary(Summary { passed: all - failures, failed: failures }));
    Ok(if failures == 0 { Exit::Success } else { Exit::Unexpected })
}

/// A frame of its own: the room that the list has left while it grew is nothing to the cases.
#[inline(never)]
fn choose(filter: Option<&str>) -> Result<Vec<&'static Case>, Usage> {
    let Some(filter) = filter else { return Ok(sorted(|case| !case.hidden)) };
    // A hidden case is asked for by its name, or by that of its group if all of them are hidden, or in any
    // way in which no other case is.
    let group_is_hidden = is_hidden_group(filter);
    let usual = |case: &Case| {
        let is_of_it = group_is_hidden && group(case) == filter;
        filter == case.name || is_of_it || !case.hidden && case.name.contains(filter)
    };
    let mut chosen = sorted(usual);
    if chosen.is_empty() {
        chosen = sorted(|case| case.name.contains(filter));
    }
    match chosen.is_empty() {
        true => Err(Usage::new(format!(
            "no case has '{filter}' in its name; test without a filter names nearly all of them"
        ))),
        false => Ok(chosen),
    }
}

/// The cases for which `wanted` says so, in the order of their names.
fn sorted(wanted: impl Fn(&Case) -> bool) -> Vec<&'static Case> {
    let mut chosen: Vec<&Case> = Vec::new();
    // Each into its place: the code of a sort would be larger than the rest of this file.
    for case in cases::all().iter().filter(|case| wanted(case)) {
        chosen.insert(chosen.partition_point(|other| other.name < case.name), case);
    }
    chosen
}

/// Whether there are cases whose names begin with `group`, and all of them are hidden.
fn is_hidden_group(group: &str) -> bool {
    let mut cases = cases::all().iter().filter(|case| self::group(case) == group).peekable();
    cases.peek().is_some() && cases.all(|case| case.hidden)
}

/// What a case's name begins with.
fn group(case: &Case) -> &'static str {
    case.name.split_once("::").map_or(case.name, |(group, _)| group)
}

/// Tries one case and tells how it went, on a stack on which the last one has left nothing.
fn passes(case: &Case) -> bool {
    clear_stack_below();
    try_and_tell(case)
}

/// A frame of its own, so that what was said of the last case does not lie about in the caller's.
#[inline(never)]
fn try_and_tell(case: &Case) -> bool {
    let message = (case.run)().err().unwrap_or_default();
    let ok = message.is_empty();
    match ok {
        true => println!("{} ... ok", case.name),
        false => println!("{} ... FAILED: {message}", case.name),
    }
    com2::record(&Record::Case(Report { name: case.name.to_string(), ok, message }));
    ok
}
