//! A relocatable object, read and checked.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use object::LittleEndian;
use object::elf::{self, FileHeader64, SectionHeader64, Sym64};
use object::read::elf::{FileHeader, SectionHeader, SectionTable, Sym, SymbolTable};
use object::read::{SectionIndex, SymbolIndex};

use super::image::Part;

pub(super) const LE: LittleEndian = LittleEndian;
type Header = FileHeader64<LittleEndian>;

/// Bytes that a module may take at most.
const MOST: usize = 16 << 20;
/// Bytes at least between two sections of variables or constants. The compiler gives each variable a section of its
/// own.
pub const GAP: usize = 64;
/// The alignment of a page, the largest that a section may ask for.
const PAGE: u64 = 4096;

/// Why an object cannot be a module, in one sentence without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

impl Malformed {
    pub(super) fn new(why: impl ToString) -> Self {
        Malformed(why.to_string())
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<object::read::Error> for Malformed {
    fn from(error: object::read::Error) -> Self {
        Malformed(format!("it is no sound object: {error}"))
    }
}

/// Where a section goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) part: Part,
    pub(super) offset: usize,
}

/// The file of a module. INVARIANT: the places of its sections do not overlap, and end within `sizes`.
#[derive(Debug)]
pub struct Object<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) sections: SectionTable<'a, Header>,
    pub(super) symbols: SymbolTable<'a, Header>,
    /// By number of the section; [`None`] for those that are not loaded.
    pub(super) places: Vec<Option<Place>>,
    sizes: [usize; 3],
}

impl<'a> Object<'a> {
    /// Reads a file.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let header = Header::parse(bytes).map_err(|_| Malformed::new("it is no ELF file of 64 bits"))?;
        let is_ours = header.is_little_endian()
            && header.e_machine(LE) == elf::EM_X86_64
            && header.e_type(LE) == elf::ET_REL;
        if !is_ours {
            return Err(Malformed::new("it is no relocatable object for x86-64"));
        }
        let sections = header.sections(LE, bytes)?;
        let symbols = sections.symbols(LE, bytes, elf::SHT_SYMTAB)?;
        let mut object = Object { bytes, sections, symbols, places: Vec::new(), sizes: [0; 3] };
        object.place()?;
        Ok(object)
    }

    /// Gives each section that is loaded its place.
    fn place(&mut self) -> Result<(), Malformed> {
        for section in self.sections.iter() {
            let place = self.part(section)?.map(|part| {
                let (size, align) = (section.sh_size(LE), section.sh_addralign(LE).max(1));
                if !align.is_power_of_two() || align > PAGE || size > MOST as u64 {
                    return Err(Malformed::new("a section has an impossible size or alignment"));
                }
                let before = self.sizes[part as usize];
                let gap = if part == Part::Text || before == 0 { 0 } else { GAP };
                let offset = (before + gap).next_multiple_of(align as usize);
                self.sizes[part as usize] = offset + size as usize;
                if self.sizes.iter().sum::<usize>() > MOST {
                    return Err(Malformed(format!("it takes more than {} MiB", MOST >> 20)));
                }
                Ok(Place { part, offset })
            });
            self.places.push(place.transpose()?);
        }
        Ok(())
    }

    /// The part that a section belongs to, if it is loaded.
    fn part(&self, section: &SectionHeader64<LittleEndian>) -> Result<Option<Part>, Malformed> {
        let has = |flag: elf::SectionFlags| section.sh_flags(LE).contains(flag);
        let name = self.sections.section_name(LE, section)?;
        // What unwinds a stack is of no use here, and a note is for tools.
        let is_loaded = has(elf::SHF_ALLOC) && !name.starts_with(b".eh_frame") && !name.starts_with(b".note");
        match (is_loaded, has(elf::SHF_EXECINSTR), has(elf::SHF_WRITE)) {
            (false, ..) => Ok(None),
            (_, true, true) => Err(Malformed::new("a section can be written and executed")),
            (_, true, _) => Ok(Some(Part::Text)),
            (_, _, true) => Ok(Some(Part::Data)),
            _ => Ok(Some(Part::Constants)),
        }
    }

    /// Bytes of each part.
    pub fn sizes(&self) -> [usize; 3] {
        self.sizes
    }

    /// Its variables and constants when its parts lie at `bases`, each with its name; or what lies together in one
    /// section, with that of the section.
    pub fn variables(&self, bases: [u64; 3]) -> impl Iterator<Item = (Range<u64>, &'a str)> {
        self.sections.iter().zip(&self.places).filter_map(move |(section, place)| {
            let Place { part, offset } = place.filter(|place| place.part != Part::Text)?;
            let (start, size) = (bases[part as usize] + offset as u64, section.sh_size(LE));
            let name = core::str::from_utf8(self.sections.section_name(LE, section).ok()?).ok()?;
            // Texts and numbers of the code lie together, and the compiler has a number behind that of a function.
            let is_merged = section.sh_flags(LE).contains(elf::SHF_MERGE);
            let kinds = [".data.", ".bss.", ".rodata."];
            let own = kinds.iter().find_map(|kind| name.strip_prefix(kind)).filter(|_| !is_merged);
            let own = own.and_then(|name| name.split('.').next());
            (size > 0).then(|| (start..start + size, own.unwrap_or(name)))
        })
    }

    /// What the file says of itself: `license`, `author`, `parm`, in its own order.
    pub fn info(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let bytes = self.section(".modinfo").map(|(_, section)| section.data(LE, self.bytes));
        let texts = bytes.and_then(Result::ok).unwrap_or_default().split(|byte| *byte == 0);
        texts.filter_map(|text| core::str::from_utf8(text).ok()?.split_once('='))
    }

    /// The names that it has others use (`EXPORT_SYMBOL`).
    pub fn exports(&self) -> impl Iterator<Item = &'a str> {
        self.info().filter(|(key, _)| *key == "export").map(|(_, name)| name)
    }

    /// The names that it wants and does not have.
    pub fn wanted(&self) -> impl Iterator<Item = &'a str> {
        let undefined = self.symbols.iter().filter(|symbol| symbol.is_undefined(LE));
        undefined.filter_map(|symbol| self.name(symbol).ok()).filter(|name| !name.is_empty())
    }

    pub(super) fn section(&self, name: &str) -> Option<(SectionIndex, &'a SectionHeader64<LittleEndian>)> {
        self.sections.section_by_name(LE, name.as_bytes())
    }

    pub(super) fn name(&self, symbol: &Sym64<LittleEndian>) -> Result<&'a str, Malformed> {
        let name = self.symbols.symbol_name(LE, symbol)?;
        core::str::from_utf8(name).map_err(|_| Malformed::new("the name of a symbol is no text"))
    }

    /// The section in which a symbol is defined.
    pub(super) fn section_of(
        &self,
        symbol: &Sym64<LittleEndian>,
        index: SymbolIndex,
    ) -> Result<Option<SectionIndex>, Malformed> {
        Ok(self.symbols.symbol_section(LE, symbol, index)?)
    }
}
