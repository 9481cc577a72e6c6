//! Makes the disk images from which BIOS and UEFI machines boot the kernel.
//!
//! ```text
//! cargo run -- KERNEL_ELF OUT_DIR [COMMAND_LINE]
//! ```
//!
//! The command line is what the kernel does on a machine without QEMU's `fw_cfg`; it lies in the image as its
//! ramdisk.
//!
//! Both images hold the same kernel, without its debug information: the BIOS loader reads the disk in real
//! mode, 16 KiB at a time, and that is most of the time it takes.

#![forbid(unsafe_code)]

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use bootloader::{BootConfig, DiskImageBuilder};

/// What went wrong, for the user.
type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let (kernel, out, command) = match arguments.as_slice() {
        [kernel, out] => (kernel, out, None),
        [kernel, out, command] => (kernel, out, Some(command)),
        _ => {
            eprintln!("image: usage: cargo run -- KERNEL_ELF OUT_DIR [COMMAND_LINE]");
            return ExitCode::from(2);
        }
    };
    match make(Path::new(kernel), Path::new(out), command.map(OsString::as_os_str)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("image: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn make(kernel: &Path, out: &Path, command: Option<&OsStr>) -> Result<(), Failure> {
    fs::create_dir_all(out).map_err(|error| format!("'{}': {error}", out.display()))?;
    let stripped = strip(kernel, out)?;
    let mut builder = DiskImageBuilder::new(stripped.clone());
    builder.set_boot_config(&silence());
    let text = out.join("command-line");
    if let Some(command) = command {
        fs::write(&text, command.as_encoded_bytes())?;
        builder.set_ramdisk(text.clone());
    }
    for (door, create) in [
        ("bios", DiskImageBuilder::create_bios_image as fn(&DiskImageBuilder, &Path) -> _),
        ("uefi", DiskImageBuilder::create_uefi_image),
    ] {
        let image = out.join(format!("scullery-{door}.img"));
        create(&builder, &image).map_err(|error| format!("'{}': {error:#}", image.display()))?;
        println!("{}", image.display());
    }
    fs::remove_file(stripped)?;
    if command.is_some() {
        fs::remove_file(text)?;
    }
    Ok(())
}

/// COM1 belongs to the kernel, and the screen is not looked at.
fn silence() -> BootConfig {
    let mut config = BootConfig::default();
    config.frame_buffer_logging = false;
    config.serial_logging = false;
    config
}

/// A copy of `kernel` in `out` with nothing but what is loaded.
fn strip(kernel: &Path, out: &Path) -> Result<PathBuf, Failure> {
    let stripped = out.join("kernel.stripped");
    let tool = llvm_tool("llvm-strip")?;
    let status = Command::new(&tool).arg("--strip-all").arg("-o").arg(&stripped).arg(kernel).status();
    let status = status.map_err(|error| format!("'{}': {error}", tool.display()))?;
    if !status.success() {
        return Err(format!("'{}' is not a kernel that can be stripped", kernel.display()).into());
    }
    Ok(stripped)
}

/// The program `name` of the component llvm-tools.
fn llvm_tool(name: &str) -> Result<PathBuf, Failure> {
    let output = Command::new("rustc").args(["--print", "target-libdir"]).output()?;
    let libraries = PathBuf::from(String::from_utf8(output.stdout)?.trim());
    Ok(libraries.with_file_name("bin").join(name))
}
