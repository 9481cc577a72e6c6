//! The kernel's own table, as the loader left it.

use core::ops::Range;

use kcore::symbols::Table;
use spin::Once;

use crate::frames;
use crate::layout;

/// Where it lies physically.
static MODULE: Once<Range<u64>> = Once::new();

/// The loader has put a boot module at `module`, physically. It is expected to be the kernel's table of symbols;
/// anything else is found not to be when a caller asks for a symbol. Outside of RAM there is nothing.
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

/// The table, if it is that of this kernel: the code begins where ours does and is as long. Allocates nothing:
/// it is a view of the bytes.
pub(super) fn table() -> Option<Table<'static>> {
    let module = MODULE.get()?;
    let bytes = frames::pointer::<u8>(module.start).cast_const();
    // SAFETY: the loader has filled these bytes of RAM, which the window maps for ever. The memory map calls
    // them taken, so no caller is given them, and the window lets no code write to them.
    let bytes = unsafe { core::slice::from_raw_parts(bytes, (module.end - module.start) as usize) };
    let text = layout::text();
    Table::parse(bytes).filter(|table| {
        let code = table.code();
        text.contains(&code.start) && code.end.next_multiple_of(4096) == text.end
    })
}
