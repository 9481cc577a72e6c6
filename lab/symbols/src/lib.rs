//! A program's functions and lines as a [table](kcore::symbols), made of its ELF.

use std::collections::{BTreeSet, HashMap};

use addr2line::gimli::{self, Dwarf, EndianSlice, LittleEndian, SectionId};
use addr2line::{Context, Frame};
use kcore::symbols::{Maker, Place};
use kcore::{source_path, symbol_name};
use object::{File, Object, ObjectSection, ObjectSymbol, SymbolKind};

type Reader<'data> = EndianSlice<'data, LittleEndian>;

/// The table of the program in `elf`, which bears this `stamp`. [`None`] where it is no ELF.
pub fn table(elf: &[u8], stamp: u64) -> Option<Vec<u8>> {
    let file = File::parse(elf).ok()?;
    let text = file.section_by_name(".text")?;
    let code = text.address()..text.address() + text.size();
    let mut maker = Maker::of(code.clone());
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
        maker.function(symbol.address(), symbol.size(), &demangled(symbol.name().ok()?));
    }
    let dwarf = dwarf(&file)?;
    let root = root(&dwarf).unwrap_or_default();
    let mut changes = BTreeSet::new();
    functions(&dwarf, |range| changes.extend([range.begin, range.end])).ok()?;
    let lines = Context::from_dwarf(dwarf).ok()?;
    let rows = lines.find_location_range(code.start, code.end).ok()?;
    rows.for_each(|(start, size, _)| changes.extend([start, start + size]));
    let mut names = HashMap::new();
    for start in changes {
        let frames = frames(&lines, start);
        frames.iter().for_each(|(name, ..)| {
            if !names.contains_key(name) {
                names.insert(name.clone(), symbol_name::without_generics(&demangled(name)));
            }
        });
        maker.row(
            start,
            frames.iter().map(|(name, file, line)| Place {
                function: &names[name],
                file: source_path::short(file, Some(&root)),
                line: *line,
            }),
        );
    }
    Some(maker.finish(stamp))
}

fn dwarf<'data>(file: &File<'data>) -> Option<Dwarf<Reader<'data>>> {
    let section = |id: SectionId| {
        let section = file.section_by_name(id.name()).and_then(|section| section.data().ok());
        Ok::<_, gimli::Error>(Reader::new(section.unwrap_or_default(), LittleEndian))
    };
    Dwarf::load(section).ok()
}

/// Calls `see` with where each function lies, also with each place where it was inlined.
fn functions(dwarf: &Dwarf<Reader>, mut see: impl FnMut(gimli::Range)) -> gimli::Result<()> {
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        let unit = dwarf.unit(header)?;
        let mut entries = unit.entries();
        while let Some(entry) = entries.next_dfs()? {
            if matches!(entry.tag(), gimli::DW_TAG_subprogram | gimli::DW_TAG_inlined_subroutine) {
                let mut ranges = dwarf.die_ranges(&unit, entry)?;
                while let Some(range) = ranges.next()? {
                    see(range);
                }
            }
        }
    }
    Ok(())
}

/// Function, mangled, file and line at `address`, the innermost first.
fn frames<'l>(lines: &'l Context<Reader>, address: u64) -> Vec<(String, &'l str, u32)> {
    let mut found = Vec::new();
    let Ok(mut frames) = lines.find_frames(address).skip_all_loads() else { return found };
    while let Ok(Some(Frame { function, location, .. })) = frames.next() {
        let name = function.as_ref().and_then(|name| name.raw_name().ok());
        let (file, line) = location.and_then(|at| Some((at.file?, at.line?))).unwrap_or_default();
        found.push((name.map_or("?".to_string(), |name| name.into_owned()), file, line));
    }
    found
}

/// A name as people write it, without its hash.
fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

/// Cargo compiles the packages of a workspace in its topmost directory: that of the unit whose file is one of
/// the kernel's.
fn root(dwarf: &Dwarf<Reader>) -> Option<String> {
    let mut headers = dwarf.units();
    while let Ok(Some(header)) = headers.next() {
        let unit = dwarf.unit(header).ok()?;
        let text = |bytes: Reader| core::str::from_utf8(bytes.slice()).ok().map(str::to_string);
        if unit.name.and_then(text).is_some_and(|name| name.starts_with("kernel/src/")) {
            return unit.comp_dir.and_then(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use kcore::symbols::Table;

    use super::*;

    /// This very program stands in for the kernel.
    #[test]
    fn every_address_has_the_places_that_the_line_tables_give_it() {
        let path =
            std::env::var_os("SCULLERY_KERNEL").map_or_else(std::env::current_exe, |elf| Ok(elf.into()));
        let elf = std::fs::read(path.unwrap()).unwrap();
        let table = table(&elf, 0).unwrap();
        let table = Table::parse(&table).unwrap();
        let file = File::parse(&*elf).unwrap();
        let dwarf = dwarf(&file).unwrap();
        let root = root(&dwarf).unwrap_or_default();
        let lines = Context::from_dwarf(dwarf).unwrap();
        let mut known = 0;
        for address in table.code().clone().step_by(7) {
            let places: Vec<_> =
                table.places(address).map(|place| (place.function, place.file, place.line)).collect();
            let frames = frames(&lines, address);
            let names: Vec<_> =
                frames.iter().map(|(name, ..)| symbol_name::without_generics(&demangled(name))).collect();
            let expected = frames
                .iter()
                .zip(&names)
                .map(|((_, file, line), name)| (&**name, source_path::short(file, Some(&root)), *line));
            assert_eq!(places, expected.collect::<Vec<_>>(), "{address:#x}");
            known += places.len();
        }
        assert!(known > 0 || cfg!(not(target_os = "linux")), "the tests are built with line tables");
    }
}
