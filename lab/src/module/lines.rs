//! The place of an instruction in the sources of a module.

use addr2line::Context;
use addr2line::gimli::{Dwarf, EndianSlice, LittleEndian, SectionId};
use kcore::module::Object;

type Reader = EndianSlice<'static, LittleEndian>;

/// Where the parts of a module are put to look at it: as far apart as they can be.
const BASES: [u64; 3] = [0x1000_0000, 0x3000_0000, 0x5000_0000];

/// The lines of a module.
pub struct Lines(Context<Reader>);

impl Lines {
    /// Those of `object`, if it has some.
    pub fn of(object: &Object<'_>) -> Option<Lines> {
        let load = |id: SectionId| {
            let bytes = object.unloaded(id.name(), BASES).unwrap_or_default();
            // As long as the program runs, which is not long.
            Ok::<_, addr2line::gimli::Error>(Reader::new(bytes.leak(), LittleEndian))
        };
        Context::from_dwarf(Dwarf::load(load).ok()?).ok().map(Lines)
    }

    /// `main.c:12: ` where `name` is used first.
    pub fn first_use(&self, object: &Object<'_>, name: &str) -> Option<String> {
        let place = self.0.find_location(object.used_at(name, BASES)?).ok()??;
        Some(format!("{}:{}: ", place.file?, place.line?))
    }
}
