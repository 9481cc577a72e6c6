//! A driver that begins anew, again and again, without being loaded again: its variables are what they were
//! before its init, and what it had allocated and registered is gone.

use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::Credentials;
use kcore::errno::Errno;
use kcore::place::Place;
use kcore::report::place;

use super::call::{self, Memory};
use super::driver::Driver;
pub use super::driver::Named;
use super::faults::{self, Failing};
use super::finding::left;
use super::{api, blocks, later};

/// A driver that begins anew.
pub struct Again(Arc<Driver>);

/// A block that a driver has not freed.
#[derive(Clone, Copy, Debug)]
pub struct Lost {
    /// Where it begins.
    pub address: usize,
    /// Its bytes.
    pub size: usize,
    /// Where it was allocated.
    pub at: Place,
}

impl Again {
    /// The driver called `name`, which is loaded, and whose init is undone. [`Errno::ENOENT`], and
    /// [`Errno::EBUSY`] while it is in use.
    pub fn of(name: &str) -> Result<Self, Errno> {
        let again = Again(Driver::find(name).ok_or(Errno::ENOENT)?);
        if again.0.module.users() > 0 {
            return Err(Errno::EBUSY);
        }
        again.exit();
        Ok(again)
    }

    /// Its init runs, in a state that it has never seen; what that returns, if it is an error.
    pub fn begin(&self) -> Result<(), i32> {
        blocks::begin();
        let code = self.0.begin_anew();
        if code < 0 { Err(code) } else { Ok(()) }
    }

    /// The same, while call number `which` for memory fails. What it returns, if it is an error; nothing, if
    /// it dies. And whether there were so many calls.
    pub fn begin_short(&self, which: u32) -> (Option<Result<(), i32>>, bool) {
        blocks::begin();
        faults::arm(Failing::Memory, which);
        let code = self.0.begin_apart();
        let has_failed = faults::disarm();
        (code.map(|code| if code < 0 { Err(code) } else { Ok(()) }), has_failed)
    }

    /// Its init has returned an error, or its exit is through: what it has not freed is lost, and what it has not
    /// taken back is told.
    pub fn is_gone(&self) -> Vec<Lost> {
        self.0.take_back();
        blocks::end()
    }

    /// Its exit runs, if it `has_begun`; and what it does later is wrong from then on.
    pub fn goes(&self, has_begun: bool) {
        if has_begun {
            self.call_exit();
        }
        later::goes(&self.0);
    }

    /// Its exit runs. The blocks that it has not freed then are lost.
    pub fn end(&self) -> Vec<Lost> {
        self.exit();
        blocks::end()
    }

    /// What it has is taken from it, in whatever state it is. Tasks that died have left files open.
    pub fn break_off(&self) {
        self.0.take_back();
        self.0.module.end_uses();
        blocks::end();
    }

    fn exit(&self) {
        self.call_exit();
        self.0.take_back();
    }

    /// All files are closed.
    fn call_exit(&self) {
        let begun = api::module::begun();
        if self.0.module.users() > 0 {
            let at = begun.map_or("?".into(), place);
            left(
                &self.0,
                format_args!("it is in use, and so never goes: no module_put for the try_module_get at {at}"),
            );
            self.0.module.end_uses();
        }
        if let Some(exit) = self.0.exit {
            call::enter(&self.0, Credentials::ROOT, Memory::None, || exit());
        }
    }

    /// It is loaded as if nothing had been.
    pub fn finish(&self) {
        if self.0.begin_anew() < 0 {
            self.0.take_back();
        }
    }

    /// Its files in `/proc` and elsewhere.
    pub fn files(&self) -> Vec<&'static str> {
        self.0.registered(|mine| mine.files.clone())
    }

    /// The devices that it has now, each with a name for it: that of its region, and its number in that; and
    /// where its operations are. [`None`]: they are those that are `known`.
    pub fn devices(&self, known: &[Named]) -> Option<Vec<Named>> {
        self.0.named(known)
    }
}
