//! The parameter `edition`.

use kcore::scull::Edition;
use kcore::settings::Lock;

use crate::dev::{Parameter, Parameters, Refused};

/// The parameter.
pub(super) const EDITION: Parameter = Parameter::word("edition", &["book", "repaired"]);

/// Which edition of a driver is meant: the repaired one unless somebody says otherwise.
pub(super) fn edition(given: &Parameters<'_>) -> Result<Edition, Refused> {
    let form: Lock = given.value("edition", Edition::default().form())?;
    Ok(Edition::of(form).unwrap_or_default())
}
