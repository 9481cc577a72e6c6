//! Names of functions as people write them.

#![forbid(unsafe_code)]

use alloc::string::String;

/// `File<M>::write` becomes `File::write`; the `<A as B>` that a path begins with stays. Closures of a
/// function become the function.
pub fn without_generics(name: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0;
    let mut before = ' ';
    for c in name.chars() {
        match c {
            '<' if depth > 0 || before.is_alphanumeric() || matches!(before, '_' | '}' | ':') => depth += 1,
            '>' if depth > 0 && before != '-' => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
        before = c;
    }
    plain.replace("::::", "::").replace("::{{closure}}", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_arguments_are_left_out() {
        for (name, plain) in [
            ("kcore::scull::file::File<M>::write", "kcore::scull::file::File::write"),
            ("allocate<list::Quantum, Kernel>", "allocate"),
            ("map::<fn(u8) -> u8>::inner", "map::inner"),
            ("<Box<F,A> as FnOnce<Args>>::call_once", "<Box as FnOnce>::call_once"),
            ("run::{closure#1}<a::{closure_env#0}>", "run::{closure#1}"),
            ("plain", "plain"),
        ] {
            assert_eq!(without_generics(name), plain);
        }
    }
}
