//! The module `kmemleak-test` (Linux: `samples/kmemleak`): it has no devices, and loses memory.

use alloc::boxed::Box;

use crate::dev::{Built, Loadable, Parameters, Refused};
use crate::mm::kmemleak_test;

/// The module.
pub(in crate::dev) static KMEMLEAK_TEST: Loadable =
    Loadable { name: "kmemleak-test", parameters: &[], build };

fn build(_given: &Parameters<'_>) -> Result<Built, Refused> {
    kmemleak_test::load()?;
    // How much it loses on the way out is for kmemleak to say.
    let unload = || _ = kmemleak_test::unload();
    Ok(Built { unload: Some(Box::new(unload)), ..Built::default() })
}
