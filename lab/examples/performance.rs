//! Writes `docs/PERFORMANCE.md` from what machines measure on a quiet host: `cargo performance`, or `cargo
//! performance TURNS`.

use std::error::Error;

use lab::documents::performance::{FILE, TURNS, measure};
use lab::workspace;

fn main() -> Result<(), Box<dyn Error>> {
    let file = workspace::root().map_err(|failure| failure.message)?.join(FILE);
    let turns = std::env::args().nth(1).map_or(Ok(TURNS), |turns| turns.parse())?;
    Ok(std::fs::write(file, measure(turns).map_err(|failure| failure.message)?)?)
}
