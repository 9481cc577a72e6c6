//! An entry of the log.

use crate::event::{Access, Actor, Block, Op, Site, What};
use crate::leak::{Event, Hidden, Span, Trace};
use crate::machine::CpuId;
use crate::place::Place;

/// Where memory is freed, which the log has as well: what was stored there is gone.
pub static FREE: Site = Site::new("free");

/// A store to shared memory, or a run of bytes that was cleared or freed. What is kept of addresses keeps no
/// block alive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stored {
    /// Where it was stored.
    pub address: Hidden,
    /// To how many bytes.
    pub bytes: usize,
    /// What was stored.
    pub value: Hidden,
    /// The location's name.
    pub site: &'static Site,
    /// The source line.
    pub at: Place,
    /// The task, or what interrupted it.
    pub actor: Actor,
    /// The CPU.
    pub cpu: CpuId,
    /// The moment before it, on the time-stamp counter.
    pub cycles: u64,
    /// The moment after it; [`u64::MAX`] while that has not come.
    pub over: u64,
    /// What was there before it and after it, once it is over.
    pub saw: [Hidden; 2],
    /// The two locks that the task had taken last and still held, the last one first; empty for none. An
    /// [`Option`] without a value would leave half of itself unwritten, and there whatever address its
    /// register held last.
    pub held: [&'static str; 2],
}

impl Stored {
    /// What `actor` is about to do, not yet on any CPU or at any moment; [`None`] if nothing is stored by it.
    pub fn by(what: &What, at: Place, actor: Actor) -> Option<Stored> {
        let (site, address, bytes, value) = match *what {
            What::Access(Access { site, op, address, size }) => match op {
                Op::Store(value) | Op::Swap(value) => (site, address, size, value),
                Op::Clear => (site, address, size, 0),
                Op::Load
                | Op::Assign
                | Op::Point
                | Op::Look
                | Op::Put(_)
                | Op::Update
                | Op::Read
                | Op::Write => {
                    return None;
                }
            },
            What::Block(Block::Freed { address, size }) => (&FREE, address, size, 0),
            What::Lock(..) | What::Block(_) | What::Units(..) | What::Task(_) | What::Irq(_) => return None,
        };
        let (address, value) = (Hidden::new(address), Hidden::new(value));
        let (cpu, cycles, over) = (CpuId(0), 0, u64::MAX);
        let (saw, held) = ([Hidden::new(0); 2], [""; 2]);
        Some(Stored { address, bytes, value, site, at, actor, cpu, cycles, over, saw, held })
    }
}

/// Bytes of a location.
const WORD: usize = size_of::<usize>();

impl Trace for Stored {
    fn location(&self) -> usize {
        self.address.address()
    }

    fn event(&self) -> Event {
        match self.bytes {
            bytes if self.site == &FREE => Event::Free(bytes),
            WORD => {
                let saw = (self.over != u64::MAX).then(|| self.saw.map(Hidden::address));
                Event::Store { value: self.value.address(), saw }
            }
            bytes => Event::Clear(bytes),
        }
    }

    fn span(&self) -> Span {
        Span { from: self.cycles, to: self.over }
    }

    fn cpu(&self) -> u32 {
        self.cpu.0
    }
}
