//! The words and tables that `run` and `tour` share.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use kcore::counted::Counted;
use kcore::errno::Errno;
use kcore::experiment::find;
use kcore::machine::Kind;
use kcore::report::{Boot, LockStats, Record, Run, Step, place};
use kcore::settings::{Config, Expect, MachineSettings, Probe, RunSettings, Scope, Usage};

use crate::arch::apic;
use crate::console::com2;
use crate::experiments::leaks::{FIRST_BYTES, Lost};
use crate::experiments::{Outcome, Refusal};
use crate::observe::{Seen, Witness};
use crate::oops::frames;
use crate::println;

/// Columns that every terminal has.
pub(super) const NARROW: usize = 80;
/// Leaked blocks that `run` describes.
const LEAKS_OF_A_RUN: usize = 3;

/// The machine and its boot. The version was the kernel's first line.
pub(super) fn boot_lines(boot: &Boot) {
    let Boot { door, machine, accel, cpus, cpus_expected, .. } = boot;
    let memory = boot.memory_bytes >> 20;
    let apic = apic::form();
    let of = Of { have: *cpus, want: *cpus_expected };
    let built = if Config::OURS == Config::Full { "" } else { Config::OURS.word() };
    let parted = if built.is_empty() { "" } else { ", built as " };
    println!("{machine} ({accel}), entered by {door}: {of}, {apic}, {memory} MiB{parted}{built}");
    println!("{}", Chart(boot));
}

/// `4 CPUs`, or `3 of 4 CPUs`.
struct Of {
    have: u32,
    want: u32,
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.have != self.want {
            write!(f, "{} of ", self.have)?;
        }
        write!(f, "{}", Counted(self.want.into(), "CPU"))
    }
}

/// The boot chart.
struct Chart<'a>(&'a Boot);

impl fmt::Display for Chart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let boot = self.0;
        let all: u64 = boot.phases.iter().map(|phase| phase.cycles).sum();
        write!(f, "up in {}:", Time::new(all, boot.tsc_hz))?;
        for (index, phase) in boot.phases.iter().enumerate() {
            // Three to a line, so that it has room however long they took.
            let comma = ["", ",", ",\n "][usize::from(index > 0) + usize::from(index > 0 && index % 3 == 0)];
            write!(f, "{comma} {} {}", phase.name, Time::new(phase.cycles, boot.tsc_hz))?;
        }
        Ok(())
    }
}

/// A span of time, in the unit that suits it; in cycles when no clock was there to measure the CPU's with.
pub(super) struct Time {
    cycles: u64,
    hz: u64,
}

impl Time {
    pub(super) fn new(cycles: u64, hz: u64) -> Self {
        Time { cycles, hz }
    }

    fn microseconds(&self) -> Option<u64> {
        (u128::from(self.cycles) * 1_000_000).checked_div(self.hz.into()).map(|us| us as u64)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = heapless::String::<32>::new();
        let _ = match self.microseconds() {
            None => fmt::write(&mut text, format_args!("{} cycles", self.cycles)),
            Some(us @ 0..10_000) => {
                fmt::write(&mut text, format_args!("{}.{:02} ms", us / 1000, us % 1000 / 10))
            }
            Some(us) => fmt::write(&mut text, format_args!("{}.{} ms", us / 1000, us % 1000 / 100)),
        };
        f.pad(&text)
    }
}

/// A number of bytes, in the unit that suits it (powers of 1000, as disks and books count).
pub(super) struct Bytes(pub(super) u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = heapless::String::<32>::new();
        let tenths = |unit: u64| (self.0 / unit, self.0 % unit * 10 / unit);
        let _ = match self.0 {
            bytes @ 0..10_000 => fmt::write(&mut text, format_args!("{bytes} B")),
            10_000..1_000_000 => fmt::write(&mut text, format_args!("{} kB", tenths(1000).0)),
            _ => fmt::write(&mut text, format_args!("{}.{} MB", tenths(1_000_000).0, tenths(1_000_000).1)),
        };
        f.pad(&text)
    }
}

