//! Where the workspace is.

use std::path::{Path, PathBuf};

use crate::status::Failure;

/// The script that starts QEMU, by which the root is known.
pub const QEMU_RUN: &str = "qemu-run.sh";

/// The root of the workspace: where this program was built, or, when that has moved, the nearest directory
/// above the current one that looks like it.
pub fn root() -> Result<PathBuf, Failure> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf);
    let here = std::env::current_dir().ok();
    let above = here.iter().flat_map(|dir| dir.ancestors()).map(Path::to_path_buf);
    built
        .into_iter()
        .chain(above)
        .find(|dir| dir.join(QEMU_RUN).is_file() && dir.join("kernel/Cargo.toml").is_file())
        .ok_or_else(|| Failure::dead("this is not a Scullery workspace: run it where qemu-run.sh is"))
}
