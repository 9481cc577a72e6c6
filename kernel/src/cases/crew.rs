//! A task on each CPU.

use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::arch::smp;
use crate::task::{self, JoinHandle};

/// Starts `body` as a task on `cpu`.
pub(super) fn start(cpu: u32, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle, String> {
    task::spawn("case", cpu, body).map_err(|error| format!("a task could not be started: {error:?}"))
}

/// Runs `body(number)` in `tasks` tasks, dealt out over the CPUs, and waits for all.
pub(super) fn run(tasks: u32, body: impl Fn(u32) + Send + Sync + 'static) -> Result<(), String> {
    run_shared(tasks, Arc::new(body))
}

/// [`run`], which is in the kernel once, whatever the bodies are.
fn run_shared(tasks: u32, body: Arc<dyn Fn(u32) + Send + Sync>) -> Result<(), String> {
    let started: Vec<_> = (0..tasks)
        .map(|number| {
            let body = Arc::clone(&body);
            start(number % smp::cpus(), move || body(number))
        })
        .collect();
    started.into_iter().try_for_each(|task| task.map(|task| _ = task.join()))
}

/// Runs `body(cpu)` on each CPU and waits for all; returns how many said yes.
pub(super) fn count(body: impl Fn(u32) -> bool + Send + Sync + 'static) -> Result<u32, String> {
    let yes = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&yes);
    run(smp::cpus(), move |cpu| {
        counted.fetch_add(u32::from(body(cpu)), Relaxed);
    })?;
    Ok(yes.load(Relaxed))
}