/// Megabytes a second, if there is a whole one. Of a run in which a probe has tasks wait, the rate would say
/// how long they waited.
fn megabytes_a_second(run: &Run, boot: &Boot) -> Option<u64> {
    if run.probe != Probe::Off.to_string() {
        return None;
    }
    let microseconds = Time::new(run.cycles, boot.tsc_hz).microseconds()?;
    run.bytes_written.checked_div(microseconds).filter(|rate| *rate > 0)
}

/// The same, in a column.
pub(super) fn rate(run: &Run, boot: &Boot) -> String {
    megabytes_a_second(run, boot).map_or_else(|| "-".into(), |rate| format!("{rate}"))
}

/// A run that could not be made is a mistake in its words.
pub(super) fn refused(refusal: Refusal, settings: &RunSettings) -> Usage {
    Usage::new(match refusal {
        Refusal::Device(Errno::EBUSY) => {
            "the devices of a loaded module are in the way: rmmod it first".into()
        }
        Refusal::Device(errno) => {
            let RunSettings { quantum, qset, .. } = settings;
            format!("scull0 with quantum={quantum} qset={qset}: {errno}")
        }
        // No user is told: the shell's `run` comes to its end without a word, and no task signals the
        // machine's own program.
        Refusal::Interrupted => "it was interrupted".into(),
        Refusal::Stopped => unreachable!("a run that was stopped has a verdict"),
        Refusal::NoMemory => {
            "there is not enough memory for it; give the machine more: memory=, or the heap: heap=".into()
        }
        Refusal::Stacks => "no memory for the tasks' stacks; give the machine more: memory=".into(),
        Refusal::Tasks(why) => format!("the tasks could not be started: {why}"),
    })
}

/// Everything that COM2 is to hear of an outcome but the summary.
pub(super) fn emit(outcome: &Outcome) {
    for lost in &outcome.lost {
        com2::record(&Record::Leak(lost.report()));
    }
    for step in &outcome.steps {
        com2::record(&Record::Step(step.clone()));
    }
    for wait in outcome.stopped.iter().flat_map(|stopped| &stopped.waits) {
        com2::record(&Record::Wait(wait.clone()));
    }
    if let Some(oops) = outcome.stopped.as_ref().and_then(|stopped| stopped.oops.as_ref()) {
        com2::record(&Record::Oops(oops.clone()));
    }
    if let Some(stats) = &outcome.lock {
        com2::record(&Record::Lock(stats.clone()));
    }
    com2::record(&Record::Run(outcome.run.clone()));
}

/// The account, as a table, and what else went wrong.
pub(super) fn counts(outcome: &Outcome) {
    let run = &outcome.run;
    if run.allocated.total() > 0 {
        println!("{:<12}{:>10}{:>10}{:>10}", "", "node", "array", "quantum");
        let rows = [
            ("allocated", run.allocated),
            ("- freed", run.freed),
            ("= live", run.live),
            ("- reachable", run.reachable),
            ("= leaked", run.leaked),
        ];
        for (name, counts) in rows {
            println!("{name:<12}{:>10}{:>10}{:>10}", counts.node, counts.array, counts.quantum);
        }
        println!("{} leaked", Bytes(run.leaked_bytes));
    }
    println!(
        "lost updates {}{}, used after free {}, freed twice {}{}{}",
        run.lost_updates,
        Torn(run),
        run.use_after_free,
        run.double_free,
        OutOfBounds(run.out_of_bounds),
        Owners(run.owners)
    );
    if run.out_of_memory > 0 {
        println!("-ENOMEM {}, and nothing was lost by it", Counted(run.out_of_memory, "time"));
    }
}

/// What is torn, where something can be.
struct Torn<'a>(&'a Run);

