//! The catalogue of races: what is cited is there, and each race says where it can be seen.

use std::collections::BTreeSet;

use kcore::experiment;
use kcore::races::{ALL, find};

#[test]
fn the_numbers_rise_and_one_is_not_given() {
    let ids: Vec<_> = ALL.iter().map(|race| race.id.to_string()).collect();
    let numbers = (1..=34).filter(|number| *number != 17);
    assert_eq!(ids, numbers.map(|number| format!("R{number}")).collect::<Vec<_>>());
    assert_eq!(find("r8").map(|race| race.id), Some("R8"));
    assert_eq!(find("scull-leak"), None);
}

#[test]
fn every_race_that_an_experiment_cites_is_there() {
    let cited = experiment::ALL.iter().flat_map(|entry| entry.races.iter().map(|race| (entry.name, race)));
    let strange: Vec<_> = cited.filter(|(_, race)| !ALL.iter().any(|known| known.id == **race)).collect();
    assert_eq!(strange, []);
}

#[test]
fn every_race_names_what_shows_it_or_says_why_nothing_does() {
    for race in ALL {
        assert_eq!(race.shown_by().next().is_none(), race.unshown.is_some(), "{}", race.id);
    }
}

#[test]
fn every_text_is_plain_and_a_sentence() {
    for race in ALL {
        let sentences = [race.interleaving, race.effect, race.proof].into_iter().chain(race.unshown);
        for text in sentences {
            assert!(text.ends_with('.') && !text.contains("  "), "{}: {text}", race.id);
            assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{}: {text}", race.id);
        }
        assert!(!race.title.is_empty() && !race.title.ends_with('.'), "{}", race.id);
        assert!(!race.sources.is_empty(), "{}", race.id);
    }
}

/// A book is cited by the experiments in the same words, so that a reader of one finds the other.
#[test]
fn what_a_race_cites_an_experiment_cites() {
    let cited: BTreeSet<_> = experiment::ALL.iter().flat_map(|entry| entry.sources).copied().collect();
    for race in ALL {
        let strange: Vec<_> = race.sources.iter().filter(|source| !cited.contains(*source)).collect();
        assert!(strange.is_empty(), "{}: {strange:?}", race.id);
    }
}
