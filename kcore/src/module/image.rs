//! The parts of a module at their addresses.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use object::LittleEndian;
use object::elf::{self, Rela64, SectionHeader64, Sym64};
use object::read::elf::{Rela, SectionHeader, Sym};
use object::read::{SectionIndex, SymbolIndex};

use super::object::{LE, Malformed, Object};
use crate::sort;

/// The section that the texts of the sources are in, each behind its name.
const SOURCES: &str = ".scullery.source";

/// What a part may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Code: read, execute.
    Text,
    /// Constants: read.
    Constants,
    /// Variables: read, write.
    Data,
}

/// A function of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Where it starts.
    pub start: u64,
    /// Bytes.
    pub size: u64,
    /// Its name.
    pub name: String,
}

/// The bytes of a module as they are to lie in memory.
#[derive(Debug)]
pub struct Image {
    bases: [u64; 3],
    /// The bytes of each [`Part`].
    pub parts: [Vec<u8>; 3],
    /// The functions, by address.
    pub functions: Vec<Function>,
}

/// A list, and the section that it is about.
type Relocations<'a> = (&'a [Rela64<LittleEndian>], SectionIndex);

impl<'a> Object<'a> {
    /// The module with its parts at `bases`. `resolve` knows the addresses of what it does not have itself.
    pub fn link(&self, bases: [u64; 3], resolve: impl Fn(&str) -> Option<u64>) -> Result<Image, Malformed> {
        let mut image = Image { bases, parts: self.fill()?, functions: Vec::new() };
        let addresses = self.addresses(bases, &resolve)?;
        for relocations in self.sections.iter() {
            let Some((list, target)) = self.relocations(relocations)? else { continue };
            let Some(place) = self.places.get(target.0).copied().flatten() else { continue };
            let size = self.sections.section(target)?.sh_size(LE) as usize;
            let bytes = &mut image.parts[place.part as usize][place.offset..place.offset + size];
            let base = bases[place.part as usize] + place.offset as u64;
            relocate(bytes, base, list, &addresses)?;
        }
        image.functions = self.functions(&addresses)?;
        Ok(image)
    }

    /// A section that is not loaded, as the lines are, with the addresses that it has at `bases`.
    pub fn unloaded(&self, name: &str, bases: [u64; 3]) -> Result<Vec<u8>, Malformed> {
        let Some((index, section)) = self.section(name) else { return Ok(Vec::new()) };
        let mut bytes = copy(section.data(LE, self.bytes)?)?;
        let addresses = self.addresses(bases, &|_| Some(0))?;
        for relocations in self.sections.iter() {
            if let Some((list, target)) = self.relocations(relocations)?
                && target == index
            {
                relocate(&mut bytes, 0, list, &addresses)?;
            }
        }
        Ok(bytes)
    }

    /// Where its symbol `name` lies, if it has it itself.
    pub fn address_of(&self, name: &str, bases: [u64; 3]) -> Option<u64> {
        let mut all = self.symbols.enumerate().filter(|(_, symbol)| !symbol.is_undefined(LE));
        let (index, symbol) = all.find(|(_, symbol)| self.name(symbol) == Ok(name))?;
        self.address(index, symbol, bases, &|_| None).ok()
    }

    /// Where `name`, which it does not have itself, is used first when its parts lie at `bases`.
    pub fn used_at(&self, name: &str, bases: [u64; 3]) -> Option<u64> {
        let is_it = |index: usize| {
            let symbol = self.symbols.symbol(SymbolIndex(index)).ok();
            symbol.is_some_and(|symbol| symbol.is_undefined(LE) && self.name(symbol) == Ok(name))
        };
        let lists = self.sections.iter().filter_map(|section| self.relocations(section).ok()?);
        let mut uses = lists.filter_map(|(list, target)| {
            let place = self.places.get(target.0).copied().flatten()?;
            let first = list.iter().find(|relocation| is_it(relocation.r_sym(LE, false) as usize))?;
            let base = bases[place.part as usize] + place.offset as u64;
            Some(base.wrapping_add(first.r_offset(LE)))
        });
        uses.next()
    }

