//! Loading and unloading.
//!
//! A task may die at either: of the module's own code, or of that of a driver. Then what it has not done can
//! be done by another: a module is in the table before the first of its devices is plugged in and until the
//! last is taken out, and what is plugged in of it is noted there, device by device.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::SeqCst;

use kcore::class;
use kcore::counted::Counted;
use kcore::dev::Module;
use kcore::errno::Errno;
use kcore::report::LockStats;
use kcore::sync::{Mutex, Own};

use crate::console::line;
use crate::machine::Kernel;

use super::loadable::{self, Loadable};
use super::plugged::Plugged;
use super::{Built, Parameters, Refused};

/// Held while a module is loaded, one at a time: its own code does not run under the lock of the table. Lock
/// order: this -> what is plugged in -> modules, the registry, nodes, files.
static LOADING: Mutex<(), Kernel> = Mutex::new(Own(class!("loading")), ());

/// The modules that are loaded, the earliest first.
static MODULES: Mutex<Vec<Arc<Live>>, Kernel> =
    Mutex::new(Own(class!("modules", "Given back before rmmod waits for those inside.")), Vec::new());

/// A loaded module.
struct Live {
    module: Arc<Module<Kernel>>,
    parameters: Vec<(String, String)>,
    stays_in_use: bool,
    used_by: Option<Box<dyn Fn() -> Vec<String> + Send + Sync>>,
    locks: Option<Box<dyn Fn() -> Vec<LockStats> + Send + Sync>>,
    unload: Mutex<Option<Box<dyn FnOnce() + Send>>, Kernel>,
    /// Locked by the task that loads or unloads it, for as long as that takes.
    plugged: Mutex<Plugged, Kernel>,
    /// All of it is plugged in, and no task unloads it.
    is_whole: AtomicBool,
}

/// The modules that can be loaded.
pub fn available() -> &'static [&'static str] {
    &loadable::NAMES
}

/// Whether the lock of their table is free.
pub fn modules_are_free() -> bool {
    MODULES.try_lock().is_some()
}

/// What the module called `name` can be told: `lock=none`, `quantum=`. Nothing, when there is no such module.
pub fn words_of(name: &str) -> Vec<String> {
    loadable::words(name)
}

/// Loads a module; `parameters` are words like `lock=none`. [`Errno::ENOENT`], [`Errno::EEXIST`],
/// [`Errno::EINVAL`], [`Errno::EBUSY`] when another module has its major, [`Errno::ENOMEM`].
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
    load_as(loadable.name, |_| {
        let parameters = Parameters::parse(loadable.name, loadable.parameters, parameters)?;
        (loadable.build)(&parameters)
    })
}

/// Loads the module called `name`, of which `build` makes what it consists of. Errors as for [`insmod`].
pub(crate) fn load_as(
    name: &str,
    build: impl FnOnce(&Arc<Module<Kernel>>) -> Result<Built, Refused>,
) -> Result<(), Refused> {
    let _loading = LOADING.lock();
    if find(name).is_some() {
        return Err(Errno::EEXIST.into());
    }
    let module = Module::new(name);
    // Everything works before any task can find any of it.
    let Built { major, groups, files, parameters, locks, unload, stays_in_use, used_by } = build(&module)?;
    let live = Arc::new(Live {
        module,
        parameters,
        stays_in_use,
        used_by,
        locks,
        unload: Mutex::new(Own(class!("unload")), unload),
        plugged: Mutex::new(
            Own(class!("plugged in", "As long as insmod and rmmod take; only tried.")),
            Plugged::default(),
        ),
        is_whole: AtomicBool::new(false),
    });
    let mut plugged = live.plugged.lock();
    if let Err(refused) = enter(&live).and_then(|()| plugged.plug(&live.module, major, groups, files)) {
        assert!(plugged.unplug().is_ok(), "nobody is inside a device that never had a name");
        live.leave();
        return Err(refused);
    }
    live.is_whole.store(true, SeqCst);
    let major = plugged.major().map(|major| format!(", major {major}")).unwrap_or_default();
    line::note(format_args!("{name}: loaded{major}"));
    Ok(())
}

