//! The functions and lines of drivers in C, from the files that they were loaded from.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;

use kcore::class;
use kcore::module::{Function, Object};
use kcore::sync::{Mutex, Own};

use super::lines::Lines;
use super::{Found, Place, ROOM_FOR_LINES, lock, sites};
use crate::machine::Kernel;
use crate::mm::heap::{Claim, kept};

/// A driver whose code lies somewhere.
struct Known {
    name: String,
    text: Range<u64>,
    functions: Vec<Function>,
    bases: [u64; 3],
    file: Vec<u8>,
    /// Worked out when they are first asked for.
    lines: Mutex<Option<Option<Owned>>, Kernel>,
}

/// Line tables, and the sections that they are a view of.
struct Owned {
    /// Dropped first: INVARIANT: what it refers to is in `_sections`.
    lines: Lines,
    _sections: Vec<Box<[u8]>>,
}

static KNOWN: Mutex<Vec<Arc<Known>>, Kernel> = Mutex::new(
    Own(class!("drivers that have symbols", "Only tried where the caller may not sleep.")),
    Vec::new(),
);

/// The code at `text` is that of the driver `name`, whose `file` lies at `bases`.
pub(crate) fn add(name: &str, text: Range<u64>, functions: Vec<Function>, bases: [u64; 3], file: Vec<u8>) {
    let lines =
        Mutex::new(Own(class!("symbols of a driver", "Only tried where the caller may not sleep.")), None);
    let known = Arc::new(Known { name: name.to_string(), text, functions, bases, file, lines });
    if let Some(_claim) = Claim::on(ROOM_FOR_LINES) {
        known.find_sites();
    }
    KNOWN.lock().push(known);
}

/// The driver whose code begins at `start` is gone.
pub(crate) fn remove(start: u64) {
    sites::remove(start);
    KNOWN.lock().retain(|known| known.text.start != start);
}

/// What is known of an instruction of a driver.
pub(super) fn find(address: u64, has_lines: bool) -> Option<Found> {
    let known = lock(&KNOWN)?.iter().find(|known| known.text.contains(&address)).cloned()?;
    let before = known.functions.iter().take_while(|function| function.start <= address);
    let function = before.last()?;
    let mut places = if has_lines { known.places(address) } else { Vec::new() };
    let name = format!("[{}] {}", known.name, function.name);
    match places.last_mut() {
        Some(outermost) => outermost.function = name,
        None => places.push(Place { function: name, file: String::new(), line: 0 }),
    }
    Some(Found { places, start: function.start })
}

impl Known {
    fn places(&self, address: u64) -> Vec<Place> {
        let Some(mut lines) = lock(&self.lines) else { return Vec::new() };
        let lines = lines.get_or_insert_with(|| kept(|| self.parse()));
        lines.as_ref().map(|owned| owned.lines.at(address)).unwrap_or_default()
    }

    /// Works out at which lines its code calls the kernel.
    fn find_sites(&self) {
        let Ok(object) = Object::parse(&self.file) else { return };
        let mut lines = self.lines.lock();
        let Some(Owned { lines, .. }) = lines.get_or_insert_with(|| kept(|| self.parse())) else { return };
        let sources: Vec<_> = object.sources().map(|(name, text)| (name, text.lines().collect())).collect();
        // What the lines are written down in is ours, and outlives the tables: none of it is `kept`.
        let site = |address: u64| Some((address, sites::line(lines.line(address - 1)?, &sources)));
        sites::add(self.text.clone(), object.returns(self.bases).into_iter().filter_map(site).collect());
    }

    fn parse(&self) -> Option<Owned> {
        let object = Object::parse(&self.file).ok()?;
        let sections = core::cell::RefCell::new(Vec::new());
        let section = |name: &str| {
            let bytes = object.unloaded(name, self.bases).unwrap_or_default().into_boxed_slice();
            let (start, length) = (bytes.as_ptr(), bytes.len());
            sections.borrow_mut().push(bytes);
            // SAFETY: the box is kept beside the tables, which go before it does, and no code changes it.
            unsafe { core::slice::from_raw_parts(start, length) }
        };
        let lines = Lines::parse(section)?;
        Some(Owned { lines, _sections: sections.into_inner() })
    }
}
