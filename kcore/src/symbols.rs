//! The functions and source lines of a program, in a table that is read as it lies: the host makes it of the
//! program's ELF, and a kernel finds its own addresses in it, without a copy and without memory.
//!
//! ```text
//! header      the magic, the stamp, where the code begins and ends, how many of each there are
//! functions   start, size, name: by start
//! rows        from which address on, which place: by address
//! places      source, line, and the place of the call where this one was inlined
//! sources     function and file
//! strings     each with a zero at its end
//! ```
//!
//! All numbers are little-endian and 32 bits wide, but source and line, 17 and 15 bits; addresses count from the
//! start of the code, names from the start of the strings.
#![forbid(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

const MAGIC: &[u8; 8] = b"symbols1";
/// Bytes before the functions.
pub const HEADER: usize = 48;
/// Bits of a source's number; the line has the others.
const SOURCE: u32 = 17;
/// No place.
const NONE: u32 = u32::MAX;

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The function.
    pub function: &'a str,
    /// The file; empty when it is not known.
    pub file: &'a str,
    /// The line, from 1; 0 when it is not known.
    pub line: u32,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    code: Range<u64>,
    functions: &'a [[u8; 12]],
    rows: &'a [[u8; 8]],
    places: &'a [[u8; 8]],
    sources: &'a [[u8; 8]],
    strings: &'a [u8],
}

fn numbers<const BYTES: usize, const COUNT: usize>(bytes: &[u8; BYTES]) -> [u32; COUNT] {
    let (words, _) = bytes.as_chunks::<4>();
    core::array::from_fn(|at| u32::from_le_bytes(words[at]))
}

/// So many rows of so many bytes, which leave `from`.
fn take<'a, const BYTES: usize>(from: &mut &'a [u8], count: u32) -> Option<&'a [[u8; BYTES]]> {
    let rows;
    (rows, *from) = from.split_at_checked(BYTES.checked_mul(count as usize)?)?;
    Some(rows.as_chunks().0)
}

/// By what the maker of a table knows again what it was made of, from its header. [`None`] when it is no table.
pub fn stamp(header: &[u8; HEADER]) -> Option<u64> {
    let (words, _) = header.as_chunks();
    header.starts_with(MAGIC).then(|| u64::from_le_bytes(words[1]))
}

impl<'a> Table<'a> {
    /// The table in `bytes`. [`None`] when it is none.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, mut rest) = bytes.split_first_chunk::<HEADER>()?;
        let words: [u32; HEADER / 4] = numbers(header);
        let wide = |at: usize| u64::from(words[at + 1]) << 32 | u64::from(words[at]);
        stamp(header)?;
        Some(Table {
            code: wide(4)..wide(6),
            functions: take(&mut rest, words[8])?,
            rows: take(&mut rest, words[9])?,
            places: take(&mut rest, words[10])?,
            sources: take(&mut rest, words[11])?,
            strings: rest,
        })
    }

    /// Where the code begins and ends.
    pub fn code(&self) -> &Range<u64> {
        &self.code
    }

    /// The function that `address` lies in: its name, and where it starts.
    pub fn function(&self, address: u64) -> Option<(&'a str, u64)> {
        let offset = self.offset(address)?;
        let end = self.functions.partition_point(|function| numbers::<12, 1>(function)[0] <= offset);
        let [start, size, name] = numbers(self.functions[..end].last()?);
        (offset - start < size.max(1)).then(|| (self.string(name), self.code.start + u64::from(start)))
    }

    /// The place of the instruction at `address`, and those of the functions that were inlined there, the
    /// innermost first.
    pub fn places(&self, address: u64) -> impl Iterator<Item = Place<'a>> + use<'a> {
        let table = self.clone();
        let row = self.offset(address).and_then(|offset| {
            let end = self.rows.partition_point(|row| numbers::<8, 1>(row)[0] <= offset);
            self.rows[..end].last()
        });
        let mut next = row.map_or(NONE, |row| numbers::<8, 2>(row)[1]);
        core::iter::from_fn(move || {
            let [what, call] = numbers(table.places.get(next as usize)?);
            let [function, file] = numbers(table.sources.get((what % (1 << SOURCE)) as usize)?);
            // In a table of ours a call stands before what was inlined there, so this comes to an end.
            next = if call < next { call } else { NONE };
            Some(Place { function: table.string(function), file: table.string(file), line: what >> SOURCE })
        })
    }

    fn offset(&self, address: u64) -> Option<u32> {
        let offset = self.code.contains(&address).then(|| address - self.code.start)?;
        u32::try_from(offset).ok()
    }

    fn string(&self, at: u32) -> &'a str {
        let bytes = self.strings.get(at as usize..).unwrap_or_default();
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        str::from_utf8(&bytes[..end]).unwrap_or_default()
    }
}

/// Pairs of numbers, each once, in the order in which they came.
#[derive(Debug, Default)]
struct Numbered {
    all: Vec<[u32; 2]>,
    known: BTreeMap<[u32; 2], u32>,
}

impl Numbered {
    fn number(&mut self, pair: [u32; 2]) -> u32 {
        let next = self.all.len() as u32;
        let number = *self.known.entry(pair).or_insert(next);
        self.all.extend((number == next).then_some(pair));
        number
    }
}

/// A table in the making.
#[derive(Debug)]
pub struct Maker {
    code: Range<u64>,
    functions: BTreeMap<u32, [u32; 2]>,
    rows: BTreeMap<u32, u32>,
    places: Numbered,
    sources: Numbered,
    strings: Vec<u8>,
    names: BTreeMap<String, u32>,
}

