//! Addresses become functions and lines.
//!
//! The kernel prints an address as `[<ffffffff80201234>]`, the way Linux does. The line tables in its ELF are
//! not loaded into the guest; they are read here, and only when the first such address comes.

use std::cell::OnceCell;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use addr2line::Context;
use addr2line::gimli::{self, Dwarf, EndianSlice, LittleEndian, SectionId};
use kcore::symbols::HEADER;
use kcore::{source_path, symbol_name};
use object::{File, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};
use tempfile::NamedTempFile;

use crate::workspace;

/// The symbols of one ELF.
pub struct Symbols {
    elf: PathBuf,
    root: Option<String>,
    /// `None` inside when the file could not be read: then addresses stay numbers.
    tables: OnceCell<Option<Tables>>,
}

type Reader = EndianSlice<'static, LittleEndian>;

/// What an ELF knows, which stays in memory from then on.
struct Tables {
    file: File<'static>,
    lines: Context<Reader>,
}

impl Tables {
    fn of(elf: &Path) -> Option<Self> {
        let file = File::parse(&*std::fs::read(elf).ok()?.leak()).ok()?;
        let section = |id: SectionId| {
            let section = file.section_by_name(id.name());
            let bytes = section.and_then(|section| section.data().ok()).unwrap_or_default();
            Ok::<_, gimli::Error>(Reader::new(bytes, LittleEndian))
        };
        let lines = Context::from_dwarf(Dwarf::load(section).ok()?).ok()?;
        Some(Tables { file, lines })
    }

    /// The name of the function at `address`, mangled, and where it starts. One in assembler has no end.
    fn function(&self, address: u64) -> Option<(&'static str, u64)> {
        let is_before = |symbol: &object::Symbol<'_, '_>| {
            let section = || self.file.section_by_index(symbol.section_index()?).ok();
            matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Unknown)
                && symbol.address() <= address
                && section().is_some_and(|section| section.kind() == SectionKind::Text)
        };
        let last =
            self.file.symbols().filter(is_before).max_by_key(|symbol| (symbol.address(), symbol.size()))?;
        let is_in = last.size() == 0 || address - last.address() < last.size();
        Some((last.name().ok()?, last.address())).filter(|_| is_in)
    }
}

impl std::fmt::Debug for Symbols {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Symbols").field("elf", &self.elf).finish_non_exhaustive()
    }
}

/// One function at an address; several, when the compiler inlined.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    function: String,
    /// `kernel/src/main.rs:12`.
    line: Option<String>,
}

impl Frame {
    fn show(&self, offset: Option<u64>) -> String {
        let offset = offset.map(|bytes| format!("+{bytes:#x}")).unwrap_or_default();
        let line = self.line.as_ref().map(|line| format!(" ({line})")).unwrap_or_default();
        format!("{}{offset}{line}", self.function)
    }
}

const OPEN: &str = "[<";
const CLOSE: &str = ">]";

impl Symbols {
    /// The symbols of `elf`, which is not read before they are needed.
    pub fn of(elf: impl Into<PathBuf>) -> Self {
        Symbols {
            elf: elf.into(),
            root: workspace::root().ok().and_then(|root| root.to_str().map(str::to_string)),
            tables: OnceCell::new(),
        }
    }

    /// `line` with each `[<address>]` followed by its function, offset and source line. Functions that were
    /// inlined there get lines of their own above it, so that a backtrace still reads from the innermost
    /// outward.
    pub fn annotate(&self, line: &str) -> String {
        let mut inlined = String::new();
        let mut annotated = String::new();
        let mut rest = line;
        while let Some((before, address, after)) = token(rest) {
            if is_named(after) {
                // The kernel has its own symbols and has said all of this.
                break;
            }
            let column = annotated.chars().count() + before.chars().count();
            let end = rest.len() - after.len();
            annotated.push_str(&rest[..end]);
            let (frames, offset) = self.frames(address, is_exact(before));
            if let Some((outermost, inner)) = frames.split_last() {
                let width = end - before.len();
                for frame in inner {
                    inlined.push_str(&format!("{:column$}{:width$} {}\n", "", "(inlined)", frame.show(None)));
                }
                annotated.push(' ');
                annotated.push_str(&outermost.show(offset));
            }
            rest = after;
        }
        inlined + &annotated + rest
    }