    /// Where its code goes on after each call, in order, when its parts lie at `bases`; and after some
    /// instructions that are none.
    pub fn returns(&self, bases: [u64; 3]) -> Vec<u64> {
        const SIZE: u64 = 4;
        let lists = self.sections.iter().filter_map(|section| self.relocations(section).ok()?);
        let mut all = Vec::new();
        for (list, target) in lists {
            let place = self.places.get(target.0).copied().flatten();
            let Some(place) = place.filter(|place| place.part == Part::Text) else { continue };
            let base = bases[place.part as usize] + place.offset as u64;
            let is_call = |one: &&Rela64<LittleEndian>| {
                matches!(one.r_type(LE, false), elf::R_X86_64_PC32 | elf::R_X86_64_PLT32)
            };
            let after = |one: &Rela64<LittleEndian>| base.wrapping_add(one.r_offset(LE)).wrapping_add(SIZE);
            all.extend(list.iter().filter(is_call).map(after));
        }
        sort::any(&mut all, |a, b| a < b);
        all
    }

    /// The texts of its sources, by the names that its lines have for them.
    pub fn sources(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let bytes = self.section(SOURCES).and_then(|(_, section)| section.data(LE, self.bytes).ok());
        let mut texts = bytes.unwrap_or_default().split(|byte| *byte == 0);
        let text = |bytes: &'a [u8]| core::str::from_utf8(bytes).unwrap_or_default();
        core::iter::from_fn(move || Some((text(texts.next()?), text(texts.next()?))))
    }

    /// The bytes of each part, before their relocations.
    fn fill(&self) -> Result<[Vec<u8>; 3], Malformed> {
        let mut parts = [const { Vec::new() }; 3];
        for (part, size) in parts.iter_mut().zip(self.sizes()) {
            part.try_reserve_exact(size).map_err(|_| Malformed::new("there is no memory for it"))?;
            part.resize(size, 0);
        }
        for (section, place) in self.sections.iter().zip(&self.places) {
            let (Some(place), false) = (place, section.sh_type(LE) == elf::SHT_NOBITS) else { continue };
            let data = section.data(LE, self.bytes)?;
            parts[place.part as usize][place.offset..][..data.len()].copy_from_slice(data);
        }
        Ok(parts)
    }

    /// The relocations of a section, and which: if that is what `section` is.
    fn relocations(
        &self,
        section: &SectionHeader64<LittleEndian>,
    ) -> Result<Option<Relocations<'a>>, Malformed> {
        if section.sh_type(LE) == elf::SHT_REL {
            return Err(Malformed::new("it has relocations without addends"));
        }
        let Some((list, _)) = section.rela(LE, self.bytes)? else { return Ok(None) };
        Ok(Some((list, SectionIndex(section.sh_info(LE) as usize))))
    }

    /// The address of each symbol; [`None`] for one that no part has, if nothing uses it.
    fn addresses(
        &self,
        bases: [u64; 3],
        resolve: &dyn Fn(&str) -> Option<u64>,
    ) -> Result<Vec<u64>, Malformed> {
        let mut addresses = Vec::new();
        addresses
            .try_reserve_exact(self.symbols.len())
            .map_err(|_| Malformed::new("there is no memory for it"))?;
        // The first is none, and lies at 0.
        addresses.resize(self.symbols.len(), 0);
        for (index, symbol) in self.symbols.enumerate().filter(|(index, _)| index.0 > 0) {
            addresses[index.0] = self.address(index, symbol, bases, resolve)?;
        }
        Ok(addresses)
    }

    fn address(
        &self,
        index: SymbolIndex,
        symbol: &Sym64<LittleEndian>,
        bases: [u64; 3],
        resolve: &dyn Fn(&str) -> Option<u64>,
    ) -> Result<u64, Malformed> {
        let value = symbol.st_value(LE);
        if symbol.is_undefined(LE) {
            let name = self.name(symbol)?;
            return match resolve(name) {
                Some(address) => Ok(address),
                None if name.is_empty() || symbol.is_weak() => Ok(0),
                None => Err(Malformed(format!("it wants '{name}', which is not offered"))),
            };
        }
        if symbol.is_common(LE) {
            return Err(Malformed::new("it has common symbols"));
        }
        let Some(section) = self.section_of(symbol, index)? else { return Ok(value) };
        let size = self.sections.section(section)?.sh_size(LE);
        match self.places.get(section.0).copied().flatten() {
            Some(_) if value > size => Err(Malformed::new("a symbol lies outside of its section")),
            Some(place) => Ok(bases[place.part as usize] + place.offset as u64 + value),
            // Of a section that is not loaded: how far it is from the start.
            None => Ok(value),
        }
    }

    fn functions(&self, addresses: &[u64]) -> Result<Vec<Function>, Malformed> {
        let mut functions = Vec::new();
        for (index, symbol) in self.symbols.enumerate() {
            if symbol.st_type() == elf::STT_FUNC && !symbol.is_undefined(LE) {
                let name = self.name(symbol)?.to_string();
                functions.push(Function { start: addresses[index.0], size: symbol.st_size(LE), name });
            }
        }
        sort::any(&mut functions, |a, b| (a.start, &a.name) < (b.start, &b.name));
        Ok(functions)
    }
}

