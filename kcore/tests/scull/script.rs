//! Tasks that pass the points of a script in its order and in no other.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use kcore::event::{Access, Event, Kinds, What};
use kcore::host::{Host, Listener};

use crate::Scull;

thread_local! {
    /// The letter by which the script knows this task.
    static LETTER: Cell<Option<char>> = const { Cell::new(None) };
}

/// The steps of a script. A step is over when its task arrives at its next point or ends, so the access
/// itself has been made.
struct Script {
    steps: Vec<(char, String)>,
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Default)]
struct Progress {
    /// How many steps are over.
    over: usize,
    /// Whether the step after those is being made.
    running: bool,
}

impl Script {
    fn new(steps: &str) -> Self {
        let step = |step: &str| {
            let (letter, point) = step.split_once('.').unwrap();
            (letter.parse().unwrap(), point.to_string())
        };
        let steps = steps.split_whitespace().map(step).collect();
        Script { steps, progress: Mutex::default(), changed: Condvar::new() }
    }

    /// The task has arrived at a point, or at its end: the step that it was making is over.
    fn arrive(&self, letter: char) {
        let mut progress = self.progress.lock().unwrap();
        if progress.running && self.steps[progress.over].0 == letter {
            *progress = Progress { over: progress.over + 1, running: false };
            self.changed.notify_all();
        }
    }

    /// Waits at the very beginning until the task's first step is next: what it does before that step may
    /// depend on the steps of others.
    fn start(&self, letter: char) {
        if let Some(first) = self.steps.iter().position(|(whose, _)| *whose == letter) {
            drop(self.wait_for(first, self.progress.lock().unwrap()));
        }
    }

    /// Waits for the turn of the task's next step, if this is it.
    fn pass(&self, letter: char, access: &Access) {
        let progress = self.progress.lock().unwrap();
        let rest = self.steps.iter().enumerate().skip(progress.over);
        let mine = rest.into_iter().find(|(_, (whose, _))| *whose == letter);
        let Some((number, _)) = mine.filter(|(_, (_, point))| access.is(point)) else { return };
        self.wait_for(number, progress).running = true;
    }

    /// Waits until step `number` is next.
    fn wait_for<'s>(&'s self, number: usize, progress: MutexGuard<'s, Progress>) -> MutexGuard<'s, Progress> {
        let turn = |progress: &mut Progress| progress.over != number || progress.running;
        let (progress, waited) =
            self.changed.wait_timeout_while(progress, Duration::from_secs(30), turn).unwrap();
        assert!(!waited.timed_out(), "step {number} never came: step {} was not made", progress.over);
        progress
    }
}

impl Listener for Script {
    fn on(&self, event: &Event) {
        let What::Access(access) = event.what else { return };
        if let Some(letter) = LETTER.get() {
            self.arrive(letter);
            self.pass(letter, &access);
        }
    }
}

/// What a task of a race does.
pub(crate) type Task<'t> = Box<dyn FnOnce(&Scull) + Send + 't>;

/// Runs the tasks A, B, ... in the order of the script, to their ends, and checks that every step was made.
pub(crate) fn play(host: &Host, device: &Scull, steps: &str, tasks: Vec<Task<'_>>) {
    let script = Arc::new(Script::new(steps));
    host.listen(Kinds::POINTS_AND_LOCKS, script.clone());
    host.scope(|scope| {
        for (letter, task) in ('A'..).zip(tasks) {
            let script = script.clone();
            scope.spawn(move || {
                LETTER.set(Some(letter));
                script.start(letter);
                task(device);
                script.arrive(letter);
            });
        }
    });
    host.listen(Kinds::empty(), script.clone());
    assert_eq!(script.progress.lock().unwrap().over, script.steps.len(), "not every step was made");
}
