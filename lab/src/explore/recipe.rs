//! A replay string, as it is typed: itself, or a file that has it.

use std::path::PathBuf;
use std::{fs, io};

use kcore::explore::account::WIDTH;
use kcore::explore::{Recipe, account, hash};

use crate::status::Failure;
use crate::workspace;

/// What a user has given: a string, or `@` and the file that has one.
pub fn given(text: &str) -> Result<Recipe, Failure> {
    let unreadable = |file: &str, why: io::Error| {
        Failure::usage(format!("the file '{file}' of a replay string cannot be read: {why}"))
    };
    let kept =
        text.strip_prefix('@').map(|file| fs::read_to_string(file).map_err(|why| unreadable(file, why)));
    let string = kept.transpose()?;
    let string = string.as_deref().unwrap_or(text);
    string.parse().map_err(|why| Failure::usage(format!("{why} (try explore)")))
}

/// What makes it again, as it is typed. A string that is too long for two lines is kept in a file.
pub(super) fn again(string: &str) -> String {
    let line = account::again(string);
    let kept = (line.len() > 2 * WIDTH).then(|| keep(string));
    match kept {
        Some(Ok(file)) => {
            let characters = string.len();
            account::again(&format!("@{} (a string of {characters} characters)", file.display()))
        }
        _ => line,
    }
}

fn keep(string: &str) -> Result<PathBuf, Failure> {
    let directory = workspace::root()?.join("target/replays");
    let experiment = string.split(':').next().unwrap_or_default();
    let file = directory.join(format!("{experiment}-{:016x}", hash(string.as_bytes())));
    let lost = |error: io::Error| Failure::usage(format!("'{}' cannot be written: {error}", file.display()));
    fs::create_dir_all(&directory).and_then(|()| fs::write(&file, format!("{string}\n"))).map_err(lost)?;
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| file.strip_prefix(here).map(PathBuf::from).ok());
    Ok(below.unwrap_or(file))
}

#[cfg(test)]
mod tests {
    use kcore::experiment::ALL;
    use kcore::explore::MemoryModel;
    use kcore::settings::Policy;

    use super::super::choice::Choice;
    use super::*;

    /// Of each cell of the catalogue that is raced: what is typed has room in two lines, and what is read of
    /// it makes the same execution again, whatever it ends in.
    #[test]
    fn each_string_fits_two_lines_and_makes_the_same_again() {
        let mut verdicts = std::collections::BTreeSet::new();
        let forms = ALL.iter().copied().flat_map(|entry| entry.locks().map(move |form| (entry, form)));
        for (entry, form) in forms {
            for model in [MemoryModel::Sc, MemoryModel::Tso] {
                let choice = Choice::smallest(entry, form, model).unwrap();
                if choice.subject().is_err() {
                    continue;
                }
                let account = super::super::all(&choice).unwrap();
                let Some(replay) = &account.shortest else { continue };
                let recipe = choice.recipe(&replay.made);
                let again = again(&recipe.to_string());
                assert!(again.ends_with(&recipe.to_string()) && again.len() <= 2 * WIDTH, "{again}");
                assert_eq!(given(&recipe.to_string()).as_ref(), Ok(&recipe));
                let choice = Choice::of_recipe(&recipe, recipe.settings()).unwrap();
                let repeated = super::super::made(&choice, &recipe.schedule, Policy::RoundRobin).unwrap();
                assert_eq!((repeated.end, repeated.parted), (replay.end, None), "{recipe}");
                verdicts.insert(repeated.end.verdict.word());
            }
        }
        assert_eq!(
            verdicts.into_iter().collect::<Vec<_>>(),
            ["deadlock", "invalid-context", "raced", "stuck"]
        );
    }
}
