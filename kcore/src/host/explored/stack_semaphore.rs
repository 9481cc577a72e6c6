//! `stack-semaphore`, from within its primitives: what it shows is behind the step in which a unit is given.

use super::inside::{Inside, Told};
use super::machine::Explored;
use crate::event::Class;
use crate::experiment::stage::{Scene, Unit};
use crate::experiment::{Refusal, Stage};
use crate::machine::AtomicFlag;
use crate::settings::Form;

/// Units of this form.
struct Units(Form);

impl Scene<Inside, Class> for Units {
    fn unit(&self) -> Unit<Inside, Class> {
        Unit::from_flag(self.0, Told::new(false), Class::EVENT, false)
    }
}

/// Its body.
pub(super) fn round(stage: &mut Stage<'_, Explored>) -> Result<(), Refusal> {
    stage.requests(&Units(stage.resolved.lock))
}
