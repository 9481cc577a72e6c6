//! What people type: the bytes that COM1 has received.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use heapless::Deque;
use kcore::acpi::Madt;
use kcore::class;
use kcore::errno::Errno;
use kcore::event::{Class, might_sleep};
use kcore::machine::{Sched, Sleep};
use kcore::settings::Input;
use kcore::shell::stream::{END, Stream};
use kcore::shell::width::Answer;
use kcore::sync::WaitQueue;

use crate::arch::paging::OutOfFrames;
use crate::arch::traps::vector;
use crate::arch::{io_apic, percpu};
use crate::console::com1;
use crate::machine::{Kernel, SpinLock};

use super::foreground;

/// The ISA interrupt of the first serial port.
const IRQ: u8 = 4;

/// Bytes that are kept until a task reads them. When there are so many the port is left alone, and the user
/// the user that types waits.
const KEPT: usize = 4096;

/// What was received. The interrupt handler puts it in. Lock order: this -> screen -> com1.lock.
static RECEIVED: SpinLock<Received> = SpinLock::new(
    class!("received bytes", "COM1's handler, which echoes Ctrl-C under it; a reader."),
    Received { stream: Stream::Typed, answer: Answer::NONE, bytes: Deque::new(), left: false },
);
/// Tasks that wait for a byte.
static WAITING: WaitQueue<Kernel> = WaitQueue::new(Class::EVENT);
/// Columns of the terminal, as it has said; 0 until then.
static COLUMNS: AtomicUsize = AtomicUsize::new(0);
/// The port interrupts.
static LISTENS: AtomicBool = AtomicBool::new(false);

struct Received {
    stream: Stream,
    answer: Answer,
    bytes: Deque<u8, KEPT>,
    /// There was no room for what the port has.
    left: bool,
}

/// Has the port interrupt this CPU when it receives something of `input`: of a pipe, once a task wants to
/// read it. A pipe that no task reads is no event at a moment that the host chooses. Where the firmware tells
/// no way for its interrupt, nothing is ever received.
pub fn receive(madt: Option<&Madt>, input: Input) -> Result<(), OutOfFrames> {
    RECEIVED.lock_irqsave().stream = Stream::new(input);
    if let Some(pin) = madt.and_then(|madt| madt.isa(IRQ)) {
        io_apic::route(&pin, vector::COM1, percpu::apic_id(percpu::this_cpu()))?;
        if input != Input::Pipe {
            listen();
        }
    }
    Ok(())
}

fn listen() {
    if !LISTENS.swap(true, SeqCst) {
        com1::interrupt_on_receive();
        // What came before did so without an edge for the I/O APIC to see.
        interrupt();
    }
}

/// The handler: takes all that was received, or the port would not interrupt again.
pub(crate) fn interrupt() {
    take_in();
    WAITING.wake_up();
}

/// Takes what the port has, for as long as there is room, and signals for it with no lock held.
fn take_in() {
    if RECEIVED.lock_irqsave().fill() {
        foreground::interrupt();
    }
}

impl Received {
    /// Takes what the port has, for as long as there is room. Whether a signal was among it.
    fn fill(&mut self) -> bool {
        let Received { stream, answer, bytes, left } = self;
        let mut signal = false;
        *left = false;
        // Room for all that a byte may turn out to be.
        while KEPT - bytes.len() > END.len() {
            let Some(byte) = com1::receive() else { return signal };
            let mut typed = |byte| {
                if foreground::interrupts(byte) {
                    // What was typed before it was for the task that is interrupted now (POSIX, XBD 11.1.9,
                    // without NOFLSH).
                    bytes.clear();
                    signal = true;
                } else {
                    let kept = bytes.push_back(byte);
                    assert!(kept.is_ok(), "there was room");
                }
            };
            stream.push(byte, |byte| {
                if let Some(columns) = answer.push(byte, &mut typed) {
                    COLUMNS.store(columns, SeqCst);
                }
            });
        }
        *left = true;
        signal
    }
}

/// The terminal is asked now how wide it is, by [`QUESTION`](kcore::shell::width::QUESTION).
pub fn asks_for_width() {
    RECEIVED.lock_irqsave().answer.is_asked();
}

/// How wide it has said that it is.
pub fn columns() -> Option<usize> {
    Some(COLUMNS.load(SeqCst)).filter(|columns| *columns > 0)
}

/// The next byte that people typed; waits for it. [`None`] when nothing is typed any more.
#[track_caller]
pub fn read_byte() -> Option<u8> {
    loop {
        match wait_for_byte(|has_come| {
            WAITING.wait_event(has_come);
            Ok(())
        }) {
            Ok(byte) => return byte,
            // Nothing but a byte ends such a wait.
            Err(_) => continue,
        }
    }
}

/// The next byte that people typed; [`None`] when nothing is typed any more. [`Errno::ERESTARTSYS`] when the
/// task has a signal instead.
#[track_caller]
pub fn read_byte_interruptible() -> Result<Option<u8>, Errno> {
    wait_for_byte(|has_come| {
        WAITING.wait_event_interruptible(has_come)?;
        // What is typed after a Ctrl-C is not for the task that it has interrupted.
        if Kernel::interrupted(Sleep::Interruptible) { Err(Errno::ERESTARTSYS) } else { Ok(()) }
    })
}

#[track_caller]
fn wait_for_byte(wait: impl Fn(fn() -> bool) -> Result<(), Errno>) -> Result<Option<u8>, Errno> {
    might_sleep::<Kernel>();
    listen();
    loop {
        wait(has_input)?;
        let mut received = RECEIVED.lock_irqsave();
        let byte = received.bytes.pop_front();
        let (left, has_ended) = (received.left, received.stream == Stream::Ended);
        drop(received);
        if left {
            take_in();
        }
        if byte.is_some() || has_ended {
            return Ok(byte);
        }
    }
}

/// Whether a reader need not wait: something was typed that no task has read, or nothing is typed any more.
pub fn has_input() -> bool {
    let received = RECEIVED.lock_irqsave();
    !received.bytes.is_empty() || received.stream == Stream::Ended
}

/// A task that waits in it is woken when something is typed.
pub fn waiting() -> &'static WaitQueue<Kernel> {
    listen();
    &WAITING
}
