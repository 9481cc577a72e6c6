//! A driver that is loaded, and what it has registered.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use kcore::class;
use kcore::counted::Counted;
use kcore::dev::{Credentials, DeviceNumber, Module, Region};
use kcore::ledger::Record;
use kcore::sync::{Mutex, Own};
use spin::Once;

use super::api::{self, kthread::Thread};
use super::call::{self, Memory};
use super::finding::left;
use super::init::{self, Init};
use super::later;
use crate::dev::registry;
use crate::irq::WorkQueue;
use crate::machine::Kernel;
use crate::mm::heap;
use crate::mm::images::Image;
use crate::observe::explorer;
use crate::symbols::{self, modules as known};
use crate::task::JoinHandle;
use crate::{fs, println};

/// A driver. Its code stays where it is as long as a device or an open file refers to it.
pub(super) struct Driver {
    pub(super) name: String,
    /// Its uses.
    pub(super) module: Arc<Module<Kernel>>,
    /// Where its code is.
    text: core::ops::Range<u64>,
    init: Init,
    /// `cleanup_module`, if it has one.
    pub(super) exit: Option<extern "C" fn()>,
    /// The serial number of the first block that can be its own: others were allocated by what lay there
    /// before.
    since: u64,
    /// What it has others use, and those of which it uses something.
    exports: Vec<(String, u64)>,
    uses: Vec<Used>,
    /// Its init has run.
    pub(super) has_begun: AtomicBool,
    /// Its own work queue, if it has works.
    pub(super) works: Once<WorkQueue>,
    registered: Mutex<Registered, Kernel>,
    /// Itself, for what refers to it.
    this: Weak<Driver>,
    /// Texts that it was given as parameters.
    _texts: Vec<Box<[u8]>>,
    /// Its variables as they were before its init.
    variables: Box<[u8]>,
    /// Dropped last.
    image: Image,
}

/// A device: where its `struct cdev` and its `struct file_operations` are.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) cdev: usize,
    pub(super) number: DeviceNumber,
    pub(super) operations: usize,
}

/// What has to be taken back when it goes, if it does not do so itself.
#[derive(Default)]
pub(super) struct Registered {
    pub(super) regions: Vec<Region>,
    pub(super) devices: Vec<Made>,
    /// Each `struct cdev` that was there when its numbers were given back.
    pub(super) without_numbers: Vec<usize>,
    /// Paths of files and directories.
    pub(super) files: Vec<&'static str>,
    /// Names in `/dev`, and the `struct device` of each.
    pub(super) nodes: Vec<(String, DeviceNumber, usize)>,
    /// Each `struct class` and `struct kobject`; of the latter with its path.
    pub(super) objects: Vec<(usize, &'static str)>,
    /// Work queues, by name.
    pub(super) queues: Vec<api::work::Made>,
    /// Tasks of its own.
    pub(super) threads: Vec<(Box<Thread>, Option<JoinHandle>)>,
}

/// A device: its name, its number, and where its operations are.
pub type Named = (String, DeviceNumber, usize);

impl Registered {
    /// The numbers among which that of a device is.
    fn region_of(&self, made: &Made) -> Option<&Region> {
        self.regions.iter().find(|region| region.contains(made.number))
    }
}

/// Those that are loaded, the earliest first.
static LOADED: Mutex<Vec<Weak<Driver>>, Kernel> = Mutex::new(Own(class!("drivers in C")), Vec::new());

/// A driver of which another one uses something: it is not unloaded meanwhile.
pub(super) struct Used(Arc<Driver>);

impl Used {
    /// Where what some driver exports as `name` is, and that driver, which is in use now.
    pub(super) fn find(name: &str) -> Option<(Used, u64)> {
        let drivers = LOADED.copy_of(|loaded| loaded);
        drivers.iter().filter_map(Weak::upgrade).find_map(|driver| {
            let at = driver.exported(name)?;
            driver.module.begin_use().then(|| (Used(driver), at))
        })
    }

