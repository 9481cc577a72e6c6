//! The commands that are tools of `kcore::tools`: a line each.

use kcore::tools;

use super::command::Command;

pub(super) const AWK: Command = Command::tool(
    "awk",
    "'$N==\"WORD\" {print $M}' [FILE]...",
    "a field of the lines with a word in another",
    tools::awk,
)
.of_ours();
pub(super) const CAT: Command =
    Command::tool("cat", "[FILE]...", "write files, or what is typed, to the output", tools::cat);
pub(super) const CP: Command =
    Command::tool("cp", "FILE FILE", "write a file to another that is there", tools::cp);
pub(super) const DD: Command = Command::tool(
    "dd",
    "[OPERAND=VALUE]...",
    "copy blocks of bytes, and count them: dd if=/dev/zero of=/dev/scull0 bs=1K count=4",
    tools::dd,
)
.explained(|| DD_DETAILS.into());
pub(super) const ECHO: Command = Command::tool(
    "echo",
    "[-neE] [WORD]...",
    "write words; -n without the end of the line, -e with \\n, \\061, \\xHH",
    tools::echo,
);
pub(super) const GREP: Command = Command::tool(
    "grep",
    "[-EF] [-chHilnqsvx] PATTERN [FILE]...",
    "the lines that a pattern is in; -E: ( | { + ? without backslashes; -F: a text; -q: only whether",
    tools::grep,
)
.of_ours();
pub(super) const HEAD: Command = Command::tool(
    "head",
    "[-LINES] [-n [-]LINES | -c [-]BYTES] [-qv] [FILE]...",
    "the first lines, or bytes; of -N, all but the last N",
    tools::head,
);
pub(super) const HEXDUMP: Command =
    Command::tool("hexdump", "[-C] [-n BYTES] [FILE]...", "show bytes; equal rows once", tools::hexdump);
pub(super) const OD: Command = Command::tool(
    "od",
    "[-bcdosxv] [-t TYPE] [-A RADIX] [-j BYTES] [-N BYTES] [FILE]...",
    "bytes as characters (-c) or numbers: -t x1, d2, u4, o8; -A d, o, x, n: the offsets",
    tools::od,
);
pub(super) const PRINTF: Command =
    Command::tool("printf", "FORMAT [WORD]...", "write words in a form: %s %d %u %x %o %c %b", tools::printf);
pub(super) const SEQ: Command =
    Command::tool("seq", "[-w] [-s TEXT] [FIRST [STEP]] LAST", "numbers, one after the other", tools::seq);
pub(super) const TAIL: Command = Command::tool(
    "tail",
    "[-LINES] [-n [+]LINES | -c [+]BYTES] [-fqv] [FILE]...",
    "the last lines, or bytes; of +N, all from the Nth; -f waits for more",
    tools::tail,
);
pub(super) const TEE: Command =
    Command::tool("tee", "[-a] [FILE]...", "write what is read to the output and to files", tools::tee);
pub(super) const TOUCH: Command =
    Command::tool("touch", "[-c] FILE...", "open files for writing, and close them", tools::touch);
pub(super) const WC: Command =
    Command::tool("wc", "[-lwc] [FILE]...", "count lines, words and bytes", tools::wc);

const DD_DETAILS: &str = "  if= of=FILE   bs= ibs= obs=BYTES   count= skip= seek=N
  BYTES, N       12, 1K, 1kB, 2x512, b for 512; an N with a B counts bytes
  iflag= oflag=  fullblock append nonblock count_bytes skip_bytes seek_bytes
  conv=          notrunc noerror sync fsync fdatasync excl nocreat swab ucase lcase
  status=        none noxfer progress
";
