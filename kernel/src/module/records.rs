//! What the kernel keeps of a structure of a driver that it knows for longer than a call: a timer, a tasklet,
//! a work. It is found by the address of the structure, and is the driver's until the structure is freed or
//! the driver goes. So what is left behind can be named, and what is freed too early is called no more.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use core::ptr;
use core::sync::atomic::{
    AtomicPtr, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};

use kcore::dev::Credentials;
use kcore::event::Class;
use spin::LazyLock;

use super::call::{self, Memory};
use super::driver::Driver;
use super::finding::left;
use crate::machine::SpinLock;
use crate::observe::explorer;
use crate::symbols;

/// All that is kept of one kind of structure. The records never move, and are made when a driver is loaded
/// first.
pub(super) struct Records<T: 'static> {
    all: LazyLock<Vec<Record<T>>>,
    /// No record from here on was ever one of a structure.
    used: AtomicUsize,
    /// Held while an address is given a record.
    claiming: SpinLock<()>,
}

/// What is kept of one structure.
pub(super) struct Record<T> {
    /// Where the structure lies; 0 if there is none.
    owner: AtomicUsize,
    /// INVARIANT: while `owner` is not 0, it is there: it gives its records back before it goes.
    driver: AtomicPtr<Driver>,
    /// The function that is called.
    function: AtomicUsize,
    pub(super) kept: T,
}

impl<T> Record<T> {
    pub(super) const fn new(kept: T) -> Self {
        Record {
            owner: AtomicUsize::new(0),
            driver: AtomicPtr::new(ptr::null_mut()),
            function: AtomicUsize::new(0),
            kept,
        }
    }

    pub(super) fn owner(&self) -> usize {
        self.owner.load(Acquire)
    }

    pub(super) fn function(&self) -> usize {
        self.function.load(Relaxed)
    }

    pub(super) fn set_function(&self, function: usize) {
        self.function.store(function, Relaxed);
    }

    /// It is of no structure any more.
    pub(super) fn release(&self) {
        self.owner.store(0, Release);
    }

    /// Calls `f` with the function and the address of the structure, in a call of the driver's; not if there
    /// is none any more.
    pub(super) fn enter(&self, f: impl FnOnce(usize, usize)) {
        let (owner, function) = (self.owner(), self.function.load(Relaxed));
        if owner == 0 {
            return;
        }
        // SAFETY: it has an owner, so its driver is there, and waits for this call before it goes.
        let driver = unsafe { &*self.driver.load(Relaxed) };
        call::enter(driver, Credentials::ROOT, Memory::None, || f(function, owner));
    }

    /// Calls the function with the address of the structure, likewise.
    pub(super) fn call(&self) {
        self.enter(|function, owner| {
            // SAFETY: the driver has said that it is a function that takes its structure (I23).
            let function = unsafe { core::mem::transmute::<usize, extern "C" fn(usize)>(function) };
            function(owner);
        });
    }

    /// The name and the line of its function.
    pub(super) fn named(&self) -> String {
        named(self.function.load(Relaxed))
    }

    /// Says that the driver has left it behind.
    pub(super) fn is_left(&self, driver: &Driver, what: &str) {
        left(driver, format_args!("{what} of {}", self.named()));
    }
}

/// The name and the line of a function of a driver.
pub(super) fn named(function: usize) -> String {
    let places = symbols::find(function as u64).places;
    places.last().map_or_else(|| alloc::format!("{function:#x}"), |place| alloc::format!("{place}"))
}

impl<T: Sync> Records<T> {
    pub(super) const fn new(class: Class, make: fn() -> Vec<Record<T>>) -> Self {
        Records { all: LazyLock::new(make), used: AtomicUsize::new(0), claiming: SpinLock::new(class, ()) }
    }

    /// Makes the records, if that was not done.
    pub(super) fn make(&self) {
        LazyLock::force(&self.all);
    }

    pub(super) fn at(&'static self, index: usize) -> &'static Record<T> {
        &self.all[index]
    }

    /// The number of a record.
    pub(super) fn index_of(&'static self, record: &'static Record<T>) -> usize {
        self.all.element_offset(record).expect("it is one of these")
    }

    /// Those that can be of a structure.
    fn used(&'static self) -> &'static [Record<T>] {
        &self.all[..self.used.load(Acquire)]
    }

    /// What is kept of the structure at `owner`.
    pub(super) fn find(&'static self, owner: usize) -> Option<&'static Record<T>> {
        self.used().iter().find(|record| record.owner() == owner)
    }

    /// The same, or a record that is free, or one of a structure that `is_idle`. [`None`] if there are too
    /// many.
    pub(super) fn claim(
        &'static self,
        owner: usize,
        is_idle: fn(&'static T) -> bool,
    ) -> Option<&'static Record<T>> {
        // What is asked of timers is told; no other task may have its turn while this one has the lock.
        explorer::unheard(|| self.claim_alone(owner, is_idle))
    }

    fn claim_alone(
        &'static self,
        owner: usize,
        is_idle: fn(&'static T) -> bool,
    ) -> Option<&'static Record<T>> {
        let _claiming = self.claiming.lock_irqsave();
        if let Some(found) = self.find(owner) {
            return Some(found);
        }
        let mut free = self.all.iter().filter(|record| is_idle(&record.kept));
        let record = free.clone().find(|record| record.owner() == 0).or_else(|| free.next())?;
        self.used.fetch_max(self.index_of(record) + 1, Release);
        record.driver.store(ptr::from_ref(call::here().driver).cast_mut(), Relaxed);
        record.owner.store(owner, Release);
        Some(record)
    }

    pub(super) fn all(&'static self) -> impl Iterator<Item = &'static Record<T>> {
        self.all.iter()
    }

    /// Those of `driver`.
    pub(super) fn of(&'static self, driver: &Driver) -> impl Iterator<Item = &'static Record<T>> {
        let at = ptr::from_ref(driver).cast_mut();
        self.used().iter().filter(move |record| record.owner() != 0 && record.driver.load(Relaxed) == at)
    }

    /// Those of structures that lie in `range`.
    pub(super) fn within(&'static self, range: Range<usize>) -> impl Iterator<Item = &'static Record<T>> {
        self.used().iter().filter(move |record| range.contains(&record.owner()))
    }
}
