//! The machine: everything of Scullery that runs on bare metal.
//!
//! Simple and clear comes before fast and clever; safe code before unsafe; what needs no CPU of its own is in `kcore`.
//!
//! ```text
//! main.rs      kernel_entry, kmain: a list
//! arch         all assembly, ports, MSRs, page tables, APIC, traps, context switch
//! mm           frames, stacks with guards, the heap with its ledger
//! task         tasks, run queues, slices, signals; who is given up, and when nothing can run any more
//! context      in what a CPU runs, and what may not happen to it there
//! time         cycles, and the clock that interrupts at one of them
//! irq          the machine's own device, softirqs, tasklets, timers, work queues
//! oops, estate a task that dies alone, and what becomes of all that it had
//! symbols      functions and source lines of the kernel's own code
//! dev, fs      character devices and modules; the names of everything that can be opened
//! console      COM1 for people, COM2 for machines, the last words
//! machine      this machine as kcore sees it
//! experiments  what the tasks of each experiment do
//! watchdog     who waits for whom, and that it is for ever
//! tty          the terminal on COM1: Ctrl-C, and what programs read and write there
//! process      tasks with a user, open files and system calls
//! shell        the prompt: jobs and commands
//! programs     what the command line names: tour, run, test, bench, fault, matrix, shell
//! cases        in-kernel test cases: the program `test`
//! mishap       deaths on order, for them
//! atomic_fn    a function that can be exchanged: a handler, an action
//! specimen     functions that are there to be disassembled
//! seats        for tasks that come to a probe by themselves, at the prompt
//! hooks, fire  where accesses and lock events arrive; the interrupt that comes at a point
//! stores, held the log of stores to shared memory, and the locks under which they happen
//! ```

#![no_std]
#![cfg(target_os = "none")]

extern crate alloc;

pub mod acpi;
pub mod ap;
pub mod arch;
pub mod atomic_fn;
pub mod boot_chart;
pub mod cases;
pub mod console;
pub mod context;
pub mod dev;
pub mod estate;
pub mod experiments;
mod fault;
pub mod fire;
pub mod frames;
pub mod fs;
pub mod hooks;
pub mod irq;
pub mod kmemleak;
pub mod layout;
pub mod machine;
mod mishap;
pub mod mm;
pub mod oops;
pub mod param;
pub mod process;
pub mod programs;
pub mod seats;
pub mod shell;
pub mod specimen;
pub mod stores;
pub mod symbols;
pub mod task;
pub mod time;
mod trap;
pub mod tty;
pub mod watchdog;
