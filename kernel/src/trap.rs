//! Traps: the way from a vector to its handler.
//!
//! The stubs of [`arch`](crate::arch::traps) come here by name, as the loader comes to `kernel_entry`. It is
//! the other door of the kernel: no room calls it, and it knows each room that an exception or an interrupt
//! is for.
//!
//! A handler allocates nothing, does not sleep, and takes no lock but those that are taken with interrupts
//! off everywhere (I3).

use kcore::event::IrqStep;
use kcore::machine::Context;

use crate::arch::traps::{TrapFrame, vector};
use crate::arch::{apic, cpu, exit, smp};
#[cfg(feature = "cases")]
use crate::cases::steps;
use crate::kmemleak::world;
use crate::observe;
use crate::oops::exception::Exception;
use crate::oops::last_words;
use crate::tty::input;
use crate::{context, irq, oops, task};

/// Where every stub goes.
#[unsafe(no_mangle)]
extern "C" fn trap_dispatch(frame: &mut TrapFrame) {
    match frame.vector {
        #[cfg(feature = "cases")]
        vector::DEBUG if cpu::took_single_step() => steps::stepped(frame),
        vector::NMI if exit::is_under_way() => exit::stand_aside(),
        vector::NMI if non_maskable(frame) => {}
        0..=vector::LAST_EXCEPTION => exception(frame),
        vector if vector == u64::from(vector::SPURIOUS) => {}
        _ => {
            context::irq_enter();
            irq::counts::taken(frame.vector as u8);
            irq::under_way::says(IrqStep::Enter(Context::Hardirq, frame.vector as u8));
            interrupt(frame);
            irq::under_way::says(IrqStep::Exit(Context::Hardirq, frame.vector as u8));
            apic::end_of_interrupt();
            context::irq_exit();
        }
    }
}

/// Ends the task in which it happened, or else the machine.
#[cold]
fn exception(frame: &TrapFrame) -> ! {
    let exception = Exception::new(frame);
    oops::exception(&exception);
    last_words::exception(&exception)
}

/// All CPUs that ask are answered: two that meet on their way are one interrupt. False if no CPU has sent
/// one.
fn non_maskable(frame: &TrapFrame) -> bool {
    let was_sent = smp::sent_unmasked();
    if was_sent {
        world::stand(frame);
        observe::answer(frame);
    }
    was_sent
}

/// The handlers.
#[inline]
fn interrupt(frame: &TrapFrame) {
    match frame.vector as u8 {
        vector::WAKE => task::queue::arm(),
        vector::CALL => smp::answer_call(),
        vector::STAND => world::halt(frame),
        vector::DEVICE => irq::device::interrupt(),
        vector::SOFTIRQ => irq::softirq::nudged(),
        vector::COM1 => input::interrupt(),
        vector::TICK => task::schedule::tick(),
        _ => last_words::exception(&Exception::new(frame)),
    }
}
