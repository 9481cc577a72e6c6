//! All orders, made on one CPU: that each is made once, from the same state, and that what is not told is
//! named.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use alloc::format;

use kcore::event::Site;
use kcore::explore::{Driver, Search, Trouble};
use kcore::shared::Shared;

use super::Answer;
use super::case::{holds, same};
use crate::machine::Kernel;
use crate::observe::explorer;

crate::case! {
    "explorer::each-order-once" => each_once;
    "explorer::what-no-task-tells-is-named" => untold;
}

static WORD: Site = Site::new("word");

/// Makes all executions of two tasks that run `body` on a word; calls `judge` with what is in it after each.
fn explore(body: &(dyn Fn(&Shared<u64>, u32) + Sync), judge: &mut dyn FnMut(u64)) -> Result<u64, Trouble> {
    explorer::open(2, explorer::Mode::Apart, Driver::Search(Search::new(2, 2)));
    let mut executions = 0;
    let result = loop {
        if let Err(error) = explorer::begin() {
            break Err(Trouble::Refused(error.into()));
        }
        let word = Shared::new(0);
        let raced = explorer::race(&|who| body(&word, who));
        if raced.is_ok() {
            judge(word.audit());
        }
        executions += 1;
        match explorer::end(|_| Ok(())) {
            Ok(true) => {}
            Ok(false) => break Ok(executions),
            Err(trouble) => break Err(trouble),
        }
    };
    explorer::close();
    result
}

/// Two tasks that load a word and store it, increased: four orders, of which two lose an update.
fn each_once() -> Answer {
    for _ in 0..2 {
        let mut lost = 0;
        let increment = |word: &Shared<u64>, _| {
            let value = word.load::<Kernel>(&WORD);
            word.store::<Kernel>(&WORD, value + 1);
        };
        let executions = explore(&increment, &mut |sum| lost += u64::from(sum < 2));
        same("executions", executions, Ok(4))?;
        same("of which an update was lost", lost, 2)?;
    }
    Ok(())
}

/// A task that does something else in each execution: no verdict of such is worth anything.
fn untold() -> Answer {
    let made = AtomicU64::new(0);
    let body = |word: &Shared<u64>, who| {
        if who == 0 && made.fetch_add(1, Relaxed) > 0 {
            word.store::<Kernel>(&WORD, 1);
        }
        word.load::<Kernel>(&WORD);
        word.store::<Kernel>(&WORD, 2);
    };
    let result = explore(&body, &mut |_| {});
    holds("it is named", matches!(result, Err(Trouble::Diverged(_))))
        .map_err(|why| format!("{why}: {result:?}"))
}
