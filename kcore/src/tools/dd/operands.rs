//! What `dd` is asked for.

use alloc::format;
use alloc::string::String;

use crate::dev::OpenFlags;
use crate::number::{self, Wrong};
use crate::tools::System;
use crate::tools::system::quoted;

/// What Tab makes of the beginning of an operand.
pub const WORDS: &[&str] = &[
    "if=",
    "of=",
    "bs=",
    "ibs=",
    "obs=",
    "count=",
    "skip=",
    "seek=",
    "iflag=fullblock",
    "iflag=nonblock",
    "oflag=append",
    "oflag=nonblock",
    "conv=notrunc",
    "conv=noerror,sync",
    "conv=fsync",
    "conv=swab",
    "conv=ucase",
    "conv=lcase",
    "status=none",
    "status=noxfer",
    "status=progress",
];

/// Bytes of a block unless told otherwise.
const BLOCK: i64 = 512;
/// The letters that multiply a number.
const LETTERS: &str = "bcEGkKMPTwYZ";

bitflags::bitflags! {
    /// The words of `conv=`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Conversions: u32 {
        const NOTRUNC = 1;
        const NOERROR = 2;
        const SYNC = 4;
        const FSYNC = 8;
        const EXCL = 16;
        const NOCREAT = 32;
        const SWAB = 64;
        const UCASE = 128;
        const LCASE = 256;
        const FDATASYNC = 512;
        /// Those that change bytes.
        const CHANGES = Self::SWAB.bits() | Self::UCASE.bits() | Self::LCASE.bits();
    }
}

bitflags::bitflags! {
    /// The words of `iflag=` and `oflag=`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    struct Flags: u32 {
        const APPEND = 1;
        const NONBLOCK = 2;
        const FULLBLOCK = 4;
        const SKIP_BYTES = 8;
        const SEEK_BYTES = 16;
        const COUNT_BYTES = 32;
    }
}

const CONVERSIONS: &[(&str, Conversions)] = &[
    ("notrunc", Conversions::NOTRUNC),
    ("noerror", Conversions::NOERROR),
    ("sync", Conversions::SYNC),
    ("fsync", Conversions::FSYNC),
    ("fdatasync", Conversions::FDATASYNC),
    ("excl", Conversions::EXCL),
    ("nocreat", Conversions::NOCREAT),
    ("swab", Conversions::SWAB),
    ("ucase", Conversions::UCASE),
    ("lcase", Conversions::LCASE),
];
const FLAGS: &[(&str, Flags)] = &[
    ("append", Flags::APPEND),
    ("nonblock", Flags::NONBLOCK),
    ("fullblock", Flags::FULLBLOCK),
    ("skip_bytes", Flags::SKIP_BYTES),
    ("seek_bytes", Flags::SEEK_BYTES),
    ("count_bytes", Flags::COUNT_BYTES),
];
const TOLD: &[(&str, Told)] = &[("none", Told::Nothing), ("noxfer", Told::Records), ("progress", Told::All)];

/// What is said at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Told {
    /// Nothing, but errors.
    Nothing,
    /// The records.
    Records,
    /// Bytes and time as well.
    #[default]
    All,
}

/// So many whole blocks, and then so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) blocks: i64,
    pub(super) bytes: i64,
}

impl Amount {
    fn of(number: i64, is_bytes: bool, block: i64) -> Self {
        match is_bytes {
            true => Amount { blocks: number / block, bytes: number % block },
            false => Amount { blocks: number, bytes: 0 },
        }
    }

    pub(super) fn is_nothing(self) -> bool {
        self.blocks == 0 && self.bytes == 0
    }

    /// All of it in bytes, when there are so many.
    pub(super) fn all_bytes(self, block: i64) -> Option<i64> {
        self.blocks.checked_mul(block)?.checked_add(self.bytes)
    }
}

/// What is asked for.
#[derive(Debug)]
pub(super) struct Operands<'w> {
    pub(super) from: Option<&'w str>,
    pub(super) to: Option<&'w str>,
    pub(super) input_block: i64,
    pub(super) output_block: i64,
    /// What is read is gathered in blocks of the output.
    pub(super) gathers: bool,
    /// [`None`] when there is no end but that of the input.
    pub(super) count: Option<Amount>,
    pub(super) skip: Amount,
    pub(super) seek: Amount,
    /// Short reads are put together.
    pub(super) is_full_block: bool,
    pub(super) input: OpenFlags,
    pub(super) output: OpenFlags,
    pub(super) conversions: Conversions,
    pub(super) told: Told,
}