    /// One phrase for a return address, or for the instruction itself if it is `exact`: `function+0x1a
    /// (kernel/src/main.rs:12)`, the innermost function's line; or the number, when the ELF does not know it.
    pub fn describe(&self, address: u64, exact: bool) -> String {
        let (frames, offset) = self.frames(address, exact);
        match &frames[..] {
            [] => format!("{address:#x}"),
            [only] => only.show(offset),
            [inner, ..] => inner.show(None),
        }
    }

    /// The functions at `address`, innermost first, and its distance from the start of the outermost.
    ///
    /// A return address belongs to the instruction after the call, which may be the next line or even the
    /// next function, so the byte before it is looked up unless the address is `exact`.
    fn frames(&self, address: u64, exact: bool) -> (Vec<Frame>, Option<u64>) {
        let probe = if exact { address } else { address.saturating_sub(1) };
        let Some(tables) = self.tables.get_or_init(|| Tables::of(&self.elf)) else {
            return (Vec::new(), None);
        };
        let mut frames = self.inlined(&tables.lines, probe).unwrap_or_default();
        let symbol = tables.function(probe);
        if let Some((name, _)) = symbol {
            // The line tables leave the path out (`run`), the symbol has it (`kernel::programs::tour::run`).
            let function = demangle(name);
            match frames.last_mut() {
                Some(outermost) => outermost.function = function,
                None => frames.push(Frame { function, line: None }),
            }
        }
        (frames, symbol.map(|(_, start)| address.wrapping_sub(start)))
    }

    fn inlined(&self, lines: &Context<Reader>, probe: u64) -> Option<Vec<Frame>> {
        let mut iterator = lines.find_frames(probe).skip_all_loads().ok()?;
        let mut frames = Vec::new();
        while let Ok(Some(frame)) = iterator.next() {
            let name = frame.function.as_ref().and_then(|name| name.raw_name().ok());
            let place = frame.location.and_then(|place| Some((place.file?, place.line?)));
            let line = place
                .map(|(file, line)| format!("{}:{line}", source_path::short(file, self.root.as_deref())));
            let function = name.map_or("?".to_string(), |name| demangle(&name));
            frames.push(Frame { function, line });
        }
        Some(frames)
    }
}

/// The file with the [table](kcore::symbols) from which the kernel that is `elf` names its own functions and lines.
/// It lies beside the ELF, and is made when it is not there or is another one's. [`None`] where it cannot be made:
/// then the kernel does without, and the addresses in what it prints are named here.
pub fn table(elf: &Path) -> Option<PathBuf> {
    let file = elf.with_extension("symbols");
    let about = fs::metadata(elf).ok()?;
    let mut hasher = DefaultHasher::new();
    (about.len(), about.modified().ok()?).hash(&mut hasher);
    let stamp = hasher.finish();
    let mut header = [0; HEADER];
    let has_header = fs::File::open(&file).is_ok_and(|mut file| file.read_exact(&mut header).is_ok());
    if has_header && kcore::symbols::stamp(&header) == Some(stamp) {
        return Some(file);
    }
    let table = symbols::table(&fs::read(elf).ok()?, stamp)?;
    // Others that make it meanwhile find all of it, or nothing.
    let mut whole = NamedTempFile::new_in(elf.canonicalize().ok()?.parent()?).ok()?;
    whole.write_all(&table).ok()?;
    whole.persist(&file).ok()?;
    Some(file)
}

/// The text before the first `[<hexadecimal>]` of `line`, its address, and the text after it.
fn token(line: &str) -> Option<(&str, u64, &str)> {
    let mut from = 0;
    while let Some(found) = line[from..].find(OPEN) {
        let start = from + found;
        let inside = &line[start + OPEN.len()..];
        let address = inside.split_once(CLOSE).and_then(|(digits, after)| {
            let address = u64::from_str_radix(digits.trim_start_matches("0x"), 16).ok()?;
            Some((&line[..start], address, after))
        });
        if address.is_some() {
            return address;
        }
        from = start + OPEN.len();
    }
    None
}

