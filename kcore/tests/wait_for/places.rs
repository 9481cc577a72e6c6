//! Source lines that golden texts can name: `P5` is line 5 of this file.

use std::panic::Location;

pub(crate) const P5: &Location = Location::caller();
pub(crate) const P6: &Location = Location::caller();
pub(crate) const P7: &Location = Location::caller();
pub(crate) const P8: &Location = Location::caller();
pub(crate) const P9: &Location = Location::caller();
pub(crate) const ALL: [&Location; 5] = [P5, P6, P7, P8, P9];