impl Image {
    /// Where the function called `name` is, if it lies in the code.
    pub fn function(&self, name: &str) -> Option<u64> {
        let start = self.functions.iter().find(|function| function.name == name)?.start;
        let text = self.bases[0]..self.bases[0] + self.parts[0].len() as u64;
        text.contains(&start).then_some(start)
    }

    /// The `size` bytes at `address`, if they lie in one part.
    pub fn bytes(&self, address: u64, size: usize) -> Option<&[u8]> {
        let (part, offset) = self.find(address, size)?;
        Some(&self.parts[part][offset..offset + size])
    }

    /// The same, to be changed before the module begins.
    pub fn bytes_mut(&mut self, address: u64, size: usize) -> Option<&mut [u8]> {
        let (part, offset) = self.find(address, size)?;
        Some(&mut self.parts[part][offset..offset + size])
    }

    /// The text at `address`, without the zero that ends it.
    pub fn text(&self, address: u64) -> Option<&str> {
        let (part, offset) = self.find(address, 1)?;
        let text = self.parts[part][offset..].split(|byte| *byte == 0).next()?;
        core::str::from_utf8(text).ok()
    }

    fn find(&self, address: u64, size: usize) -> Option<(usize, usize)> {
        (0..3).find_map(|part| {
            let offset = usize::try_from(address.checked_sub(self.bases[part])?).ok()?;
            let fits = offset.checked_add(size).is_some_and(|end| end <= self.parts[part].len());
            fits.then_some((part, offset))
        })
    }
}

fn copy(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| Malformed::new("there is no memory for it"))?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// Does the relocations in `list` of the `bytes` that will lie at `base`.
fn relocate(
    bytes: &mut [u8],
    base: u64,
    list: &[Rela64<LittleEndian>],
    addresses: &[u64],
) -> Result<(), Malformed> {
    for relocation in list {
        let outside = || Malformed::new("a relocation lies outside of its section");
        let symbol = relocation.r_sym(LE, false) as usize;
        let target = addresses.get(symbol).ok_or_else(|| Malformed::new("a relocation names no symbol"))?;
        let value = target.wrapping_add_signed(relocation.r_addend(LE));
        let offset = relocation.r_offset(LE);
        let here = usize::try_from(offset).map_err(|_| outside())?;
        let distance = value.wrapping_sub(base.wrapping_add(offset)) as i64;
        let far = || Malformed(format!("an address does not fit where it is wanted, at {offset:#x}"));
        let (word, size) = match relocation.r_type(LE, false) {
            elf::R_X86_64_NONE => continue,
            elf::R_X86_64_64 => (value, 8),
            elf::R_X86_64_PC64 => (distance as u64, 8),
            elf::R_X86_64_32 => (u64::from(u32::try_from(value).map_err(|_| far())?), 4),
            elf::R_X86_64_32S => (i32::try_from(value as i64).map_err(|_| far())? as u64, 4),
            elf::R_X86_64_PC32 | elf::R_X86_64_PLT32 => {
                (i32::try_from(distance).map_err(|_| far())? as u64, 4)
            }
            other => {
                return Err(Malformed(format!(
                    "it has a relocation of the kind {other}, which is not made here"
                )));
            }
        };
        let end = here.checked_add(size).ok_or_else(outside)?;
        bytes.get_mut(here..end).ok_or_else(outside)?.copy_from_slice(&word.to_le_bytes()[..size]);
    }
    Ok(())
}
