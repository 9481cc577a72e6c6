//! Source files as people name them: without the machine that compiled them.

#![forbid(unsafe_code)]

/// The path from `root`, that of the workspace; of other crates' files from the crate's name, of the standard
/// library's from `core`, `alloc`, ... What lies elsewhere stays as it is.
pub fn short<'a>(file: &'a str, root: Option<&str>) -> &'a str {
    let inside = |root: &str| file.strip_prefix(root.trim_end_matches('/'))?.strip_prefix('/');
    if let Some(inside) = root.filter(|root| !root.is_empty()).and_then(inside) {
        return inside;
    }
    if let Some((_, inside)) = file.split_once("/registry/src/") {
        return inside.split_once('/').map_or(inside, |(_, inside)| inside);
    }
    let library = file.starts_with("/rustc/") || file.contains("/lib/rustlib/src/");
    match file.split_once("/library/") {
        Some((_, inside)) if library => inside,
        _ => file,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_short() {
        let root = Some("/src/scullery");
        for (file, expected) in [
            ("/src/scullery/kernel/src/main.rs", "kernel/src/main.rs"),
            ("/src/scullery-2/kernel/src/main.rs", "/src/scullery-2/kernel/src/main.rs"),
            ("/home/x/.cargo/registry/src/host-1f/spin-0.12.0/src/once.rs", "spin-0.12.0/src/once.rs"),
            ("/rustc/abc/library/core/src/fmt/mod.rs", "core/src/fmt/mod.rs"),
            ("/elsewhere/library/a.rs", "/elsewhere/library/a.rs"),
        ] {
            assert_eq!(short(file, root), expected);
        }
        assert_eq!(short("/src/a.rs", Some("")), "/src/a.rs");
        assert_eq!(short("/src/a.rs", None), "/src/a.rs");
    }
}