    /// Where what it exports as `name` is.
    pub(super) fn at(&self, name: &str) -> Option<u64> {
        self.0.exported(name)
    }
}

impl Drop for Used {
    fn drop(&mut self) {
        self.0.module.end_use();
    }
}

impl Driver {
    pub(super) fn new(
        module: &Arc<Module<Kernel>>,
        text: core::ops::Range<u64>,
        (init, exit): (Init, Option<extern "C" fn()>),
        (exports, uses): (Vec<(String, u64)>, Vec<Used>),
        texts: Vec<Box<[u8]>>,
        image: Image,
    ) -> Arc<Driver> {
        let driver = Arc::new_cyclic(|this| Driver {
            this: Weak::clone(this),
            name: module.name().into(),
            module: Arc::clone(module),
            text,
            init,
            exit,
            since: heap::with_ledger(|ledger| ledger.next_serial()),
            exports,
            uses,
            has_begun: AtomicBool::new(false),
            works: Once::new(),
            registered: Mutex::new(Own(class!("what a driver has registered")), Registered::default()),
            _texts: texts,
            // SAFETY: none of its code has run yet.
            variables: unsafe { image.variables() }.into(),
            image,
        });
        let mut loaded = LOADED.lock();
        loaded.retain(|other| other.strong_count() > 0);
        loaded.push(Arc::downgrade(&driver));
        drop(loaded);
        driver
    }

    fn exported(&self, name: &str) -> Option<u64> {
        self.exports.iter().find(|(known, _)| known == name).map(|(_, at)| *at)
    }

    /// The driver called `name`, if its init has run.
    pub(super) fn find(name: &str) -> Option<Arc<Driver>> {
        let drivers = LOADED.copy_of(|loaded| loaded);
        let is_it = |driver: &Arc<Driver>| driver.name == name && driver.has_begun.load(Relaxed);
        drivers.iter().filter_map(Weak::upgrade).find(is_it)
    }

    /// The names of those that use something of it.
    pub(super) fn used_by(&self) -> Vec<String> {
        let drivers = LOADED.copy_of(|loaded| loaded);
        let uses_this = |other: &Arc<Driver>| other.uses.iter().any(|used| core::ptr::eq(&*used.0, self));
        drivers.iter().filter_map(Weak::upgrade).filter(uses_this).map(|other| other.name.clone()).collect()
    }

    /// A reference that keeps it where it is.
    pub(super) fn shared(&self) -> Arc<Driver> {
        self.this.upgrade().expect("it is there, or its code could not run")
    }

    /// What it has registered.
    pub(super) fn registered<R>(&self, f: impl FnOnce(&mut Registered) -> R) -> R {
        f(&mut self.registered.lock())
    }

    /// Calls its init; what that returns.
    pub(super) fn begin(&self) -> i32 {
        call::enter(self, Credentials::ROOT, Memory::None, || self.init.call())
    }

    /// The same, with the variables that it had before.
    pub(super) fn begin_anew(&self) -> i32 {
        self.make_variables_anew();
        self.begin()
    }

    fn make_variables_anew(&self) {
        // SAFETY: its exit has run, or all that it had was taken from it, and no call of it is under way.
        unsafe { self.image.restore(&self.variables) };
    }

    /// The same, in a task of its own, which may die of it.
    pub(super) fn begin_apart(&self) -> Option<i32> {
        self.make_variables_anew();
        match init::run(&self.shared()) {
            Ok(init::Outcome::Returned(code)) => Some(code),
            Ok(init::Outcome::Died | init::Outcome::Ended(_)) | Err(_) => None,
        }
    }

    /// Its devices: by the name of the region, and the number in it where there are several; and where the
    /// operations of each are. [`None`]: they are those that are `known`.
    pub(super) fn named(&self, known: &[Named]) -> Option<Vec<Named>> {
        self.registered(|registered| {
            let in_regions =
                || registered.devices.iter().filter_map(|made| Some((made, registered.region_of(made)?)));
            let is_known = |((made, region), (name, number, operations)): ((&Made, &Region), &Named)| {
                (made.number, made.operations) == (*number, *operations) && region.is_name_of(*number, name)
            };
            if in_regions().count() == known.len() && in_regions().zip(known).all(is_known) {
                return None;
            }
            let named = |(made, region): (&Made, &Region)| {
                (region.name_of(made.number), made.number, made.operations)
            };
            Some(in_regions().map(named).collect())
        })
    }