impl Maker {
    /// One of a program whose code is at these addresses.
    pub fn of(code: Range<u64>) -> Self {
        Maker {
            code,
            functions: BTreeMap::new(),
            rows: BTreeMap::new(),
            places: Numbered::default(),
            sources: Numbered::default(),
            strings: Vec::new(),
            names: BTreeMap::new(),
        }
    }

    /// A function. Of several that start at the same address the first is taken.
    pub fn function(&mut self, start: u64, size: u64, name: &str) {
        if let Some(offset) = self.offset(start) {
            let name = self.string(name);
            self.functions.entry(offset).or_insert([size as u32, name]);
        }
    }

    /// What is at `address` and behind it, up to the next one: the innermost place first; or nothing.
    pub fn row<'a>(&mut self, address: u64, places: impl DoubleEndedIterator<Item = Place<'a>>) {
        let Some(offset) = self.offset(address) else { return };
        let mut call = NONE;
        for Place { function, file, line } in places.rev() {
            let source = [self.string(function), self.string(file)];
            let source = self.sources.number(source);
            assert!(source < 1 << SOURCE, "a program of so many functions has no table");
            let line = if line >> (32 - SOURCE) == 0 { line } else { 0 };
            call = self.places.number([line << SOURCE | source, call]);
        }
        self.rows.insert(offset, call);
    }

    /// The table, which bears this `stamp`.
    pub fn finish(mut self, stamp: u64) -> Vec<u8> {
        let mut before = None;
        self.rows.retain(|_, place| before.replace(*place) != Some(*place));
        let mut table = Vec::from(MAGIC);
        [stamp, self.code.start, self.code.end].iter().for_each(|number| table.extend(number.to_le_bytes()));
        let mut put = |numbers: &[u32]| numbers.iter().for_each(|number| table.extend(number.to_le_bytes()));
        let counts = [self.functions.len(), self.rows.len(), self.places.all.len(), self.sources.all.len()];
        put(&counts.map(|count| count as u32));
        self.functions.iter().for_each(|(start, [size, name])| put(&[*start, *size, *name]));
        self.rows.iter().for_each(|(offset, place)| put(&[*offset, *place]));
        self.places.all.iter().chain(&self.sources.all).for_each(|pair| put(pair));
        table.extend(self.strings);
        table
    }

    fn offset(&self, address: u64) -> Option<u32> {
        let offset = self.code.contains(&address).then(|| address - self.code.start)?;
        u32::try_from(offset).ok()
    }

    fn string(&mut self, text: &str) -> u32 {
        if let Some(at) = self.names.get(text) {
            return *at;
        }
        let at = self.strings.len() as u32;
        self.strings.extend(text.bytes().chain([0]));
        self.names.insert(text.to_string(), at);
        at
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const OUTER: Place<'_> = Place { function: "a::outer", file: "a.rs", line: 7 };
    const INNER: Place<'_> = Place { function: "inner", file: "b.rs", line: 1 };

    fn table() -> Vec<u8> {
        let mut maker = Maker::of(0x1000..0x2000);
        maker.function(0x1000, 0x10, "first");
        maker.function(0x1000, 0x20, "of the same address");
        maker.function(0x1020, 0, "label");
        maker.row(0x1000, [OUTER].into_iter());
        maker.row(0x1004, [INNER, OUTER].into_iter());
        maker.row(0x1008, [OUTER].into_iter());
        maker.row(0x100c, [].into_iter());
        maker.row(0x2000, [OUTER].into_iter());
        maker.finish(5)
    }

    #[test]
    fn functions_end() {
        let bytes = table();
        let table = Table::parse(&bytes).unwrap();
        assert_eq!((stamp(bytes.first_chunk().unwrap()), table.code()), (Some(5), &(0x1000..0x2000)));
        for (address, function) in [
            (0xfff, None),
            (0x1000, Some(("first", 0x1000))),
            (0x100f, Some(("first", 0x1000))),
            (0x1010, None),
            (0x1020, Some(("label", 0x1020))),
            (0x1021, None),
            (0x2000, None),
        ] {
            assert_eq!(table.function(address), function, "{address:#x}");
        }
    }

    #[test]
    fn places_go_from_the_innermost_outward() {
        let bytes = table();
        let table = Table::parse(&bytes).unwrap();
        for (address, places) in [
            (0xfff, vec![]),
            (0x1003, vec![OUTER]),
            (0x1004, vec![INNER, OUTER]),
            (0x100b, vec![OUTER]),
            (0x100c, vec![]),
            (0x1fff, vec![]),
            (0x2000, vec![]),
        ] {
            assert_eq!(table.places(address).collect::<Vec<_>>(), places, "{address:#x}");
        }
    }

    #[test]
    fn what_is_cut_off_or_damaged_is_no_table_or_has_an_end() {
        let mut bytes = table();
        for length in 0..bytes.len() {
            if let Some(table) = Table::parse(&bytes[..length]) {
                assert!(table.places(0x1004).count() <= 2 && length >= HEADER);
            }
        }
        for at in 0..bytes.len() {
            bytes[at] ^= 0xff;
            if let Some(table) = Table::parse(&bytes) {
                (0xff0..0x1030).for_each(|address| assert!(table.places(address).count() <= 2));
                (0xff0..0x1030).for_each(|address| _ = table.function(address));
            }
            bytes[at] ^= 0xff;
        }
    }
}
