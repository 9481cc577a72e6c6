//! Asking the other CPUs to do something, and how long a CPU waits for another one. How they start is in
//! `crate::ap`.

use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicBool, AtomicU32};

use kcore::class;

use crate::atomic_fn::AtomicFn;
use crate::frames::LowFrame;
use crate::machine::SpinLock;
use crate::param::MAX_CPUS;

use super::apic::{self, Ipi};
use super::traps::vector;
use super::{cpu, percpu};

/// CPUs that run. They are numbered without gaps: one that does not answer gets no number.
static RUNNING: AtomicU32 = AtomicU32::new(1);

/// Non-maskable interrupts that were sent to each CPU, less those that came there. Two that meet on their way
/// are one, so this may be too many. One count for all senders: nothing tells whose interrupt one is.
static UNMASKED: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// Whether the emulator runs one CPU at a time.
static TAKE_TURNS: AtomicBool = AtomicBool::new(false);

/// Says whether the emulator runs one CPU at a time, which only the command line tells.
pub fn let_take_turns(they_do: bool) {
    TAKE_TURNS.store(they_do, Relaxed);
}

/// Whether it does.
pub fn take_turns() -> bool {
    TAKE_TURNS.load(Relaxed)
}

/// How many CPUs run.
pub fn cpus() -> u32 {
    RUNNING.load(Acquire)
}

/// The calling CPU runs from now on, as number `number`, the next one.
pub(crate) fn report(number: u32) {
    // Pairs with the Acquire in `cpus`: a CPU that counts this one sees its APIC id.
    RUNNING.store(number + 1, Release);
}

/// The CPU with that APIC id, which does not [run](cpus), waits for its start-up.
pub(crate) fn reset(apic_id: u32) {
    apic::send(apic_id, Ipi::Init);
}

/// It begins in `page`.
///
/// # Safety
/// There is code for a CPU that starts, and all that the code wants.
pub(crate) unsafe fn start_up(apic_id: u32, page: &LowFrame) {
    apic::send(apic_id, Ipi::StartUp((page.address() >> 12) as u8));
}

/// Wakes CPU `number` from `hlt`.
pub fn kick(number: u32) {
    apic::send(percpu::apic_id(number), Ipi::Fixed(vector::WAKE));
}

/// Interrupts the calling CPU: at once, or when it switches interrupts on.
#[inline]
pub fn interrupt_self(vector: u8) {
    assert!(vector >= vector::FIRST, "an exception is not sent");
    apic::send(percpu::apic_id(percpu::this_cpu()), Ipi::Fixed(vector));
}

/// Interrupts CPU `number` as the machine's own device.
pub fn interrupt_as_device(number: u32) {
    apic::send(percpu::apic_id(number), Ipi::Fixed(vector::DEVICE));
}

/// Asks CPU `number` to stand still, when it has interrupts on.
pub fn ask_to_stand(number: u32) {
    apic::send(percpu::apic_id(number), Ipi::Fixed(vector::STAND));
}

/// Interrupts CPU `number` whatever it does, once.
pub fn interrupt_unmasked(number: u32) {
    UNMASKED[number as usize].fetch_add(1, Relaxed);
    apic::send(percpu::apic_id(number), Ipi::Nmi);
}

/// Whether a non-maskable interrupt that has come was sent by a CPU, and not by the machine. It may come when
/// its sender waits no more. Asked once for each.
pub(crate) fn sent_unmasked() -> bool {
    UNMASKED[percpu::this_cpu() as usize].try_update(Relaxed, Relaxed, |sent| sent.checked_sub(1)).is_ok()
}

/// Stops every other CPU for ever, whatever it does: the end of the machine.
pub fn stop_others() {
    let this = percpu::this_cpu();
    for number in (0..cpus()).filter(|&number| number != this) {
        apic::send(percpu::apic_id(number), Ipi::Nmi);
    }
}

/// The function of the call under way, and how many CPUs have not answered.
static CALL: AtomicFn = AtomicFn::none();
static UNANSWERED: AtomicU32 = AtomicU32::new(0);
/// Held by the caller. Taken with interrupts on: a CPU that waits for it answers the holder's call meanwhile.
static CALLER: SpinLock<()> =
    SpinLock::new(class!("caller of all CPUs", "Its waiters have interrupts on: they answer, too."), ());

/// Calls `function` on every other CPU, in its interrupt handler, and waits until all have done it. The
/// caller has interrupts on (two that call each other would wait for ever) and holds no lock that others wait
/// for with theirs off.
pub fn call_others(function: fn()) {
    assert!(cpu::irq_are_on(), "two CPUs that call each other with interrupts off wait for ever");
    let _caller = CALLER.lock();
    let (this, cpus) = (percpu::this_cpu(), cpus());
    CALL.set(function);
    // Pairs with nothing: `apic::send` makes both stores visible before it interrupts a CPU.
    UNANSWERED.store(cpus - 1, Relaxed);
    for number in (0..cpus).filter(|&number| number != this) {
        apic::send(percpu::apic_id(number), Ipi::Fixed(vector::CALL));
    }
    // Pairs with the Release in `answer_call`: what the others did is visible to the caller.
    while UNANSWERED.load(Acquire) != 0 {
        cpu::pause();
    }
}

/// The answer to [`call_others`], in the handler of its interrupt.
pub(crate) fn answer_call() {
    // `call_others` has set it before it sent the interrupt, and keeps it until all have answered.
    CALL.call();
    UNANSWERED.fetch_sub(1, Release);
}

/// So many cycles, and so many turns of the loop that waits. A CPU of an emulator is a thread of the host,
/// and cycles pass while it has no core: on a busy host the turns of the waiter come as slowly as what it
/// waits for, and the cycles do not.
#[derive(Debug)]
pub struct Patience {
    until: u64,
    turns: u64,
}

/// Cycles for each turn that is waited for besides. A turn takes less on every machine that is known, so that
/// the cycles decide where the waiter has a core of its own.
const CYCLES_OF_A_TURN: u64 = 6000;

impl Patience {
    /// Patience for `cycles` from now on, of a waiter that has a core.
    pub fn new(cycles: u64) -> Self {
        Patience { until: cpu::cycles().saturating_add(cycles), turns: cycles / CYCLES_OF_A_TURN }
    }

    /// A turn, with PAUSE in it. True once the patience is over.
    pub fn is_over(&mut self) -> bool {
        cpu::pause();
        self.turns = self.turns.saturating_sub(1);
        self.turns == 0 && cpu::cycles() >= self.until
    }
}
