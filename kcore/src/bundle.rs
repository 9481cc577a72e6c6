//! Files in one: each is its path, a zero, its length in digits, a zero, and its bytes.
#![forbid(unsafe_code)]

use alloc::format;
use alloc::vec::Vec;

/// Adds a file to a bundle.
pub fn add(bundle: &mut Vec<u8>, path: &str, bytes: &[u8]) {
    bundle.extend(format!("{path}\0{}\0", bytes.len()).bytes());
    bundle.extend(bytes);
}

/// The files of a bundle: their paths, and what is in them. What is no bundle has none.
pub fn files(mut bundle: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let mut field = move |end: Option<usize>| {
        let length = end.or_else(|| bundle.iter().position(|byte| *byte == 0))?;
        let (field, rest) = bundle.split_at_checked(length)?;
        bundle = if end.is_none() { &rest[1..] } else { rest };
        Some(field)
    };
    core::iter::from_fn(move || {
        let path = str::from_utf8(field(None)?).ok()?;
        let length = str::from_utf8(field(None)?).ok()?.parse().ok()?;
        Some((path, field(Some(length))?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_out_as_they_went_in() {
        let all = [("a", &b"x\0y"[..]), ("b/c", b""), ("d", b"7\0")];
        let mut bundle = Vec::new();
        all.iter().for_each(|(path, bytes)| add(&mut bundle, path, bytes));
        assert_eq!(files(&bundle).collect::<Vec<_>>(), all);
        assert_eq!(files(b"").count() + files(b"x").count() + files(b"a\x009\0x").count(), 0);
    }
}
