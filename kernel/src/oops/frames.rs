//! Backtraces on the console, in the manner of Linux: addresses, and what they are.
//!
//! Without the symbols in the kernel (`symbols`) the addresses stand alone; then the lab says what they are.

use core::fmt::{self, Write};

use crate::console::cut::Cut;
use crate::{println, symbols};

/// Prints a backtrace, a line for each address: return addresses, but for the first one if it `is_exact`, the
/// instruction itself. Allocates, and must not be called where that is not allowed, by the last words of the
/// machine least of all.
///
/// ```text
///     (inlined)            load  kcore/src/shared.rs:88
///     [<ffffffff80212345>] kcore::scull::file::File<M>::write+0x45  kcore/src/scull/file.rs:145
/// ```
pub fn print(addresses: &[u64], is_exact: bool) {
    for (index, &address) in addresses.iter().enumerate() {
        let exact = is_exact && index == 0;
        let before = if exact { "rip " } else { "" };
        // A return address belongs to the instruction after the call, which may be the next line or even the
        // next function.
        let found = symbols::find(if exact { address } else { address - 1 });
        let Some((outermost, inner)) = found.places.split_last() else {
            println!("    {before}[<{address:016x}>]");
            continue;
        };
        for place in inner {
            println!("    {:before$}(inlined)            {place}", "", before = before.len());
        }
        let offset = address - found.start;
        println!("    {before}[<{address:016x}>] {}+{offset:#x}{}", outermost.function, outermost.line_of());
    }
}

/// The console as a writer: each line that is complete is printed in one piece.
#[derive(Debug, Default)]
pub struct Lines {
    line: Cut<160>,
}

impl Write for Lines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive('\n') {
            let whole = part.strip_suffix('\n');
            // A line that does not fit is cut.
            let _ = self.line.write_str(whole.unwrap_or(part));
            if whole.is_some() {
                println!("{}", self.line.as_str());
                self.line.clear();
            }
        }
        Ok(())
    }
}
