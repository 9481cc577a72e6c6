//! Hands the linker script to the linker.

fn main() {
    let manifest = std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let boot = std::path::Path::new(&manifest).join("../boot");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        println!("cargo:rustc-link-arg-bin=kernel=-T{}", boot.join("kernel.ld").display());
        println!("cargo:rustc-link-arg-bin=floor=-T{}", boot.join("floor.ld").display());
    }
    println!("cargo:rerun-if-changed={}", boot.display());
}
