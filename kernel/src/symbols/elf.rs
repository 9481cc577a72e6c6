//! The kernel's ELF as the loader left it, and its table of symbols.

use alloc::format;
use alloc::string::String;
use core::ops::Range;

use object::LittleEndian;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use spin::Once;

use crate::frames;
use crate::layout;

type Elf = ElfFile64<'static, LittleEndian>;

/// Where it lies physically.
static MODULE: Once<Range<u64>> = Once::new();

/// A function of the kernel.
pub(super) struct Symbol {
    /// Its name, mangled.
    pub(super) name: &'static str,
    /// Where it starts.
    pub(super) start: u64,
}

/// The loader has put a boot module at `module`, physically. It is expected to be the kernel's ELF; anything
/// else is found not to be when a caller asks for a symbol. Outside of RAM there is nothing.
///
/// # Safety
/// The memory map calls these bytes taken: no caller is given them.
pub unsafe fn init(module: Range<u64>) {
    let is_ram = |ram: &Range<u64>| ram.start <= module.start && module.end <= ram.end;
    if frames::memory().iter().any(is_ram) {
        MODULE.call_once(|| module);
    }
}

/// Where the boot module lies physically, if there is one; else nowhere.
pub fn module() -> Range<u64> {
    MODULE.get().cloned().unwrap_or_default()
}

/// The file. Allocates next to nothing: it is a view of the bytes.
fn file() -> Option<Elf> {
    let module = MODULE.get()?;
    let bytes = frames::pointer::<u8>(module.start).cast_const();
    // SAFETY: the loader has filled these bytes of RAM, which the window maps for ever. The memory map calls
    // them taken, so no caller is given them, and the window lets no code write to them.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, (module.end - module.start) as usize) };
    Elf::parse(bytes).ok().filter(is_ours)
}

/// Whether it is the ELF of this kernel: the code begins where ours does and is as long.
fn is_ours(file: &Elf) -> bool {
    let text = layout::text();
    file.section_by_name(".text").is_some_and(|section| {
        let end = section.address() + section.size();
        text.contains(&section.address()) && end.next_multiple_of(4096) == text.end
    })
}

/// The bytes of a section; none when there is no such section.
pub(super) fn section(name: &str) -> &'static [u8] {
    file().and_then(|file| file.section_by_name(name)?.data().ok()).unwrap_or_default()
}

/// The function that `address` lies in.
pub(super) fn symbol(address: u64) -> Option<Symbol> {
    let file = file()?;
    let is_it = |start: u64, size: u64| start <= address && address - start < size.max(1);
    let symbol = file
        .symbols()
        .find(|symbol| symbol.kind() == SymbolKind::Text && is_it(symbol.address(), symbol.size()))?;
    Some(Symbol { name: symbol.name().ok()?, start: symbol.address() })
}

/// A name as people write it, without its hash.
pub(super) fn demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
