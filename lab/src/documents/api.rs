//! `docs/API.md`: what the kernel offers to a module in C.

use std::fmt::Write;

use crate::module::headers::{Entry, entries};

use super::text::{code, escape, heads, row};

const INTRODUCTION: &str = "\
# What a module in C may call

`cargo documents` makes this page of the comments in `include/`. The functions are the lab's own primitives, so whatever is
observed of the kernel's own drivers is observed of a module. The number is the chapter of *Linux Device Drivers*, third
edition, in which a name or its forerunner is treated. A name that is not here is not offered, and the build says so, with its
line: [YOUR_DRIVER](YOUR_DRIVER.md).
";

/// The page.
pub fn render() -> String {
    let mut text = String::from(INTRODUCTION);
    let mut header = "";
    let entries = entries().expect("the headers are there");
    for Entry { header: file, names, chapter, meaning } in &entries {
        if file != header {
            header = file;
            let _ = writeln!(text, "\n## `<{header}>`\n");
            heads(&mut text, &["names", "meaning", "LDD3"]);
        }
        let names = code(names.iter().map(String::as_str));
        row(&mut text, [names, escape(meaning), chapter.to_string()]);
    }
    text
}
