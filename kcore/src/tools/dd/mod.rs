//! `dd`: blocks of bytes, from anywhere to anywhere, as GNU's does it.
//!
//! | file | noun |
//! |---|---|
//! | `operands` | [`Operands`]: what is asked for |
//! | `copy` | [`Copy`]: blocks from the input to the output |
//! | `seek` | what is gone over first |
//! | `done` | [`Done`]: the records that were read and written |

mod copy;
mod done;
mod operands;
mod seek;

use copy::Copy;
use done::Done;
pub use operands::WORDS;
use operands::{Amount, Conversions, Operands, Told};

use super::{Ended, System};

/// `dd [OPERAND]...`
pub fn dd(me: &impl System, words: &[&str]) -> Ended {
    let operands = Operands::of(me, words)?;
    Ok(Copy::of(me, &operands).map_or(1, Copy::run))
}
