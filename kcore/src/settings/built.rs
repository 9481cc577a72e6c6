//! How a kernel is built, as its file says it.

use super::words::Config;

/// What begins it.
const MARK: &[u8] = b"scullery kernel: ";

/// What the kernel's file has somewhere: a line with the word of [`Config::OURS`].
pub const BUILT: [u8; 32] = {
    let (mut line, word) = ([b'\n'; 32], Config::OURS.word().as_bytes());
    let mut at = 0;
    while at < MARK.len() + word.len() {
        line[at] = if at < MARK.len() { MARK[at] } else { word[at - MARK.len()] };
        at += 1;
    }
    line
};

/// How the kernel is built that is `file`, or in it; [`None`] where nothing says so.
pub fn built(file: &[u8]) -> Option<Config> {
    let at = file.windows(MARK.len()).position(|bytes| bytes == MARK)?;
    let word = file[at + MARK.len()..].split(|byte| *byte == b'\n').next()?;
    core::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_how_it_is_built() {
        let file = [b"\x7fELF scullery kernel", &BUILT[..], b"rest"].concat();
        assert_eq!(built(&file), Some(Config::OURS));
        assert_eq!(built(b"scullery kernel: fast\n"), None);
        assert_eq!(built(b"\x7fELF"), None);
    }
}
