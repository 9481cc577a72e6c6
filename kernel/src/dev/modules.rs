//! Loading and unloading.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use kcore::dev::Module;
use kcore::errno::Errno;
use kcore::report::LockStats;
use kcore::sync::Mutex;

use super::loadable::{self, Loadable};
use super::plugged::Plugged;
use super::{Built, Parameters, Refused};
use crate::machine::Kernel;

/// The modules that are loaded, the earliest first. Lock order: this -> the registry -> nodes, files.
pub(super) static MODULES: Mutex<Vec<Live>, Kernel> = Mutex::new(Vec::new());

/// A loaded module.
pub(super) struct Live {
    pub(super) module: Arc<Module<Kernel>>,
    pub(super) parameters: Vec<(&'static str, String)>,
    pub(super) locks: Option<Box<dyn Fn() -> Vec<LockStats> + Send>>,
    unload: Option<Box<dyn FnOnce() + Send>>,
    /// Taken by whoever unloads it.
    pub(super) plugged: Option<Plugged>,
}

/// The modules that can be loaded.
pub fn available() -> &'static [&'static str] {
    &loadable::NAMES
}

/// What the module called `name` can be told: `lock=none`, `quantum=`. Nothing, when there is no such module.
pub fn words_of(name: &str) -> Vec<String> {
    loadable::words(name)
}

/// Loads a module; `parameters` are words like `lock=none`. [`Errno::ENOENT`], [`Errno::EEXIST`], [`Errno::EINVAL`],
/// [`Errno::EBUSY`] when somebody has its major, [`Errno::ENOMEM`].
pub fn insmod(name: &str, parameters: &[&str]) -> Result<(), Refused> {
    let loadable = loadable::ALL.iter().find(|loadable| loadable.name == name);
    let unknown = || Refused {
        errno: Errno::ENOENT,
        why: format!("{name}: there is no such module; there are {}", available().join(", ")),
    };
    load(loadable.ok_or_else(unknown)?, parameters)
}

/// Loads `loadable`, also one that is in no list. Errors as for [`insmod`].
pub fn load(loadable: &Loadable, parameters: &[&str]) -> Result<(), Refused> {
    let mut modules = MODULES.lock();
    if modules.iter().any(|live| live.module.name() == loadable.name) {
        return Err(Errno::EEXIST.into());
    }
    let parameters = Parameters::parse(loadable.name, loadable.parameters, parameters)?;
    // Everything works before anybody can find any of it.
    let Built { major, groups, files, parameters, locks, unload } = (loadable.build)(&parameters)?;
    let module = Module::new(loadable.name);
    match Plugged::plug(&module, major, groups, files) {
        Ok(plugged) => {
            modules.push(Live { module, parameters, locks, unload, plugged: Some(plugged) });
            Ok(())
        }
        Err(refused) => {
            drop(modules);
            unload.into_iter().for_each(|unload| unload());
            Err(refused)
        }
    }
}

/// Unloads a module. [`Errno::ENOENT`], and [`Errno::EBUSY`] while its files are open, unless it is `forced`: then its
/// devices are unplugged, open files answer [`Errno::ENODEV`], and this returns when no call is under way in a device any
/// more. [`Errno::EINTR`] when a signal came before that: then the module is going, and can be unloaded again to wait for its
/// end. [`Errno::EBUSY`] in any case while somebody else unloads it.
pub fn rmmod(name: &str, forced: bool) -> Result<(), Refused> {
    let plugged = begin_to_go(name, forced)?;
    // Without the lock: those inside take their time, and `lsmod` shows that it is going.
    let unplugged = plugged.unplug();
    let mut modules = MODULES.lock();
    let index = modules.iter().position(|live| live.module.name() == name);
    let index = index.expect("a module that is going stays in the table until here");
    if let Err(rest) = unplugged {
        modules[index].plugged = Some(rest);
        let why = format!("{name}: is going, with somebody inside");
        return Err(Refused { errno: Errno::EINTR, why });
    }
    let live = modules.remove(index);
    drop(modules);
    let Live { unload, locks, .. } = live;
    drop(locks);
    unload.into_iter().for_each(|unload| unload());
    Ok(())
}

/// From now on nobody begins to use the module; returns what is to be unplugged.
fn begin_to_go(name: &str, forced: bool) -> Result<Plugged, Refused> {
    let mut modules = MODULES.lock();
    let live = modules.iter_mut().find(|live| live.module.name() == name).ok_or(Errno::ENOENT)?;
    if live.plugged.is_none() {
        return Err(Errno::EBUSY.into());
    }
    if forced {
        live.module.force_out();
    } else if live.module.retire().is_err() {
        let users = live.module.users();
        let why = format!("{name}: in use by {users} open file{}", if users == 1 { "" } else { "s" });
        return Err(Refused { errno: Errno::EBUSY, why });
    }
    Ok(live.plugged.take().expect("asked just now"))
}
