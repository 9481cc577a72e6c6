//! What the ioctls do (LDD3 ch. 6, "The Implementation of the ioctl Commands").
#![forbid(unsafe_code)]

use core::marker::PhantomData;

use crate::dev::{Caller, ioctl as encoding};
use crate::errno::Errno;
use crate::event::{Events, Site};
use crate::scull::edition::Edition;
use crate::scull::geometry::Geometry;
use crate::scull::geometry::Parameters;
use crate::scull::ioctl::*;
use crate::scull::sites;
use crate::shared::Shared;

impl Parameters {
    /// Does what `command` says, for every driver of the family. The result is what the call returns where it
    /// goes well: a negative `int`, which only the book's driver accepts, as its two's complement.
    ///
    /// [`Errno::ENOTTY`] for a command that is none of [those](crate::scull::ioctl), [`Errno::EPERM`] for a
    /// caller that may not change the value, [`Errno::EFAULT`] for an address that is not the caller's, and,
    /// in the repaired driver, [`Errno::EINVAL`] for a value that no device can have.
    pub fn ioctl<H: Events>(
        &self,
        edition: Edition,
        command: u32,
        argument: usize,
        caller: &Caller<'_>,
    ) -> Result<usize, Errno> {
        if encoding::kind(command) != MAGIC || encoding::number(command) > MAX_NUMBER {
            return Err(Errno::ENOTTY);
        }
        let value =
            |word, site, least| Value::<H> { word, site, least, edition, caller, _hooks: PhantomData };
        let quantum = value(&self.quantum, &sites::SCULL_QUANTUM, 1);
        let qset = value(&self.qset, &sites::SCULL_QSET, 1);
        // One byte of a pipe's buffer stays empty, so with less than two nothing would ever fit.
        let buffer = value(&self.pipe_buffer, &sites::SCULL_P_BUFFER, 2);
        match command {
            IOCRESET => {
                quantum.store(Geometry::default().quantum);
                qset.store(Geometry::default().qset);
                Ok(0)
            }
            IOCSQUANTUM => quantum.set(argument),
            IOCSQSET => qset.set(argument),
            IOCTQUANTUM => quantum.tell(argument),
            IOCTQSET => qset.tell(argument),
            IOCGQUANTUM => quantum.get(argument),
            IOCGQSET => qset.get(argument),
            IOCQQUANTUM => Ok(quantum.load()),
            IOCQQSET => Ok(qset.load()),
            IOCXQUANTUM => quantum.exchange(argument),
            IOCXQSET => qset.exchange(argument),
            IOCHQUANTUM => quantum.shift(argument),
            IOCHQSET => qset.shift(argument),
            // As in the book, any user may.
            P_IOCTSIZE => buffer.accept(argument as i32).map(|size| buffer.store(size)).and(Ok(0)),
            P_IOCQSIZE => Ok(buffer.load()),
            // The number is one of ours, and direction or size is not.
            _ => Err(Errno::ENOTTY),
        }
    }
}

/// One of the parameters, for one call.
struct Value<'a, H> {
    word: &'a Shared<usize>,
    site: &'static Site,
    /// The least that makes sense.
    least: i32,
    edition: Edition,
    caller: &'a Caller<'a>,
    _hooks: PhantomData<H>,
}

impl<H: Events> Value<'_, H> {
    #[track_caller]
    fn load(&self) -> usize {
        self.word.load::<H>(self.site)
    }

    #[track_caller]
    fn store(&self, value: usize) {
        self.word.store::<H>(self.site, value);
    }

    /// S: sets it to the `int` at `address`.
    fn set(&self, address: usize) -> Result<usize, Errno> {
        self.may_change()?;
        let value = self.fetch(address)?;
        self.store(value);
        Ok(0)
    }

    /// T: sets it to `argument`.
    fn tell(&self, argument: usize) -> Result<usize, Errno> {
        self.may_change()?;
        self.store(self.accept(argument as i32)?);
        Ok(0)
    }

    /// G: stores it at `address`.
    fn get(&self, address: usize) -> Result<usize, Errno> {
        self.caller.memory.put_int(address, self.load() as i32).and(Ok(0))
    }

    /// X: S and G in one.
    fn exchange(&self, address: usize) -> Result<usize, Errno> {
        self.may_change()?;
        let old = match self.edition {
            Edition::Book => {
                let old = self.load();
                self.store(self.fetch(address)?);
                old
            }
            Edition::Repaired => self.swap(self.fetch(address)?),
        };
        self.caller.memory.put_int(address, old as i32).and(Ok(0))
    }

    /// H: T and Q in one.
    fn shift(&self, argument: usize) -> Result<usize, Errno> {
        self.may_change()?;
        let new = self.accept(argument as i32)?;
        Ok(match self.edition {
            Edition::Book => {
                let old = self.load();
                self.store(new);
                old
            }
            Edition::Repaired => self.swap(new),
        })
    }

    /// Stores `new` and returns what was there, in one step: no other task stores in between (R32).
    #[track_caller]
    fn swap(&self, new: usize) -> usize {
        loop {
            let old = self.load();
            if self.word.compare_exchange::<H>(self.site, old, new).is_ok() {
                return old;
            }
        }
    }

    /// The `int` at `address`. Where there is none, the book's driver, which lets `__get_user` write straight
    /// into the parameter, has a 0 in it afterwards (R34).
    fn fetch(&self, address: usize) -> Result<usize, Errno> {
        match self.caller.memory.get_int(address) {
            Ok(value) => self.accept(value),
            Err(errno) => {
                if self.edition == Edition::Book {
                    self.store(0);
                }
                Err(errno)
            }
        }
    }

    /// The value as it is stored. The book takes every one (R34).
    fn accept(&self, value: i32) -> Result<usize, Errno> {
        match self.edition {
            Edition::Repaired if value < self.least => Err(Errno::EINVAL),
            _ => Ok(value as isize as usize),
        }
    }

    fn may_change(&self) -> Result<(), Errno> {
        if self.caller.credentials.sys_admin { Ok(()) } else { Err(Errno::EPERM) }
    }
}
