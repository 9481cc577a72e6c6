//! docs/TWIN.md and the tests say the same.

use std::collections::BTreeSet;

use kcore::experiment::find;
use kcore::races;

use crate::proof;

const TABLE: &str = include_str!("../../../docs/TWIN.md");

/// A row: race, verdict, tests or exhibits, reason.
fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let cells = |line: &'static str| -> Vec<_> { line.trim_matches('|').split('|').map(str::trim).collect() };
    let rows = TABLE.lines().filter(|line| line.starts_with("| R"));
    rows.map(move |line| cells(line).try_into().unwrap_or_else(|_| panic!("not four cells: {line}")))
}

/// What stands in backquotes, and the word after it.
fn named(cell: &str) -> Vec<(String, String)> {
    let parts = cell.split(", ").filter_map(|part| part.strip_prefix('`')?.split_once('`'));
    parts.map(|(name, code)| (name.to_string(), code.trim().to_string())).collect()
}

#[test]
fn every_race_has_a_row_and_a_reason() {
    let races: Vec<_> = rows().map(|[race, ..]| race).collect();
    assert_eq!(races, races::ALL.iter().map(|race| race.id).collect::<Vec<_>>());
    for [race, verdict, _, reason] in rows() {
        let verdicts = ["does not compile", "in part", "still possible", "not about memory"];
        assert!(verdicts.contains(&verdict), "{race}: {verdict}");
        assert!(reason.ends_with('.'), "{race}: no reason");
    }
}

/// What a row says is refused is a test with that error about that race, and the other way round.
#[test]
fn the_rows_name_the_tests_and_the_tests_the_rows() {
    let said: BTreeSet<_> = rows()
        .flat_map(|[race, _, cell, _]| named(cell).into_iter().map(move |(name, code)| (race, name, code)))
        .filter(|(_, _, code)| !code.is_empty())
        .map(|(race, name, code)| (race.to_string(), name, code))
        .collect();
    let proofs = proof::all();
    let tested: BTreeSet<_> = proofs
        .iter()
        .flat_map(|proof| {
            proof.races.iter().map(|race| (race.clone(), proof.name.clone(), proof.code.clone()))
        })
        .collect();
    assert_eq!(said, tested);
    for [race, verdict, cell, _] in rows() {
        let has_test = named(cell).iter().any(|(_, code)| !code.is_empty());
        assert_eq!(has_test, ["does not compile", "in part"].contains(&verdict), "{race}");
    }
}

/// What a row says is possible can be seen: the exhibit is in the catalogue and about that race.
#[test]
fn the_exhibits_that_are_named_show_the_race() {
    for [race, _, cell, _] in rows() {
        for (name, _) in named(cell).iter().filter(|(_, code)| code.is_empty()) {
            let entry = find(name).unwrap_or_else(|usage| panic!("{race}: {usage}"));
            assert!(entry.races.contains(&race), "{name} is not about {race}");
        }
    }
}
