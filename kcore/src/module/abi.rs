//! The number of a set of headers: a module that was compiled with others has other structures.
//!
//! The lab gives it to the compiler, and the kernel's build script to the kernel, each from the files.

/// The number of headers, each a path and a text, in the order of their paths (FNV-1a).
pub fn number<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> u64 {
    let mut number = 0xcbf2_9ce4_8422_2325;
    for (path, text) in headers {
        for part in [path.as_bytes(), text] {
            for byte in part.iter().chain(&[0]) {
                number = (number ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
            }
        }
    }
    number
}