/// Whether the text after an address says what it is: ` function+0x1a`.
fn is_named(after: &str) -> bool {
    after.starts_with(' ') && after.contains("+0x")
}

/// Whether the words before an address say that it is the instruction itself (`RIP [<...>]`) and no return
/// address.
fn is_exact(before: &str) -> bool {
    let word = before.trim_end_matches([' ', ':', '=']);
    word.len() >= 3
        && word.is_char_boundary(word.len() - 3)
        && word[word.len() - 3..].eq_ignore_ascii_case("rip")
}

/// The name a person would say: without the hash, generic arguments, the closures of a function, and all of
/// the path but `Type::method` or `module::function`.
fn demangle(name: &str) -> String {
    let plain = symbol_name::without_generics(&format!("{:#}", rustc_demangle::demangle(name)));
    match plain.rmatch_indices("::").nth(1) {
        Some((end, _)) if !plain.starts_with('<') => plain[end + 2..].to_string(),
        _ => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This very program stands in for the kernel: `cfg(target_os = "linux")` makes it an ELF too, but one
    /// that may be loaded anywhere, so its functions are found by the addresses in the file.
    fn own() -> Symbols {
        Symbols::of(std::env::current_exe().unwrap())
    }

    #[test]
    fn a_line_without_an_address_stays_as_it_is() {
        for line in ["", "boot: 4 CPUs", "[<nonsense>] [<12", "[< 1 >]"] {
            assert_eq!(Symbols::of("/nonexistent").annotate(line), line);
        }
    }

    #[test]
    fn an_unknown_address_stays_as_it_is() {
        let line = "  [<ffffffff80201234>] and [<0x10>].";
        assert_eq!(Symbols::of("/nonexistent").annotate(line), line);
        assert_eq!(Symbols::of("/nonexistent").describe(0x10, false), "0x10");
    }

    #[test]
    fn what_the_kernel_has_named_stays_as_it_is() {
        let line = "    [<ffffffff80201234>] kernel::programs::main+0x1a  kernel/src/programs/mod.rs:12";
        assert_eq!(Symbols::of("/nonexistent").annotate(line), line);
        assert!(
            is_named(" <A as B>::c+0x1") && !is_named("") && !is_named(" and [<0x10>]") && !is_named("+0x1")
        );
    }

    #[test]
    fn tokens_are_found_wherever_they_stand() {
        assert_eq!(token("a [<x>] [<1f>] b"), Some(("a [<x>] ", 0x1f, " b")));
        assert_eq!(token("[<0x1f>]"), Some(("", 0x1f, "")));
    }

    #[test]
    fn only_the_instruction_pointer_is_exact() {
        assert!(is_exact("RIP ") && is_exact("  rip: ") && is_exact("rip="));
        assert!(!is_exact("  ") && !is_exact("#1 ") && !is_exact("é"));
    }

    #[test]
    fn the_hash_is_dropped() {
        assert_eq!(demangle("_ZN6kernel5kmain17h0123456789abcdefE"), "kernel::kmain");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_function_of_this_program_is_found() {
        let symbols = own();
        let tables = Tables::of(&std::env::current_exe().unwrap()).unwrap();
        // The test binary is not loaded where it was linked; `.text` of the file is, by definition.
        let text = tables.file.section_by_name(".text").unwrap();
        let known = (text.address()..text.address() + text.size()).step_by(64).find_map(|address| {
            let (frames, offset) = symbols.frames(address, true);
            let ours = frames.last()?.line.as_ref().is_some_and(|line| line.starts_with("lab/src/"));
            ours.then(|| (address, frames.last().cloned(), offset))
        });
        let (address, frame, offset) = known.expect("this crate has functions");
        let annotated = symbols.annotate(&format!("rip [<{address:x}>]"));
        assert!(
            annotated.ends_with(&format!("rip [<{address:x}>] {}", frame.unwrap().show(offset))),
            "{annotated}"
        );
    }
}
