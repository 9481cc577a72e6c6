//! Signals that end the program. Its machines end first, and then it dies of the signal: when its caller goes
//! on, nothing more is shown and nothing is left.

use std::io;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The machines of this program, whether it works without one, and the signal that has ended them.
struct Machines {
    scripts: Vec<Pid>,
    works: bool,
    ended_by: Option<i32>,
}

static MACHINES: Mutex<Machines> = Mutex::new(Machines { scripts: Vec::new(), works: false, ended_by: None });

/// Heeds the signals, from now on.
pub(crate) fn heed() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || signals.forever().for_each(come));
    Ok(())
}

/// The first one ends the machines; the program dies when the last of them is gone. Another one does not wait
/// for that.
fn come(signal: i32) {
    let mut machines = machines();
    let is_idle = machines.scripts.is_empty() && !machines.works;
    if is_idle || machines.ended_by.is_some() {
        die(signal);
    }
    machines.ended_by = Some(signal);
    machines.scripts.iter().for_each(|script| end(*script));
}

/// Asks a script to end, which takes its machine along. One that is gone already is none to complain of.
pub(crate) fn end(script: Pid) {
    let _ = kill_process(script, Signal::TERM);
}

fn die(signal: i32) {
    // It ends the process, or there is no such signal.
    let _ = emulate_default_handler(signal);
}

fn machines() -> MutexGuard<'static, Machines> {
    MACHINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A script that runs.
#[derive(Debug)]
pub(crate) struct Running(Pid);

impl Running {
    /// The script that `child` is. It is asked to end when a signal has come, or comes.
    pub(crate) fn new(child: &Child) -> Self {
        let script = Pid::from_child(child);
        let mut machines = machines();
        machines.scripts.push(script);
        if machines.ended_by.is_some() {
            end(script);
        }
        Running(script)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut machines = machines();
        machines.scripts.retain(|script| *script != self.0);
        if let Some(signal) = machines.ended_by
            && machines.scripts.is_empty()
        {
            die(signal);
        }
    }
}

/// Work of the program's own, which ends early when a signal comes: what is known by then is told first.
#[derive(Debug)]
pub(crate) struct Work(());

impl Work {
    /// It begins.
    pub(crate) fn begin() -> Self {
        machines().works = true;
        Work(())
    }

    /// Whether no signal has come.
    pub(crate) fn goes_on(&self) -> bool {
        machines().ended_by.is_none()
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let mut machines = machines();
        machines.works = false;
        if let Some(signal) = machines.ended_by {
            die(signal);
        }
    }
}