/// Unloads a module. [`Errno::ENOENT`], and [`Errno::EBUSY`] while its files are open, unless it is `forced`:
/// then its devices are unplugged, open files answer [`Errno::ENODEV`], and this returns when no call is
/// under way in a device any more. [`Errno::EINTR`] when a signal came before that: then the module is going,
/// and can be unloaded again to wait for its end. [`Errno::EBUSY`] in any case while another task loads or
/// unloads it.
pub fn rmmod(name: &str, forced: bool) -> Result<(), Refused> {
    let live = find(name).ok_or(Errno::ENOENT)?;
    // The lock of a task that died at it was given back.
    let mut plugged = live.plugged.try_lock().ok_or(Errno::EBUSY)?;
    if !live.is_loaded() {
        return Err(Errno::ENOENT.into());
    }
    if forced && !live.stays_in_use {
        live.module.force_out();
    } else if live.module.retire().is_err() {
        let mut users = live.used_by.as_ref().map(|ask| ask()).unwrap_or_default();
        let files = live.module.users().saturating_sub(users.len() as u32);
        if files > 0 {
            users.push(format!("{}", Counted(files.into(), "open file")));
        }
        let stays = if forced { ", and a driver in C cannot be forced out" } else { "" };
        let why = format!("{name}: in use by {}{stays}", users.join(", "));
        return Err(Refused { errno: Errno::EBUSY, why });
    }
    // From now on no task begins to use it, and `lsmod` shows that it is going.
    live.is_whole.store(false, SeqCst);
    if plugged.unplug().is_err() {
        let why = format!("{name}: is going, with somebody inside");
        return Err(Refused { errno: Errno::EINTR, why });
    }
    live.leave();
    line::note(format_args!("{name}: unloaded"));
    Ok(())
}

/// The modules that are loaded, the earliest first, also those that are coming or going.
fn all() -> Vec<Arc<Live>> {
    MODULES.copy_of(|modules| modules)
}

fn find(name: &str) -> Option<Arc<Live>> {
    MODULES.lock().iter().find(|live| live.module.name() == name).cloned()
}

fn enter(live: &Arc<Live>) -> Result<(), Refused> {
    let mut modules = MODULES.lock();
    modules.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
    modules.push(Arc::clone(live));
    Ok(())
}

impl Live {
    fn is_loaded(&self) -> bool {
        MODULES.lock().iter().any(|other| core::ptr::eq(&**other, self))
    }

    /// The module's own code has the last word, once; then it is in the table no more.
    fn leave(&self) {
        let unload = self.unload.lock().take();
        unload.into_iter().for_each(|unload| unload());
        MODULES.lock().retain(|other| !core::ptr::eq(&**other, self));
    }
}

/// A loaded module (a line of `/proc/modules`).
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its name.
    pub name: String,
    /// How many open files use it.
    pub users: u32,
    /// Its parameters and their values.
    pub parameters: Vec<(String, String)>,
    /// It is being unloaded, and a task may still be inside; or it is not loaded yet. So it stays where a
    /// task has died at either, until the next one unloads it.
    pub is_going: bool,
}

/// The loaded modules, the latest first.
pub fn loaded() -> Vec<Loaded> {
    let entry = |live: &Arc<Live>| Loaded {
        name: live.module.name().into(),
        users: live.module.users(),
        parameters: live.parameters.clone(),
        is_going: !live.is_whole.load(SeqCst),
    };
    all().iter().rev().map(entry).collect()
}

/// The counters of the locks in the devices of all loaded modules.
pub fn locks() -> Vec<LockStats> {
    all().iter().filter_map(|live| live.locks.as_ref()).flat_map(|locks| locks()).collect()
}