impl fmt::Display for Torn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { experiment, torn, .. } = self.0;
        let is_looked_for = find(experiment).is_ok_and(|entry| entry.tears);
        if is_looked_for || *torn > 0 { write!(f, ", torn {torn}") } else { Ok(()) }
    }
}

/// The most owners at once, where they were counted.
struct Owners(u64);

impl fmt::Display for Owners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 { write!(f, ", owners at once {}", self.0) } else { Ok(()) }
    }
}

/// Accesses past the ends of blocks, where there were some.
struct OutOfBounds(u64);

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 { write!(f, ", out of bounds {}", self.0) } else { Ok(()) }
    }
}

/// How long the tasks took.
pub(super) fn speed(run: &Run, boot: &Boot) {
    let time = Time::new(run.cycles, boot.tsc_hz);
    match megabytes_a_second(run, boot) {
        Some(rate) => println!("wrote {} in {time}, {rate} MB/s", Bytes(run.bytes_written)),
        // Tasks that were given up have not come to their end.
        _ if run.cycles == 0 => {}
        _ if run.bytes_written > 0 => println!("wrote {} in {time}", Bytes(run.bytes_written)),
        _ => println!("took {time}"),
    }
}

/// The first leaked blocks, in the manner of kmemleak, and why they leaked.
pub(super) fn leaks(outcome: &Outcome) {
    for lost in outcome.lost.iter().take(LEAKS_OF_A_RUN) {
        println!();
        leak(lost, usize::MAX);
    }
    let described = outcome.lost.len().min(LEAKS_OF_A_RUN) as u64;
    let others = outcome.run.leaked.total() - described;
    if others > 0 {
        println!("... and {others} more");
    }
}

/// One leaked block, with at most so many return addresses of its allocation.
pub(super) fn leak(lost: &Lost, addresses: usize) {
    let allocation = &lost.record.allocation;
    let shown = FIRST_BYTES.min(allocation.size);
    println!("unreferenced object {:#018x} (size {}):", allocation.address, allocation.size);
    println!(
        "  comm \"{}\", task {}, CPU {}, {}, allocation {}",
        lost.task, allocation.task.0, allocation.cpu.0, allocation.kind, lost.record.serial
    );
    println!("  hex dump (first {shown} bytes):");
    for bytes in lost.first_bytes[..shown].chunks(16) {
        println!("    {}", Hex(bytes));
    }
    if allocation.kind == Kind::Quantum && lost.first_bytes[..shown].iter().all(|&byte| byte == 0) {
        println!("    nothing was copied here: at a second look another's block was in the slot");
    }
    if let Some((stored, task)) = &lost.stored {
        let site = stored.site.name;
        let article = if site.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        println!("  {task} stored its address in {article} {site} at {}", place(stored.at));
        let verb = if lost.overwritten.is_some() { "stored over it" } else { "freed that block" };
        match (lost.overwritten.as_ref().or(lost.freed.as_ref()), lost.doubt) {
            (Some((later, other)), _) => {
                let (cpu, at) = (later.cpu.0, place(later.at));
                println!("  {other} (CPU {cpu}) {verb} at {at}: that was the last reference");
            }
            (None, Some(doubt)) => println!("  what took the last reference is not known: {doubt}"),
            (None, None) => println!("  and there it still is, in a block that is lost itself"),
        }
    }
    if addresses > 0 {
        println!("  backtrace:");
    }
    let backtrace: Vec<u64> =
        lost.record.backtrace().iter().take(addresses).map(|&address| address as u64).collect();
    frames::print(&backtrace, false);
}

/// A line of a hex dump: bytes and what is printable of them.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x} ")?;
        }
        write!(f, " ")?;
        for &byte in self.0 {
            write!(f, "{}", if byte.is_ascii_graphic() { byte as char } else { '.' })?;
        }
        Ok(())
    }
}