impl<'w> Operands<'w> {
    /// Those of a command line, or what is wrong with them.
    pub(super) fn of(me: &impl System, words: &[&'w str]) -> Result<Self, String> {
        let (mut from, mut to) = (None, None);
        let (mut input_block, mut output_block, mut block) = (None, None, None);
        let (mut count, mut skip, mut seek) = ((i64::MAX, false), (0, false), (0, false));
        let (mut input, mut output) = (Flags::empty(), Flags::empty());
        let mut conversions = Conversions::empty();
        let mut told = Told::default();
        for word in words {
            let unrecognized = || format!("unrecognized operand {}", quoted(word));
            let (key, value) = word.split_once('=').ok_or_else(unrecognized)?;
            // A number of blocks, unless there is a B in it.
            let amount = || Ok::<_, String>((number(me, value, 0)?, value.contains('B')));
            match key {
                "if" => from = Some(value),
                "of" => to = Some(value),
                "ibs" => input_block = Some(number(me, value, 1)?),
                "obs" => output_block = Some(number(me, value, 1)?),
                "bs" => block = Some(number(me, value, 1)?),
                "count" => count = amount()?,
                "skip" | "iseek" => skip = amount()?,
                "seek" | "oseek" => seek = amount()?,
                "conv" => conversions |= symbols(value, CONVERSIONS, "conversion")?.collect(),
                "iflag" => input |= symbols(value, FLAGS, "input flag")?.collect(),
                "oflag" => output |= symbols(value, FLAGS, "output flag")?.collect(),
                "status" => told = symbols(value, TOLD, "status level")?.last().unwrap_or_default(),
                _ => return Err(unrecognized()),
            }
        }
        if output.contains(Flags::FULLBLOCK) {
            return Err("invalid output flag: 'fullblock'".into());
        }
        for (pair, words) in [
            (Conversions::LCASE | Conversions::UCASE, "lcase and ucase"),
            (Conversions::EXCL | Conversions::NOCREAT, "excl and nocreat"),
        ] {
            if conversions.contains(pair) {
                return Err(format!("cannot combine {words}"));
            }
        }
        if output.contains(Flags::APPEND) && !conversions.contains(Conversions::NOTRUNC) {
            me.say(format_args!("you probably want conv=notrunc with oflag=append"));
        }
        let input_block = block.or(input_block).unwrap_or(BLOCK);
        let output_block = block.or(output_block).unwrap_or(BLOCK);
        let bytes = |(number, has_b), flag: bool, block| Amount::of(number, has_b || flag, block);
        Ok(Operands {
            from,
            to,
            input_block,
            output_block,
            gathers: block.is_none() || conversions.intersects(Conversions::CHANGES),
            count: (count.0 != i64::MAX)
                .then(|| bytes(count, input.contains(Flags::COUNT_BYTES), input_block)),
            skip: bytes(skip, input.contains(Flags::SKIP_BYTES), input_block),
            seek: bytes(seek, output.contains(Flags::SEEK_BYTES), output_block),
            is_full_block: input.contains(Flags::FULLBLOCK),
            input: input.open_flags(),
            output: output.open_flags(),
            conversions,
            told,
        })
    }
}

impl Flags {
    fn open_flags(self) -> OpenFlags {
        let pairs = [(Flags::APPEND, OpenFlags::APPEND), (Flags::NONBLOCK, OpenFlags::NONBLOCK)];
        pairs.iter().filter(|(flag, _)| self.contains(*flag)).map(|(_, flag)| *flag).collect()
    }
}

/// The values of words that commas part.
fn symbols<'a, T: Copy>(
    value: &'a str,
    names: &'a [(&str, T)],
    what: &str,
) -> Result<impl Iterator<Item = T> + 'a, String> {
    let find = |word: &str| names.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    match value.split(',').find(|word| find(word).is_none()) {
        Some(word) => Err(format!("invalid {what}: {}", quoted(word))),
        None => Ok(value.split(',').filter_map(find)),
    }
}

fn number(me: &impl System, word: &str, least: i64) -> Result<i64, String> {
    let invalid = || format!("invalid number: {}", quoted(word));
    let number = product(word).map_err(|wrong| match wrong {
        Wrong::Invalid => invalid(),
        Wrong::TooLarge => format!("{}: Value too large for defined data type", invalid()),
    })?;
    if number == 0 && word.starts_with("0x") {
        me.say(format_args!("warning: '0x' is a zero multiplier; use '00x' if that is intended"));
    }
    if number < least { Err(invalid()) } else { Ok(number) }
}

/// `2x512`, `1K`, `3kB`, `7B`.
fn product(word: &str) -> Result<i64, Wrong> {
    let (number, rest) = number::leading(word, LETTERS)?;
    let number = number.and_then(|number| i64::try_from(number).ok());
    // A B for bytes, behind a number that does not end with one already.
    let before = &word[..word.len() - rest.len()];
    let rest = rest.strip_prefix('B').filter(|_| !before.ends_with('B')).unwrap_or(rest);
    match rest.strip_prefix('x') {
        Some(_) if number.is_none() => {
            // Nothing of it is nothing.
            product(&rest[1..])?;
            Err(Wrong::TooLarge)
        }
        Some(rest) => match (number, product(rest)) {
            (Some(0), Err(Wrong::TooLarge)) => Ok(0),
            (Some(number), Ok(other)) => number.checked_mul(other).ok_or(Wrong::TooLarge),
            (_, other) => other,
        },
        None if rest.is_empty() => number.ok_or(Wrong::TooLarge),
        None => Err(Wrong::Invalid),
    }
}
