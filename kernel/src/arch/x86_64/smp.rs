//! Starting the other CPUs, and asking them to do something.

use core::mem::offset_of;
use core::sync::atomic::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};

use crate::atomic_fn::AtomicFn;
use crate::context;
use crate::frames::{self, LowFrame};
use crate::layout;
use crate::machine::SpinLock;
use crate::mm::stacks;
use crate::param::{AP_LAST_PATIENCE_CYCLES, AP_PATIENCE_CYCLES, MAX_CPUS};
use crate::task::spawn::IdleStack;

use super::apic::{self, Ipi};
use super::paging::{self, OutOfFrames};
use super::patience::Patience;
use super::traps::{self, vector};
use super::{cpu, percpu};

/// What the trampoline loads, in the last 64 bytes of its page (`boot/ap.s`).
#[repr(C)]
struct Handoff {
    page_tables: AtomicU64,
    stack: AtomicU64,
    entry: AtomicU64,
    cpu: AtomicU64,
    page: AtomicU64,
    /// Not 0 once a CPU goes on with this, which says so before it uses anything of it, or [`start`] has given it up.
    taken: AtomicU32,
    unused: [AtomicU32; 5],
}

const _: () = assert!(size_of::<Handoff>() == 64, "ap.s finds it 64 bytes before the end of its page");
const _: () = assert!(offset_of!(Handoff, cpu) == 24, "HANDOFF_CPU of ap.s");
const _: () = assert!(offset_of!(Handoff, page) == 32, "HANDOFF_BASE of ap.s");
const _: () = assert!(offset_of!(Handoff, taken) == 40, "HANDOFF_TAKEN of ap.s");

/// CPUs that run. They are numbered without gaps: one that does not answer gets no number.
static RUNNING: AtomicU32 = AtomicU32::new(1);

/// Non-maskable interrupts that were sent to each CPU, less those that came there. Two that meet on their way are one, so
/// this may be too many. One count for all senders: nothing tells whose interrupt one is.
static UNMASKED: [AtomicU32; MAX_CPUS] = [const { AtomicU32::new(0) }; MAX_CPUS];

/// How many CPUs run.
pub fn cpus() -> u32 {
    RUNNING.load(Acquire)
}

/// Starts the CPUs with these APIC ids, one after the other, each on the stack that `stack_of` gives for its number, in
/// `entry` with its number. `silent` hears of each that does not report itself within [`AP_PATIENCE_CYCLES`].
/// `mute` names one that is not sent its start-up, so that the wait can be seen.
pub fn start(
    apic_ids: &[u32],
    mute: Option<u32>,
    stack_of: impl Fn(u32) -> Result<IdleStack, OutOfFrames>,
    entry: extern "C" fn(u32) -> !,
    mut silent: impl FnMut(u32),
) -> Result<(), OutOfFrames> {
    let Some(page) = frames::low_frame() else {
        apic_ids.iter().for_each(|&apic_id| silent(apic_id));
        return Ok(());
    };
    paging::map_trampoline(&page)?;
    copy_trampoline(&page);
    let handoff = handoff(&page);
    let mut prepared = (0, 0);
    for (index, &apic_id) in apic_ids.iter().enumerate() {
        let number = cpus();
        if number as usize == MAX_CPUS {
            break;
        }
        // A CPU that was given up has not used the stack that it would have had: the next one gets its number and that.
        if prepared.0 != number {
            prepared = (number, stack_of(number)?.top());
        }
        handoff.offer(&page, prepared.1, entry, number);
        let muted = !apic::reaches(apic_id) || mute == Some(index as u32 + 1);
        if !wake_up(apic_id, &page, number, muted, handoff) {
            silent(apic_id);
        }
    }
    paging::unmap_trampoline(&page);
    Ok(())
}

