//! Writes the table of `docs/LOCK_ORDER.md` from what machines observe, which takes some minutes: `cargo
//! lock-order`.

use std::error::Error;

use lab::documents::lock_order::{ALL, FILE, LockOrder};
use lab::workspace;

fn main() -> Result<(), Box<dyn Error>> {
    let file = workspace::root().map_err(|failure| failure.message)?.join(FILE);
    let observed = LockOrder::observe(ALL).map_err(|failure| failure.message)?;
    let page = std::fs::read_to_string(&file)?;
    for line in observed.lacking(&LockOrder::read(&page)) {
        println!("new: {line}");
    }
    std::fs::write(file, observed.write(&page))?;
    match observed.circle() {
        circle if circle.is_empty() => Ok(()),
        circle => Err(format!("these are taken in a circle: {}", circle.join(", ")).into()),
    }
}
