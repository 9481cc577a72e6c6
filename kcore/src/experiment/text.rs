//! What only people read: it is in the catalogue of those who show it to people.
//!
//! The kernel runs experiments and tells what happened; it explains none. So it is built without the feature `texts`, and
//! some sixty kilobytes smaller.
#![forbid(unsafe_code)]

/// A text; nothing where nobody reads it.
pub(super) const fn text(text: &'static str) -> &'static str {
    if cfg!(feature = "texts") { text } else { "" }
}

/// Several of them.
pub(super) const fn texts<const N: usize>(texts: [&'static str; N]) -> [&'static str; N] {
    if cfg!(feature = "texts") { texts } else { [""; N] }
}
