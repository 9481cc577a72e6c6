//! Writes the pages of `docs/` that are made: `cargo documents`.

use std::error::Error;

use lab::{documents, workspace};

fn main() -> Result<(), Box<dyn Error>> {
    let root = workspace::root().map_err(|failure| failure.message)?;
    for document in documents::ALL {
        std::fs::write(root.join(document.file), (document.render)())?;
    }
    Ok(())
}
