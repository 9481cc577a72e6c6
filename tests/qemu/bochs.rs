//! A second emulator: Bochs boots the BIOS image, with no host that gives the machine its words or waits for
//! its status.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kcore::settings::Config;
use lab::build::Executable;
use lab::image;
use libtest_mimic::{Completion, Failed, Trial};
use tests::case::executable;
use tests::ensure::{contains, holds};

const SHARE: &str = "/usr/share/bochs";
const BOCHSRC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../boot/image/bochsrc");

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::ignorable_test("bochs::from-the-image-to-power-off", boots)]
}

/// The kernel does what the image says, says how it ended, and switches the machine off.
fn boots() -> Result<Completion, Failed> {
    let image = match image::find(None, "bios", &executable(Executable::Cases, Config::Full)?) {
        Ok(image) => image,
        Err(missing) => return Ok(Completion::ignored_with(missing)),
    };
    for (file, package) in [("BIOS-bochs-latest", "bochsbios"), ("VGABIOS-lgpl-latest", "vgabios")] {
        if !Path::new(SHARE).join(file).exists() {
            return Ok(Completion::ignored_with(format!("Bochs has no {file}: install bochs and {package}")));
        }
    }
    let dir = tempfile::tempdir()?;
    let output = bochs(&image, dir.path())?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    if said.contains("display library 'sdl2' not available") {
        return Ok(Completion::ignored_with("this Bochs has no display library sdl2: install bochs-sdl"));
    }
    let com1 = fs::read_to_string(dir.path().join("com1.txt")).unwrap_or_default();
    let told = format!("{said}\nCOM1:\n{com1}");
    holds("the machine greets", com1.starts_with("Scullery ")).map_err(|why| format!("{why}\n{told}"))?;
    contains(&com1, ", entered by disk: 1 CPU, ")?;
    holds("it says how it ended, at the end", com1.ends_with("\nends with status 0\n"))
        .map_err(|why| format!("{why}\n{told}"))?;
    contains(&said, "ACPI control: soft power off")?;
    Ok(Completion::Completed)
}

/// Runs Bochs on `image` in `dir`.
fn bochs(image: &Path, dir: &Path) -> Result<Output, Failed> {
    fs::copy(image, dir.join("disk.img"))?;
    let rc = PathBuf::from(BOCHSRC);
    let mut bochs = Command::new("timeout");
    // A build with a debugger asks what to do: c is to go on.
    File::create(dir.join("stdin"))?.write_all(b"c\n")?;
    bochs.args(["600", "bochs", "-q", "-f"]).arg(rc).current_dir(dir);
    bochs
        .env("SDL_VIDEODRIVER", "dummy")
        .env("BXSHARE", SHARE)
        .stdin(Stdio::from(File::open(dir.join("stdin"))?));
    Ok(bochs.output()?)
}