    /// It is unloaded: its own last word, and then all that it has left behind, by name.
    pub(super) fn unload(&self) {
        if let Some(exit) = self.exit {
            call::enter(self, Credentials::ROOT, Memory::None, || exit());
        }
        self.left_behind();
    }

    /// Takes back what it has left behind, and says so. It is loaded no more, though tasks that died while they
    /// were explored have its files open for ever.
    pub(super) fn left_behind(&self) {
        LOADED.lock().retain(|other| !Weak::ptr_eq(other, &self.this));
        self.take_back();
        self.tell_leaks();
    }

    /// What it has registered and not taken back: first what would run its code.
    pub(super) fn take_back(&self) {
        later::take_back(self);
        api::interrupt::take_back(self);
        api::timer::take_back(self);
        api::tasklet::take_back(self);
        api::work::take_back(self);
        api::kthread::take_back(self);
        let Registered { regions, devices, mut without_numbers, files, nodes, .. } =
            self.registered(core::mem::take);
        for path in files.into_iter().rev() {
            left(self, format_args!("{path} is still there"));
            match explorer::is_open() {
                true => fs::take_out_file(path),
                false => fs::remove_file(path),
            }
        }
        for (name, number, _) in nodes {
            left(self, format_args!("/dev/{name} is still there (device_destroy)"));
            fs::remove_node(&name, number);
        }
        for of_one in devices.chunk_by(|device, other| device.cdev == other.cdev) {
            let first = of_one[0].number;
            let devices = Counted(of_one.len() as u64, "device");
            left(self, format_args!("{devices} from {first} on, never taken back (cdev_del)"));
        }
        devices.iter().for_each(|device| drop(registry().take_out(device.number)));
        without_numbers.dedup();
        if !without_numbers.is_empty() {
            let count = Counted(without_numbers.len() as u64, "cdev");
            left(
                self,
                format_args!("cdev_del was never called for {count}, the numbers of which are given back"),
            );
        }
        for region in regions {
            let Region { name, first, count } = &region;
            let numbers = Counted((*count).into(), "number");
            left(self, format_args!("{numbers} from {first} on, of {name}, never given back"));
            registry().give_back(&region);
        }
    }

    /// Where its code has asked for the block of `record`, if it has. What the kernel allocates for it is the
    /// kernel's.
    pub(super) fn allocated(&self, record: &Record) -> Option<usize> {
        let place = record.allocation.allocated_at;
        let is_its_own = place.of_driver().is_some() || place.file() == api::slab::FILE;
        let mut trace = record.backtrace().iter().copied();
        trace.find(|address| is_its_own && self.text.contains(&(*address as u64)))
    }

    /// Says which blocks are left that its code has allocated: there is no code any more that could free
    /// them.
    fn tell_leaks(&self) {
        const PLACES: usize = 16;
        // Under the lock of the heap nothing is printed.
        let mut places = heapless::Vec::<(usize, u64, usize), PLACES>::new();
        let mut others = (0, 0);
        heap::with_ledger(|ledger| {
            for record in ledger.since(self.since).filter(|record| record.is_live()) {
                let Some(at) = self.allocated(record) else { continue };
                let size = record.allocation.size;
                if let Some((_, count, bytes)) = places.iter_mut().find(|place| place.0 == at) {
                    (*count, *bytes) = (*count + 1, *bytes + size);
                } else if places.push((at, 1, size)).is_err() {
                    others = (others.0 + 1, others.1 + size);
                }
            }
        });
        for (at, count, bytes) in places {
            let blocks = Counted(count, "block");
            let found = symbols::find(at as u64 - 1);
            let place = found.places.last().map_or_else(String::new, |place| alloc::format!(" by {place}"));
            println!("{}: {blocks}, {bytes} bytes, are lost, allocated{place}", self.name);
        }
        if others.0 > 0 {
            println!("{}: {} more blocks, {} bytes, are lost", self.name, others.0, others.1);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        known::remove(self.text.start);
    }
}
