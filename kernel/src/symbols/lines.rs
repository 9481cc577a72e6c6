//! The line tables.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use addr2line::{Context, Frame};
use gimli::{Dwarf, EndianSlice, LittleEndian};
use kcore::{source_path, symbol_name};

use super::{Place, elf};
use crate::mm::heap::kept;

pub(super) type Reader = EndianSlice<'static, LittleEndian>;

/// The tables, each worked out when an address of its unit is asked for.
pub(super) struct Lines {
    context: Context<Reader>,
    /// The directory in which the kernel was built; empty when it is not known.
    root: String,
}

impl Lines {
    /// The kernel's. Nothing without the tables.
    pub(super) fn of_kernel() -> Option<Lines> {
        Self::parse(elf::section, root)
    }

    /// Those in the sections that `section` finds, of a program that was built in the directory that `root`
    /// finds.
    pub(super) fn parse(
        section: impl Fn(&str) -> &'static [u8],
        root: impl Fn(&Dwarf<Reader>) -> Option<String>,
    ) -> Option<Lines> {
        let load =
            |id: gimli::SectionId| Ok::<_, gimli::Error>(Reader::new(section(id.name()), LittleEndian));
        let dwarf = Dwarf::load(load).ok()?;
        let root = root(&dwarf).unwrap_or_default();
        Some(Lines { context: Context::from_dwarf(dwarf).ok()?, root })
    }

    /// The innermost function first.
    pub(super) fn at(&self, address: u64) -> Vec<Place> {
        let mut places = Vec::new();
        let frames = || self.context.find_frames(address).skip_all_loads();
        let Ok(mut frames) = kept(frames) else { return places };
        while let Ok(Some(frame)) = kept(|| frames.next()) {
            places.push(self.place(&frame));
        }
        places
    }

    /// The file, the line, and the character in it.
    pub(super) fn line(&self, address: u64) -> Option<(&str, u32, u32)> {
        let at = kept(|| self.context.find_location(address)).ok()??;
        Some((source_path::short(at.file?, Some(&self.root)), at.line?, at.column.unwrap_or(0)))
    }

    fn place(&self, frame: &Frame<'_, Reader>) -> Place {
        let name = frame.function.as_ref().and_then(|name| {
            let name = elf::demangled(&name.raw_name().ok()?);
            Some(symbol_name::without_generics(&name))
        });
        let (file, line) =
            frame.location.as_ref().and_then(|at| Some((at.file?, at.line?))).unwrap_or_default();
        Place {
            function: name.unwrap_or_else(|| "?".to_string()),
            file: source_path::short(file, Some(&self.root)).to_string(),
            line,
        }
    }
}

/// Cargo compiles the packages of a workspace in its topmost directory: that of the unit whose file is one of
/// ours.
fn root(dwarf: &Dwarf<Reader>) -> Option<String> {
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let unit = dwarf.unit(header).ok()?;
        let text = |bytes: Reader| core::str::from_utf8(bytes.slice()).ok();
        if unit.name.and_then(text).is_some_and(|name| name.starts_with("kernel/src/")) {
            return unit.comp_dir.and_then(text).map(ToString::to_string);
        }
    }
    None
}
