//! Begins with the kernel while Cargo compiles the lab. The first run on a fresh machine wants both, and the
//! kernel, which is one unit, keeps only one core busy.

use std::env;
use std::path::Path;
use std::process::Stdio;

#[path = "src/cargo.rs"]
mod cargo;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // Clippy only looks, and a kernel that is ready is not built.
    if ["RUSTC_WORKSPACE_WRAPPER", cargo::KERNEL_VARIABLE].into_iter().any(|name| env::var_os(name).is_some())
    {
        return;
    }
    let lab = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let mut build = cargo::build(&Path::new(&lab).join(".."), "release");
    build.args(cargo::KERNEL).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // No one waits for it. The lab asks Cargo for the kernel when it needs one, and Cargo lets in one build at a
    // time: that one goes on from where this one has come to, and says what is wrong.
    let _ = build.spawn();
}
