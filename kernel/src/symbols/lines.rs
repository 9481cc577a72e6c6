//! The line tables of a driver in C.

use alloc::string::ToString;
use alloc::vec::Vec;

use addr2line::{Context, Frame, Location};
use gimli::{Dwarf, EndianSlice, LittleEndian};
use kcore::source_path;

use super::Place;
use crate::mm::heap::kept;

type Reader = EndianSlice<'static, LittleEndian>;

/// The tables, each worked out when an address of its unit is asked for.
pub(super) struct Lines(Context<Reader>);

impl Lines {
    /// Those in the sections that `section` finds.
    pub(super) fn parse(section: impl Fn(&str) -> &'static [u8]) -> Option<Lines> {
        let load =
            |id: gimli::SectionId| Ok::<_, gimli::Error>(Reader::new(section(id.name()), LittleEndian));
        let dwarf = Dwarf::load(load).ok()?;
        Some(Lines(Context::from_dwarf(dwarf).ok()?))
    }

    /// The innermost function first.
    pub(super) fn at(&self, address: u64) -> Vec<Place> {
        let mut places = Vec::new();
        let frames = || self.0.find_frames(address).skip_all_loads();
        let Ok(mut frames) = kept(frames) else { return places };
        while let Ok(Some(frame)) = kept(|| frames.next()) {
            places.push(place(&frame));
        }
        places
    }

    /// The file, the line, and the character in it. Of what a function of a header does, as `list_add`, those
    /// of its caller: that is the driver's own line.
    pub(super) fn line(&self, address: u64) -> Option<(&str, u32, u32)> {
        let innermost = kept(|| self.0.find_location(address)).ok()??;
        let at = match innermost.file {
            Some(file) if file.ends_with(".h") => self.outside_of_headers(address).unwrap_or(innermost),
            _ => innermost,
        };
        Some((source_path::short(at.file?, None), at.line?, at.column.unwrap_or(0)))
    }

    fn outside_of_headers(&self, address: u64) -> Option<Location<'_>> {
        let mut frames = kept(|| self.0.find_frames(address).skip_all_loads()).ok()?;
        while let Some(frame) = kept(|| frames.next()).ok()? {
            if let Some(at) = frame.location.filter(|at| at.file.is_some_and(|file| !file.ends_with(".h"))) {
                return Some(at);
            }
        }
        None
    }
}

fn place(frame: &Frame<'_, Reader>) -> Place {
    let name = frame.function.as_ref().and_then(|name| name.raw_name().ok());
    let (file, line) = frame.location.as_ref().and_then(|at| Some((at.file?, at.line?))).unwrap_or_default();
    Place {
        function: name.map_or("?".to_string(), |name| name.to_string()),
        file: source_path::short(file, None).to_string(),
        line,
    }
}
