//! Who decides which task goes on, and why an execution may say nothing.

use alloc::boxed::Box;
use alloc::string::String;

use super::bounded::Bounded;
use super::follow::Follow;
use super::search::{Divergence, Next, Search, Want};
use super::trace::Trace;
use crate::experiment::Refusal;

/// Who decides which task goes on.
#[derive(Debug)]
pub enum Driver {
    /// All executions are made.
    Search(Search),
    /// Those with few preemptions are, first.
    Bounded(Bounded),
    /// One is.
    Follow(Follow),
}

impl Driver {
    /// An execution begins: with all steps of the [trace](Driver::trace) that there is already, if it says
    /// so.
    pub fn begin(&mut self) -> bool {
        match self {
            Driver::Search(search) => {
                search.begin();
                !search.trace().is_empty()
            }
            Driver::Bounded(bounded) => {
                bounded.begin();
                !bounded.trace().is_empty()
            }
            Driver::Follow(_) => false,
        }
    }

    /// These were made.
    pub fn repeated(&mut self) {
        match self {
            Driver::Search(search) => search.repeated(search.trace().len()),
            Driver::Bounded(bounded) => bounded.repeated(),
            Driver::Follow(_) => {}
        }
    }

    /// See [`Search::next`], [`Bounded::next`] and [`Follow::next`].
    ///
    /// # Errors
    /// See [`Search::next`].
    pub fn next(&mut self, pending: &[Option<Want>], last: Option<u8>) -> Result<Next, Box<Divergence>> {
        match self {
            Driver::Search(search) => search.next(pending, last),
            Driver::Bounded(bounded) => bounded.next(pending, last),
            Driver::Follow(follow) => Ok(follow.next(pending, last)),
        }
    }

    /// All tasks have waited for each other.
    pub fn barrier(&mut self) {
        match self {
            Driver::Search(search) => search.barrier(),
            Driver::Bounded(bounded) => bounded.barrier(),
            Driver::Follow(follow) => follow.barrier(),
        }
    }

    /// The steps of the execution.
    #[inline]
    pub fn trace(&self) -> &Trace {
        match self {
            Driver::Search(search) => search.trace(),
            Driver::Bounded(bounded) => bounded.trace(),
            Driver::Follow(follow) => follow.trace(),
        }
    }
}

/// Why an execution says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It did not go on like the one that it was to be like.
    Diverged(Divergence),
    /// All that could be done was done before: the search has made an execution in vain.
    Redundant,
    /// It went wrong once, and not when it was made again.
    Unrepeated,
    /// The body does what is not explored here.
    Cannot(&'static str),
    /// The account does not hold.
    Account(String),
    /// The run could not be made.
    Refused(Refusal),
}
