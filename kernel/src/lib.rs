//! The machine: everything of Scullery that runs on bare metal.
//!
//! Simple and clear comes before fast and clever; safe code before unsafe; what needs no CPU of its own is in
//! `kcore`.
//!
//! The rooms. Each knows only those below it in this list, and those with a bar beside them know each other.
//! A test (`tests/layers.rs`) reads the list and every path in these files, and fails on an arrow that runs
//! up.
//!
//! ```text
//! main            kernel_entry, kmain: a list
//! trap            the way from a vector to its handler
//!
//! cases         | in-kernel test cases: the program `test`
//! programs      | what the command line names: tour, run, test, bench, fault, matrix, shell
//! shell         | the prompt: jobs and commands
//!
//! estate          what becomes of all that a dead task had
//! experiments     what the tasks of each experiment do
//! tty             the terminal on COM1: what is typed, Ctrl-C, and what programs read and write there
//! process         tasks with a user, open files and system calls
//!
//! module          drivers in C: the loader, and what they may call
//!
//! fs            | the names of everything that can be opened
//! dev           | character devices and modules
//!
//! kmemleak        the world stopped, its memory searched, the report
//! oops            a task that dies alone, and the last words of the machine
//!
//! observe         what is heard of: which tasks may go on and which wait, the stores
//!
//! specimen        functions that are there to be disassembled
//! mishap          deaths on order, for test cases
//! fault           faults on order
//! symbols         functions and source lines of the kernel's own code
//! boot_chart      how long each phase of the boot took
//! ap              the start of the other CPUs
//! acpi            the firmware's list of CPUs
//!
//! task          | tasks, run queues, slices, signals; which are given up, and which may die alone
//! irq           | the machine's own device, softirqs, tasklets, timers, work queues
//! context       | in what a CPU runs, and what may not happen to it there
//!
//! time            cycles, and the clock that interrupts at one of them
//! console         lines and the screen on COM1 for people, COM2 for machines
//! mm              stacks with guards, the walk along their frames, the heap with its ledger
//!
//! arch            all assembly, ports, MSRs, page tables, APIC, vectors, context switch
//! frames          physical memory
//!
//! machine         this machine as kcore sees it: the type, and the locks of kcore made for it
//! atomic_fn       a function that can be exchanged: a handler, a listener in a higher room
//! layout          where everything lies in the address space
//! param           limits
//! ```

#![no_std]
#![cfg(target_os = "none")]
#![cfg_attr(not(feature = "cases"), expect(dead_code, unused_imports, reason = "some is for the test cases"))]

extern crate alloc;

pub mod acpi;
pub mod ap;
pub mod arch;
pub mod atomic_fn;
pub mod boot_chart;
#[cfg(feature = "cases")]
pub mod cases;
pub mod console;
pub mod context;
pub mod dev;
pub mod estate;
pub mod experiments;
mod fault;
pub mod frames;
pub mod fs;
pub mod irq;
pub mod kmemleak;
pub mod layout;
pub mod machine;
mod mishap;
pub mod mm;
pub mod module;
pub mod observe;
pub mod oops;
pub mod param;
pub mod process;
pub mod programs;
pub mod shell;
pub mod specimen;
pub mod symbols;
pub mod task;
pub mod time;
mod trap;
pub mod tty;
