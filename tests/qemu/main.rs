//! Whole machines in QEMU.
//!
//! Two run at a time, since each has several CPUs; `--test-threads` says otherwise.

mod bochs;
mod causes;
mod checked;
mod cpu_models;
mod deadlocks;
mod disk;
mod documents;
mod drawn;
mod drivers;
mod exhibits;
mod explored;
mod faults;
mod forced;
mod geometry;
mod input;
mod kernel_cases;
mod lock_order;
mod machines;
mod matrix;
mod memory;
mod no_memory;
mod objects;
mod program;
mod races;
mod repeat;
mod scripts;
mod sessions;
mod shell;
mod words;

use libtest_mimic::Arguments;

/// Machines that run at the same time.
const AT_ONCE: usize = 2;

fn main() {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let trials = [
        races::trials(),
        causes::trials(),
        deadlocks::trials(),
        objects::trials(),
        scripts::trials(),
        exhibits::trials(),
        explored::trials(),
        faults::trials(),
        forced::trials(),
        machines::trials(),
        cpu_models::trials(),
        memory::trials(),
        no_memory::trials(),
        geometry::trials(),
        words::trials(),
        matrix::all(),
        repeat::trials(),
        kernel_cases::trials(),
        lock_order::trials(),
        input::trials(),
        disk::trials(),
        bochs::trials(),
        program::trials(),
        documents::trials(),
        shell::trials(),
        sessions::trials(),
        drawn::trials(),
        checked::trials(),
        drivers::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit();
}
