//! An object such as a compiler makes of a small driver, byte by byte.

/// A section: name, kind, flags, bytes, what it links to, and what it is about.
type Section = (&'static str, u32, u64, Vec<u8>, u32, u32);

const TEXT: u32 = 1;
const DATA: u32 = 2;
const RODATA: u32 = 3;
const PARAM: u32 = 4;
const DEBUG: u32 = 6;
const SYMBOLS: u32 = 7;
const STRINGS: u32 = 8;

/// Relocations: 64 bits, 32 signed bits, and a call.
const WIDE: u64 = 1;
const CALL: u64 = 4;
const SIGNED: u64 = 11;

/// Numbers of the symbols.
const PRINTK: u64 = 2;
const VARIABLES: u64 = 3;
const WORDS: u64 = 4;

/// The file.
pub(crate) fn made() -> Vec<u8> {
    let calls = [(4, PRINTK, CALL, -4), (8, VARIABLES, SIGNED, 0), (16, VARIABLES, WIDE, 0)];
    let leads = [
        (0, WORDS, WIDE, 0),
        (8, VARIABLES, WIDE, 0),
        (40, WORDS, WIDE, 8),
        (48, VARIABLES, WIDE, 8),
        (56, VARIABLES, WIDE, 16),
        (80, WORDS, WIDE, 16),
        (88, VARIABLES, WIDE, 24),
    ];
    let (symbols, strings) = symbols();
    // SHT_PROGBITS is 1, SHT_SYMTAB 2, SHT_STRTAB 3, SHT_RELA 4; SHF_WRITE is 1, SHF_ALLOC 2, SHF_EXECINSTR
    // 4.
    file(&[
        ("", 0, 0, Vec::new(), 0, 0),
        (".text", 1, 6, vec![0x90; 64], 0, 0),
        (".data", 1, 3, vec![0; 64], 0, 0),
        (".rodata", 1, 2, b"howmany\0sizes\0\0\0fast\0".to_vec(), 0, 0),
        ("__param", 1, 2, parameters(), 0, 0),
        (".modinfo", 1, 2, b"license=GPL\0scullery=0123\0".to_vec(), 0, 0),
        (".debug_info", 1, 0, vec![0; 32], 0, 0),
        (".symtab", 2, 0, symbols, STRINGS, 1),
        (".strtab", 3, 0, strings, 0, 0),
        (".rela.text", 4, 0, relocations(&calls), SYMBOLS, TEXT),
        (".rela__param", 4, 0, relocations(&leads), SYMBOLS, PARAM),
        (".rela.debug_info", 4, 0, relocations(&[(8, VARIABLES, WIDE, 0)]), SYMBOLS, DEBUG),
    ])
}

fn symbols() -> (Vec<u8>, Vec<u8>) {
    let (mut table, mut strings) = (vec![0; 24], vec![0]);
    // STT_OBJECT is 1, STT_FUNC 2, and 0x10 is STB_GLOBAL.
    for (name, info, section) in
        [("init_module", 0x12, TEXT), ("printk", 0x10, 0), ("variables", 0x11, DATA), ("words", 0x11, RODATA)]
    {
        table.extend(u32::to_le_bytes(strings.len() as u32));
        table.extend([info, 0, section as u8, 0]);
        table.extend([0_u64, 8].map(u64::to_le_bytes).concat());
        strings.extend(name.bytes().chain([0]));
    }
    (table, strings)
}

fn relocations(list: &[(u64, u64, u64, i64)]) -> Vec<u8> {
    let one = |&(at, symbol, kind, addend): &(u64, u64, u64, i64)| {
        [at, symbol << 32 | kind, addend as u64].map(u64::to_le_bytes).concat()
    };
    list.iter().flat_map(one).collect()
}

/// Three `struct kernel_param`: an int, an array of at most four shorts with a count, a bool.
fn parameters() -> Vec<u8> {
    let one = |words: [u32; 4]| [vec![0; 24], words.map(u32::to_le_bytes).concat()].concat();
    [[3, 4, 0, 0], [1, 2, 4, 0], [7, 1, 0, 0]].into_iter().flat_map(one).collect()
}

/// Header, bytes of the sections, their names, their table.
fn file(sections: &[Section]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    let (mut table, mut names) = (Vec::new(), vec![0]);
    let names_at = sections.len();
    let mut add =
        |file: &mut Vec<u8>, name: usize, kind: u32, flags: u64, bytes: &[u8], link: u32, info: u32| {
            file.resize(file.len().next_multiple_of(8), 0);
            let entry = match kind {
                2 | 4 => 24,
                _ => 0,
            };
            table.extend([name as u32, kind].map(u32::to_le_bytes).concat());
            table.extend([flags, 0, file.len() as u64, bytes.len() as u64].map(u64::to_le_bytes).concat());
            table.extend([link, info].map(u32::to_le_bytes).concat());
            table.extend([8_u64, entry].map(u64::to_le_bytes).concat());
            file.extend(bytes);
        };
    for (name, kind, flags, bytes, link, info) in sections {
        add(&mut file, names.len(), *kind, *flags, bytes, *link, *info);
        names.extend(name.bytes().chain([0]));
    }
    add(&mut file, 0, 3, 0, &names, 0, 0);
    let at = file.len().next_multiple_of(8);
    file.resize(at, 0);
    file.extend(table);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    // ET_REL, EM_X86_64, version 1; where the table of sections is, and how long.
    put(16, &[1, 0, 62, 0, 1, 0, 0, 0]);
    put(40, &(at as u64).to_le_bytes());
    put(52, &[64, 0]);
    put(58, &[64, 0, names_at as u8 + 1, 0, names_at as u8, 0]);
    file
}
