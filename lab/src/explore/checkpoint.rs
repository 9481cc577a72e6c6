//! What is known and what is still to be made, in a file.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::time::Instant;

use kcore::explore::{Frontier, Schedule, Survey, hash};
use kcore::host::explored::Subject;
use object::Object;
use serde::{Deserialize, Serialize};

use super::choice::Choice;
use super::no_room;
use crate::status::Failure;

/// Parts among which the shards are dealt out, for each of them.
const PARTS: usize = 64;

/// What is known of an experiment, and what is still to be made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Of which experiment, in which form and sizes: a [`Recipe`] of no steps.
    pub(super) what: String,
    /// The program that has written it: another may make other steps.
    build: String,
    /// Which part of it, if not all.
    shard: Option<Shard>,
    /// How long it took.
    pub(super) seconds: f64,
    pub(super) survey: Survey,
    pub(super) frontier: Frontier,
}

/// A part of what was to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shard {
    /// From 1.
    number: usize,
    of: usize,
    /// A check of what it is a part of.
    whole: String,
}

impl Checkpoint {
    /// Nothing is known.
    pub(super) fn new(choice: &Choice) -> Self {
        Checkpoint {
            what: choice.recipe(&Schedule::default()).to_string(),
            build: String::new(),
            shard: None,
            seconds: 0.0,
            survey: Survey::default(),
            frontier: Frontier::whole(),
        }
    }

    /// What `file` says; [`None`] when there is no such file.
    pub(super) fn read(file: &Path) -> Result<Option<Self>, Failure> {
        let wrong =
            |why: String| Failure::usage(format!("'{}' {why} (try explore --resume)", file.display()));
        let open = match File::open(file) {
            Ok(open) => open,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(format!("cannot be read: {error}"))),
        };
        let checkpoint: Checkpoint = serde_json::from_reader(BufReader::new(open))
            .map_err(|error| wrong(format!("is not what explore --resume writes: {error}")))?;
        match checkpoint.build == build()? {
            true => Ok(Some(checkpoint)),
            false => Err(wrong("was written by another build, whose steps may be others".to_string())),
        }
    }

    /// As [`Checkpoint::read`], where there must be such a file.
    pub(super) fn expect(file: &Path) -> Result<Self, Failure> {
        Self::read(file)?.ok_or_else(|| Failure::usage(format!("there is no file '{}'", file.display())))
    }

    /// The same of `choice`.
    pub(super) fn of(self, choice: &Choice, file: &Path) -> Result<Self, Failure> {
        let wanted = choice.recipe(&Schedule::default()).to_string();
        match self.what == wanted {
            true => Ok(self),
            false => Err(Failure::usage(format!(
                "'{}' is of {}, and not of {wanted}: give the same sizes",
                file.display(),
                self.what
            ))),
        }
    }

    /// Writes it to `file`, all or nothing.
    pub(super) fn write(&mut self, file: &Path) -> Result<(), Failure> {
        if self.build.is_empty() {
            self.build = build()?;
        }
        let lost = |error: std::io::Error| {
            Failure::usage(format!("'{}' cannot be written: {error}", file.display()))
        };
        let directory =
            file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let new = tempfile::NamedTempFile::new_in(directory).map_err(lost)?;
        let mut to = BufWriter::new(&new);
        serde_json::to_writer(&mut to, self).map_err(|error| lost(error.into()))?;
        to.flush().map_err(lost)?;
        drop(to);
        new.as_file().sync_all().map_err(lost)?;
        new.persist(file).map_err(|error| lost(error.error))?;
        Ok(())
    }

    /// Shard `number` of `of` of it: each makes the same first executions, of which the first shard keeps the
    /// count.
    pub(super) fn shard(mut self, subject: &Subject<'_>, number: usize, of: usize) -> Result<Self, Failure> {
        if self.shard.is_some() {
            return Err(Failure::usage(
                "what is a shard already has no shards: merge them first".to_string(),
            ));
        }
        let whole = serde_json::to_string(&(&self.survey, &self.frontier))
            .map_err(|error| Failure::dead(error.to_string()))?;
        let began = Instant::now();
        subject.divide(&mut self.survey, &mut self.frontier, PARTS * of).ok_or_else(no_room)?;
        self.frontier.keep(number - 1, of);
        self.seconds += began.elapsed().as_secs_f64();
        if number > 1 {
            (self.survey, self.seconds) = (Survey { trouble: self.survey.trouble, ..Survey::default() }, 0.0);
        }
        self.survey.complete = false;
        self.shard = Some(Shard { number, of, whole: format!("{:016x}", hash(whole.as_bytes())) });
        Ok(self)
    }

    /// Which part it is, of how many.
    pub(super) fn part(&self) -> Option<(usize, usize)> {
        self.shard.as_ref().map(|shard| (shard.number, shard.of))
    }

    /// What all shards have made together, and what is still to be made.
    pub(super) fn merged(all: Vec<Checkpoint>) -> Result<Self, Failure> {
        let wrong = |why: String| Failure::usage(format!("{why} (try explore --shard)"));
        let Some((what, Some(first))) = all.first().map(|first| (first.what.clone(), first.shard.clone()))
        else {
            return Err(wrong("a file is of no shard".to_string()));
        };
        for other in &all {
            let fits = |shard: &Shard| (shard.of, &shard.whole) == (first.of, &first.whole);
            if other.what != what || !other.shard.as_ref().is_some_and(fits) {
                return Err(wrong("not all files are shards of the same".to_string()));
            }
        }
        for number in 1..=first.of {
            let mut same = all.iter().filter(|shard| shard.part().is_some_and(|part| part.0 == number));
            let Some(shard) = same.next() else {
                return Err(wrong(format!("shard {number}/{} is missing", first.of)));
            };
            if shard.frontier.parts() > 0 {
                return Err(wrong(format!("shard {number}/{} is not made to its end", first.of)));
            }
            if same.next().is_some() {
                return Err(wrong(format!("shard {number}/{} is there twice", first.of)));
            }
        }
        let frontiers: Vec<Frontier> = all.iter().map(|shard| shard.frontier.clone()).collect();
        let mut merged = Checkpoint { frontier: Frontier::merged(&frontiers), shard: None, ..all[0].clone() };
        for shard in all.into_iter().skip(1) {
            merged.seconds += shard.seconds;
            merged.survey.add(shard.survey);
        }
        merged.survey.complete = merged.frontier.is_empty();
        Ok(merged)
    }
}

/// What tells this program from others.
fn build() -> Result<String, Failure> {
    let unreadable = |error: std::io::Error| Failure::dead(format!("this program cannot be read: {error}"));
    let bytes = fs::read(std::env::current_exe().map_err(unreadable)?).map_err(unreadable)?;
    let file = object::File::parse(&*bytes).ok();
    match file.and_then(|file| file.build_id().ok().flatten().map(<[u8]>::to_vec)) {
        Some(id) => Ok(id.iter().map(|byte| format!("{byte:02x}")).collect()),
        None => Ok(format!("{:016x}", hash(&bytes))),
    }
}