/// Why the watchdog has given the tasks up, and what the CPUs were doing.
pub(super) fn stopped(outcome: &Outcome, boot: &Boot) {
    let Some(stopped) = &outcome.stopped else { return };
    println!();
    stopped.text.lines().for_each(|line| println!("{line}"));
    println!();
    println!("{:>5} {:16}{:>4} {:>5}{:>12}  waits for", "task", "name", "CPU", "state", "run time");
    for (Seen { task, lock }, name) in &stopped.tasks {
        let state = if task.runs { "run" } else { task.state.word() };
        let time = Time::new(task.run_time, boot.tsc_hz);
        let lock = lock.map_or("", |lock| lock.name);
        println!("{:>5} {name:16}{:>4} {state:>5}{time:>12}  {lock}", task.id.0, task.cpu);
    }
    println!();
    Witness::say_all(stopped.witnesses.iter().map(|(witness, task)| (*witness, task)));
}

/// Steps of a script that could not happen, and why.
pub(super) fn steps(steps: &[Step]) {
    for Step { step, reason, .. } in steps {
        println!("step {step}: {reason}");
    }
}

/// What the experiment has to say besides.
pub(super) fn notes(notes: &[String]) {
    notes.iter().for_each(|note| println!("{note}"));
}

/// The counters of the guard, in xv6's words.
pub(super) fn lock(outcome: &Outcome) {
    if let Some(stats) = &outcome.lock {
        let LockStats { name, acquire, test_and_set, hold_cycles, wait_cycles } = stats;
        println!("lock: {name}: #test-and-set {test_and_set} #acquire() {acquire}");
        let each = |cycles: &u64| cycles.checked_div(*acquire).unwrap_or(0);
        println!("      held {} and waited for {} cycles on average", each(hold_cycles), each(wait_cycles));
    }
}

/// The verdict.
pub(super) fn verdict(outcome: &Outcome) {
    let run = &outcome.run;
    if let Some(broken) = &outcome.broken_account {
        println!("the account is broken, nothing of it is worth anything: {broken}");
    }
    let expected = match (run.expected, run.ok) {
        (Expect::Any, true) => "anything was expected",
        (_, true) => "as expected",
        (_, false) => "NOT as expected",
    };
    println!("verdict: {} ({expected}: {})", run.verdict, run.expected);
}

/// What is typed to see it again, with `settings`, in which every choice is made.
pub(super) fn again(run: &Run, settings: &RunSettings, machine: Option<&MachineSettings>) {
    let host = if machine.is_some() { "cargo run -- " } else { "" };
    println!("again: {host}run {}{}", run.experiment, Repeat { cpus: run.cpus, settings, machine });
}

/// The options that repeat a run: of the host's command, or, where the machine is there already, of the
/// prompt's.
struct Repeat<'a> {
    cpus: u32,
    settings: &'a RunSettings,
    machine: Option<&'a MachineSettings>,
}

impl fmt::Display for Repeat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, between) = if self.machine.is_some() { ("--", ' ') } else { ("", '=') };
        for (key, word) in self.settings.told() {
            write!(f, " {before}{}{between}{}", key.name, Quoted(&word))?;
        }
        let Some(machine) = self.machine else { return Ok(()) };
        // Where one does not start there are fewer than the machine has.
        let came = machine.mute_cpu.is_none().then_some(self.cpus);
        let machine = MachineSettings { cpus: machine.cpus.or(came), ..machine.clone() };
        if Config::OURS != Config::Full {
            write!(f, " --config {}", Config::OURS)?;
        }
        for (key, word) in machine.told().filter(|(key, _)| key.scope == Scope::Machine) {
            write!(f, " --{} {}", key.name, Quoted(&word))?;
        }
        Ok(())
    }
}

/// A word as the reader's own shell takes it for one.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./,=+-".contains(c);
        match self.0.chars().all(is_plain) {
            true => f.write_str(self.0),
            false => write!(f, "'{}'", self.0.replace('\'', r"'\''")),
        }
    }
}
