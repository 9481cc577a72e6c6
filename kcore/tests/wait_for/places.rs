//! Source lines that golden texts can name: `P5` is line 5 of this file.

use kcore::place::Place;

pub(crate) const P5: Place = Place::caller();
pub(crate) const P6: Place = Place::caller();
pub(crate) const P7: Place = Place::caller();
pub(crate) const P8: Place = Place::caller();
pub(crate) const P9: Place = Place::caller();
pub(crate) const ALL: [Place; 5] = [P5, P6, P7, P8, P9];
