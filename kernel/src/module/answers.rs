//! What the calls of an execution have answered, to be held against what whole calls answer: each made while no
//! other is under way, but for one that sleeps ([decision
//! 59](../../../docs/decisions/0059-answers-are-held-against-those-of-whole-calls.md)).

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::class;
use kcore::errno::Errno;
use kcore::probe::Name;
use kcore::sort;

use crate::machine::SpinLock;
use crate::observe::explorer;

/// What one call has answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    who: u8,
    call: &'static str,
    result: Result<usize, Errno>,
    /// What was read.
    data: Vec<u8>,
}

/// Calls are answered in an execution of which it is to be known.
static ARE_KEPT: AtomicBool = AtomicBool::new(false);
/// What was answered depends on what is another in each execution.
static VARY: AtomicBool = AtomicBool::new(false);
/// In the order in which the calls have ended.
static ANSWERS: SpinLock<Vec<Answer>> = SpinLock::new(class!("answers of a driver"), Vec::new());

/// What calls answer is kept from now on, or it is not.
pub fn keep(on: bool) {
    ARE_KEPT.store(on, Relaxed);
    take();
}

/// The answers of the execution that was made, those of each part in their order. Nothing where they can be
/// others the next time, or say that a call has found another under way.
pub fn take() -> Option<Vec<Answer>> {
    let mut answers = core::mem::take(&mut *ANSWERS.lock_irqsave());
    sort::few(&mut answers, |a, b| a.who < b.who);
    let vary = VARY.swap(false, Relaxed) || explorer::was_tried_in_vain();
    (!vary).then_some(answers)
}

/// What the running call answers can be something else in an execution that is the same but for that.
pub(super) fn vary() {
    VARY.store(true, Relaxed);
}

/// A call begins, and then `call` is made. What was read of `into` is a part of what it answers.
pub(super) fn of_call(
    name: &'static str,
    call: impl FnOnce() -> Result<usize, Errno>,
    read: impl FnOnce(usize) -> Vec<u8>,
) -> Result<usize, Errno> {
    explorer::rest();
    let result = call();
    if let Some(who) = explorer::running().filter(|_| ARE_KEPT.load(Relaxed)) {
        explorer::unheard(|| {
            let data = result.map_or_else(|_| Vec::new(), read);
            ANSWERS.lock_irqsave().push(Answer { who, call: name, result, data });
        });
        let is_of_another = matches!(result, Err(Errno::EBUSY | Errno::EAGAIN | Errno::EINTR));
        if is_of_another && name != "open" {
            vary();
        }
    }
    result
}

/// What each part was answered: `A: open, read 4 "abc"; B: open -EBUSY`.
pub fn told(answers: &[Answer]) -> String {
    const SHOWN: usize = 24;
    let mut text = String::new();
    for part in answers.chunk_by(|answer, other| answer.who == other.who) {
        let before = if text.is_empty() { "" } else { "; " };
        let _ = write!(text, "{before}{}:", Name(part[0].who));
        for (at, Answer { call, result, data, .. }) in part.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let _ = match result {
                Ok(_) if matches!(*call, "open" | "llseek") => write!(text, "{comma} {call}"),
                Ok(count) => write!(text, "{comma} {call} {count}"),
                Err(errno) => write!(text, "{comma} {call} -{}", errno.name()),
            };
            if !data.is_empty() {
                let more = if data.len() > SHOWN { "..." } else { "" };
                let _ = write!(text, " \"{}\"{more}", data[..data.len().min(SHOWN)].escape_ascii());
            }
        }
    }
    text
}
