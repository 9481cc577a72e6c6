//! The parameter `edition`.

use kcore::scull::Edition;
use kcore::settings::Lock;

use crate::dev::{Parameters, Refused};

/// Which edition of a driver is meant: the repaired one unless somebody says otherwise.
pub(super) fn edition(given: &Parameters<'_>) -> Result<Edition, Refused> {
    let form: Lock = given.value("edition", Edition::default().form())?;
    Edition::of(form).ok_or_else(|| given.bad("edition", &alloc::format!("{form}"), "book or repaired"))
}