/// INIT, start-up, start-up (SDM vol. 3A, 9.4.4.1), then a bounded wait. The 10 ms after INIT are for CPUs before the
/// P6 family, which could not run 64-bit code.
fn wake_up(apic_id: u32, page: &LowFrame, number: u32, muted: bool, handoff: &Handoff) -> bool {
    let start_up = Ipi::StartUp((page.address() >> 12) as u8);
    if !muted {
        apic::send(apic_id, Ipi::Init);
        apic::send(apic_id, start_up);
    }
    if comes(number, AP_PATIENCE_CYCLES / 20) {
        return true;
    }
    if !muted {
        apic::send(apic_id, start_up);
    }
    if comes(number, AP_PATIENCE_CYCLES) {
        return true;
    }
    if handoff.withdraw() {
        apic::send(apic_id, Ipi::Init);
        return false;
    }
    // One that has taken the offer is about to report itself, however slow its host is.
    assert!(comes(number, AP_LAST_PATIENCE_CYCLES), "CPU {number} began and did not arrive");
    true
}

/// Waits until CPU `number` runs, but for no longer than `cycles`.
fn comes(number: u32, cycles: u64) -> bool {
    let mut patience = Patience::new(cycles);
    while cpus() <= number {
        if patience.is_over() {
            return false;
        }
    }
    true
}

/// The first thing a started CPU does in `entry`: its tables, its APIC, and its report.
///
/// # Safety
/// Called once on each started CPU, with its number.
pub unsafe fn arrive(number: u32) {
    cpu::enable_features();
    let double_fault = stacks::fault_stack().expect("reserved before the CPU was started");
    let nmi = stacks::fault_stack().expect("reserved before the CPU was started");
    // SAFETY: the caller calls this once per CPU.
    unsafe { percpu::install(number, context::IDLE, double_fault, nmi) };
    traps::load();
    apic::enable();
    // Pairs with the Acquire in `cpus`: whoever counts this CPU sees its APIC id.
    RUNNING.store(number + 1, Release);
}

fn copy_trampoline(page: &LowFrame) {
    let code = layout::trampoline();
    let from = core::ptr::with_exposed_provenance::<u8>(code.start as usize);
    let to = frames::pointer::<u8>(page.address());
    // SAFETY: the trampoline lies in rodata; the page is a free frame of ours; `ap.s` is far shorter than a page.
    unsafe { core::ptr::copy_nonoverlapping(from, to, (code.end - code.start) as usize) };
}

/// The hand-off in the trampoline's page. It stays for ever: a CPU that comes late, after all, sees there that nobody waits
/// for it.
fn handoff(page: &LowFrame) -> &'static Handoff {
    let handoff = frames::pointer::<Handoff>(page.address() + 4096 - size_of::<Handoff>() as u64);
    // SAFETY: the end of a frame that is used for nothing else, aligned to 64, mapped for ever; atomics may hold any bits,
    // and the CPUs that use it on their way (`ap.s`) are no exception to their rules.
    unsafe { &*handoff }
}

impl Handoff {
    /// Offers `stack` and `number` to the next CPU that comes. It is called while the last offer is taken.
    fn offer(&self, page: &LowFrame, stack: u64, entry: extern "C" fn(u32) -> !, number: u32) {
        self.page_tables.store(paging::root(), Relaxed);
        self.stack.store(stack, Relaxed);
        self.entry.store(entry as usize as u64, Relaxed);
        self.cpu.store(number.into(), Relaxed);
        self.page.store(page.address(), Relaxed);
        // Pairs with the XCHG of `ap.s`: who takes the offer finds all of it.
        self.taken.store(0, Release);
    }

    /// Takes the offer back. False if a CPU took it before.
    fn withdraw(&self) -> bool {
        self.taken.swap(1, Relaxed) == 0
    }
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

/// Whether a non-maskable interrupt that has come was sent by a CPU, and not by the machine. It may come when its sender
/// waits no more. Asked once for each.
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
/// Held by the caller. Taken with interrupts on: whoever waits for it answers the holder's call meanwhile.
static CALLER: SpinLock<()> = SpinLock::new(());

/// Calls `function` on every other CPU, in its interrupt handler, and waits until all have done it. The caller has
/// interrupts on (two that call each other would wait for ever) and holds no lock that others wait for with theirs off.
pub fn call_others(function: fn()) {
    assert!(cpu::irq_are_on(), "two CPUs that call each other with interrupts off wait for ever");
    let _caller = CALLER.lock();
    let (this, cpus) = (percpu::this_cpu(), cpus());
    CALL.set(function);
    // Pairs with nothing: `apic::send` makes both stores visible before it interrupts anybody.
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
