//! Where the workspace is.

use std::path::{Path, PathBuf};

use crate::status::Failure;

/// The script that starts QEMU, by which the root is known.
pub const QEMU_RUN: &str = "qemu-run.sh";

/// The root of the workspace: the nearest directory that looks like it above this program, which may have
/// moved with it since it was built; or, when that lies elsewhere, above the current directory; or where the
/// program was built.
pub fn root() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().ok();
    let here = std::env::current_dir().ok();
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = [program.as_deref(), here.as_deref(), Some(built)];
    let above = places.into_iter().flatten().flat_map(Path::ancestors);
    above
        .map(Path::to_path_buf)
        .find(|dir| dir.join(QEMU_RUN).is_file() && dir.join("kernel/Cargo.toml").is_file())
        .ok_or_else(|| Failure::dead("this is not a Scullery workspace: run it where qemu-run.sh is"))
}
