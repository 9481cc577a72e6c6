//! The modules `complete` and `sleepy` (LDD3, misc-modules), and the parameters that others have, too.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::complete::Complete;
use kcore::dev::{CharDevice, Printk};
use kcore::scull::Edition;
use kcore::settings::Form;
use kcore::sleepy::Sleepy;

use crate::dev::{Built, Group, Loadable, NewDevice, Parameter, Parameters, Refused};
use crate::machine::Kernel;
use crate::{println, task};

/// The parameter `major`.
pub(super) const MAJOR: Parameter = Parameter::number("major");

/// The module `complete`.
pub(in crate::dev) static COMPLETE: Loadable =
    Loadable { name: "complete", parameters: &[INTERRUPTIBLE, MAJOR], build: build_complete };

/// Whether a signal ends a reader's sleep. In the book none does.
const INTERRUPTIBLE: Parameter = Parameter::word("interruptible", &["0", "1"]);

/// The module `sleepy`.
pub(in crate::dev) static SLEEPY: Loadable =
    Loadable { name: "sleepy", parameters: &[EDITION, MAJOR], build: build_sleepy };

fn build_complete(given: &Parameters<'_>) -> Result<Built, Refused> {
    let interruptible = given.get("interruptible").unwrap_or("1");
    let device = Complete::<Kernel>::new(interruptible == "1", printk());
    one("complete", device, given, Vec::from([("interruptible".into(), interruptible.into())]))
}

fn build_sleepy(given: &Parameters<'_>) -> Result<Built, Refused> {
    let edition = edition(given)?;
    let device = Sleepy::<Kernel>::new(edition, printk());
    one("sleepy", device, given, Vec::from([("edition".into(), edition.to_string())]))
}

/// What the driver says goes to the console, as the kernel's log does.
fn printk() -> Printk {
    Box::new(|said, task| println!("{}", said.line(task, &task::name_of(task))))
}

/// A module of one device, which has its name.
pub(super) fn one(
    name: &'static str,
    device: Arc<dyn CharDevice<Kernel>>,
    given: &Parameters<'_>,
    mut parameters: Vec<(String, String)>,
) -> Result<Built, Refused> {
    let major = given.number("major", 0..=511, 0)?;
    parameters.push(("major".into(), major.to_string()));
    let devices = Vec::from([NewDevice { name: name.into(), mode: 0o666, device }]);
    let groups = Vec::from([Group { name, devices }]);
    Ok(Built { major: (major != 0).then_some(major), groups, parameters, ..Built::default() })
}

/// The parameter.
pub(super) const EDITION: Parameter = Parameter::word("edition", &["book", "repaired"]);

/// Which edition of a driver is meant: the repaired one unless the user says otherwise.
pub(super) fn edition(given: &Parameters<'_>) -> Result<Edition, Refused> {
    let form: Form = given.value("edition", Edition::default().form())?;
    Ok(Edition::of(form).unwrap_or_default())
}
