//! A `struct file_operations` as a device.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use core::fmt::Write;
use core::ptr;

use kcore::dev::{
    Caller, CharDevice, Credentials, DeviceNumber, Events, FileOperations, OpenFlags, PollTable, Whence,
};
use kcore::errno::Errno;
use kcore::module::Wrong;
use kcore::report::place;

use super::answers;
use super::call::{self, BUFFER, Copies, Memory};
use super::driver::Driver;
use super::finding::{finding, wrong};
use super::openings::Openings;
use crate::machine::Kernel;
use crate::observe::explorer;

/// `struct file` of `linux/fs.h`.
#[repr(C)]
pub(super) struct File {
    pub(super) private_data: *mut c_void,
    pub(super) position: i64,
    flags: c_uint,
    pub(super) mode: c_uint,
    operations: *const Operations,
    inode: *mut Inode,
    /// `f_path`: no file system, and the name.
    mount: *const c_void,
    name: *const Name,
}

/// `struct dentry`: a name, which stays.
#[repr(C)]
struct Name {
    text: *const c_char,
    length: c_uint,
    inode: *mut Inode,
}

/// `struct inode`.
#[repr(C)]
pub(super) struct Inode {
    number: u32,
    mode: u16,
    cdev: *mut c_void,
    pub(super) private: *mut c_void,
    uid: u32,
    gid: u32,
    pub(super) size: i64,
    serial: c_ulong,
}

pub(super) type Seek = unsafe extern "C" fn(*mut File, i64, c_int) -> i64;
pub(super) type Poll = unsafe extern "C" fn(*mut File, *mut Asked<'_, '_>) -> c_uint;
pub(super) type Transfer = unsafe extern "C" fn(*mut File, *mut c_void, usize, *mut i64) -> isize;
pub(super) type Control = unsafe extern "C" fn(*mut File, c_uint, c_ulong) -> i64;
pub(super) type Open = unsafe extern "C" fn(*mut Inode, *mut File) -> c_int;

/// `struct file_operations`.
#[repr(C)]
pub(super) struct Operations {
    owner: *const c_void,
    pub(super) llseek: Option<Seek>,
    pub(super) read: Option<Transfer>,
    pub(super) write: Option<Transfer>,
    read_iter: *const c_void,
    write_iter: *const c_void,
    pub(super) poll: Option<Poll>,
    pub(super) unlocked_ioctl: Option<Control>,
    compat_ioctl: Option<Control>,
    mmap: *const c_void,
    pub(super) open: Option<Open>,
    flush: Option<unsafe extern "C" fn(*mut File, *mut c_void) -> c_int>,
    pub(super) release: Option<Open>,
    fsync: *const c_void,
    fasync: Option<unsafe extern "C" fn(c_int, *mut File, c_int) -> c_int>,
}

impl Operations {
    /// A file of which a driver does nothing.
    pub(super) const NONE: Operations = Operations {
        owner: ptr::null(),
        llseek: None,
        read: None,
        write: None,
        read_iter: ptr::null(),
        write_iter: ptr::null(),
        poll: None,
        unlocked_ioctl: None,
        compat_ioctl: None,
        mmap: ptr::null(),
        open: None,
        flush: None,
        release: None,
        fsync: ptr::null(),
        fasync: None,
    };
}

/// What a `poll_table` of C is: the table of the caller.
pub(super) struct Asked<'t, 'a>(pub(super) &'t mut PollTable<'a, Kernel>);

/// Modes: `FMODE_READ`, `FMODE_WRITE`, `FMODE_LSEEK`.
const READ: c_uint = 1;
const WRITE: c_uint = 2;
pub(super) const SEEK: c_uint = 4;

/// A device of a driver.
pub(super) struct Device {
    driver: Arc<Driver>,
    operations: *const Operations,
    inode: UnsafeCell<Inode>,
    name: UnsafeCell<Name>,
    /// What `private_data` of a file is when it is opened.
    data: *mut c_void,
    /// What a file has that its driver makes.
    made: Option<Made>,
}

/// The operations, which are its own, and what is open.
struct Made {
    _operations: Box<Operations>,
    open: Openings,
}

// SAFETY: the operations are the driver's, which stays as long as this; the inode is the driver's to guard,
// as in C.
unsafe impl Send for Device {}
// SAFETY: as above.
unsafe impl Sync for Device {}

impl Device {
    /// The device `number`, whose `struct cdev` is at `cdev`.
    pub(super) fn new(
        driver: Arc<Driver>,
        operations: *const Operations,
        cdev: *mut c_void,
        number: DeviceNumber,
    ) -> Device {
        const CHARACTER: u16 = 0o020_000;
        let inode = Inode {
            number: number.major << 20 | number.minor,
            mode: CHARACTER | 0o600,
            cdev,
            private: ptr::null_mut(),
            uid: 0,
            gid: 0,
            size: 0,
            serial: c_ulong::from(number.minor) + 1,
        };
        let name = Name { text: c"".as_ptr(), length: 0, inode: ptr::null_mut() };
        Device {
            driver,
            operations,
            inode: UnsafeCell::new(inode),
            name: UnsafeCell::new(name),
            data: ptr::null_mut(),
            made: None,
        }
    }

    /// Of a miscellaneous device, a file is given the `struct miscdevice`.
    pub(super) fn giving(self, data: *mut c_void) -> Device {
        Device { data, ..self }
    }

    /// The file `path` that a driver makes, which knows it by `data`.
    pub(super) fn of_file(
        driver: Arc<Driver>,
        path: &'static str,
        operations: Operations,
        data: *mut c_void,
    ) -> Device {
        let own = Box::new(operations);
        let mut device =
            Device::new(driver, &raw const *own, ptr::null_mut(), DeviceNumber { major: 0, minor: 0 });
        device.inode.get_mut().private = data;
        let name = path.rsplit('/').next().unwrap_or(path);
        // A zero stands behind each of these.
        *device.name.get_mut() =
            Name { text: name.as_ptr().cast(), length: name.len() as c_uint, inode: ptr::null_mut() };
        device.made = Some(Made { _operations: own, open: Openings::new() });
        device
    }

    /// A file of it is closed. If the driver has it made, and taken it back, it was released then.
    fn close(&self, file: *mut File, credentials: Credentials) {
        match &self.made {
            Some(made) => made.open.release(file, |file| self.release(file, credentials)),
            None => self.release(file, credentials),
        }
    }

    fn release(&self, file: *mut File, credentials: Credentials) {
        explorer::meet();
        explorer::rest();
        let Operations { flush, release, .. } = *operations(file);
        call::enter(&self.driver, credentials, Memory::None, || {
            if let Some(flush) = flush {
                // SAFETY: what the driver is given is what the header says (I23).
                unsafe { flush(file, ptr::null_mut()) };
            }
            if let Some(release) = release {
                // SAFETY: as above.
                unsafe { release(self.inode.get(), file) };
            }
        });
    }
}

/// An open file of one. INVARIANT: `file` is a box that only C uses while a call is under way.
struct Opened {
    device: Arc<Device>,
    file: *mut File,
    credentials: Credentials,
}

// SAFETY: the file is the driver's to guard, as in C.
unsafe impl Send for Opened {}
// SAFETY: as above.
unsafe impl Sync for Opened {}

impl CharDevice<Kernel> for Device {
    fn open(
        self: Arc<Self>,
        flags: OpenFlags,
        credentials: &Credentials,
    ) -> Result<Box<dyn FileOperations<Kernel>>, Errno> {
        // SAFETY: it is the same each time, and C changes nothing of it.
        unsafe { (*self.name.get()).inode = self.inode.get() };
        let file = File {
            private_data: self.data,
            position: 0,
            flags: flags_of(flags),
            mode: mode_of(flags),
            operations: self.operations,
            inode: self.inode.get(),
            mount: ptr::null(),
            name: self.name.get(),
        };
        let opened = Opened { file: Box::into_raw(Box::new(file)), device: self, credentials: *credentials };
        let Some(open) = opened.operations().open else { return Ok(opened.noted()) };
        let call = || {
            // SAFETY: what the driver is given is what the header says (I23).
            let answer =
                opened.enter(Memory::None, || unsafe { open(opened.device.inode.get(), opened.file) });
            result(answer.min(0).into()).map(|_| 0)
        };
        match answers::of_call("open", call, |_| Vec::new()) {
            Ok(_) => Ok(opened.noted()),
            Err(errno) => {
                // It is not open, so it is not released.
                opened.forget();
                Err(errno)
            }
        }
    }

    fn left(&self) {
        let release = |file| self.release(file, Credentials::ROOT);
        self.made.iter().for_each(|made| made.open.release_all(release));
    }
}

/// What is done with a file: what its device has, or what its driver has put in place of that.
fn operations<'a>(file: *mut File) -> &'a Operations {
    // SAFETY: it is open.
    let operations = unsafe { (*file).operations };
    // SAFETY: they are a variable of the driver, which stays (I23).
    unsafe { operations.as_ref() }.unwrap_or(&Operations::NONE)
}

impl Opened {
    fn operations(&self) -> &Operations {
        operations(self.file)
    }

    /// It is open.
    fn noted(self) -> Box<dyn FileOperations<Kernel>> {
        self.device.made.iter().for_each(|made| made.open.add(self.file));
        Box::new(self)
    }

    fn enter<R>(&self, memory: Memory<'_>, f: impl FnOnce() -> R) -> R {
        call::enter(&self.device.driver, self.credentials, memory, f)
    }

    fn forget(self) {
        let file = self.file;
        let this = core::mem::ManuallyDrop::new(self);
        // SAFETY: it is not dropped, so this is the one time that the device is taken out of it.
        drop(unsafe { ptr::read(&raw const this.device) });
        // SAFETY: it came out of a box, and no call is under way.
        drop(unsafe { Box::from_raw(file) });
    }

    /// A read or a write of `length` bytes. The position moves as far as the driver says, if it succeeds.
    fn transfer(
        &self,
        transfer: Option<Transfer>,
        memory: Memory<'_>,
        length: usize,
    ) -> Result<usize, Errno> {
        let transfer = transfer.ok_or(Errno::EINVAL)?;
        let at = ptr::with_exposed_provenance_mut(BUFFER);
        // SAFETY: the file is there as long as this.
        let mut position = unsafe { (*self.file).position };
        let answer = self.enter(memory, || {
            // SAFETY: what the driver is given is what the header says (I23).
            let answer = unsafe { transfer(self.file, at, length, &raw mut position) };
            look_at_copies(answer as i64, |copied| answer > copied as isize);
            answer
        });
        let count = result(answer as i64)? as usize;
        // SAFETY: as above.
        unsafe { (*self.file).position = position };
        if count > length {
            let name = &self.device.driver.name;
            finding(format_args!("{name}: read or write of {length} bytes has returned {count}"));
        }
        Ok(count.min(length))
    }
}

impl FileOperations<Kernel> for Opened {
    fn read(&self, into: &mut [u8]) -> Result<usize, Errno> {
        let (memory, length) = (Memory::Read(into.as_mut_ptr(), into.len()), into.len());
        let call = || self.transfer(self.operations().read, memory, length);
        answers::of_call("read", call, |count| into[..count].to_vec())
    }

    fn write(&self, from: &[u8]) -> Result<usize, Errno> {
        let memory = Memory::Write(from.as_ptr(), from.len());
        let call = || self.transfer(self.operations().write, memory, from.len());
        answers::of_call("write", call, |_| Vec::new())
    }

    fn llseek(&self, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let llseek = self.operations().llseek.ok_or(Errno::ESPIPE)?;
        let whence = match whence {
            Whence::Set => 0,
            Whence::Current => 1,
            Whence::End => 2,
        };
        let call = || {
            // SAFETY: what the driver is given is what the header says (I23).
            let answer = self.enter(Memory::None, || unsafe { llseek(self.file, offset, whence) });
            result(answer).map(|position| position as usize)
        };
        answers::of_call("llseek", call, |_| Vec::new())
    }

    fn ioctl(&self, command: u32, argument: usize, caller: &Caller<'_>) -> Result<usize, Errno> {
        const NO_SUCH: i64 = -515;
        let ioctl = self.operations().unlocked_ioctl.ok_or(Errno::ENOTTY)?;
        let memory = Memory::Own(caller.memory);
        let call = || {
            // SAFETY: what the driver is given is what the header says (I23).
            let answer = unsafe { ioctl(self.file, command, argument as c_ulong) };
            look_at_copies(answer, |_| answer >= 0);
            answer
        };
        let call = || match call::enter(&self.device.driver, caller.credentials, memory, call) {
            NO_SUCH => Err(Errno::ENOTTY),
            answer => result(answer).map(|answer| answer as usize),
        };
        answers::of_call("ioctl", call, |_| Vec::new())
    }

    fn poll<'a>(&'a self, table: &mut PollTable<'a, Kernel>) -> Events {
        let Some(poll) = self.operations().poll else { return Events::IN | Events::OUT };
        let mut asked = Asked(table);
        // SAFETY: what the driver is given is what the header says (I23).
        let mask = self.enter(Memory::None, || unsafe { poll(self.file, &raw mut asked) });
        // Normal data and data are one (poll(2)).
        let of = |bits: c_uint, events| if mask & bits != 0 { events } else { Events::empty() };
        of(0x41, Events::IN) | of(0x104, Events::OUT) | of(0x8, Events::ERROR) | of(0x10, Events::HANG_UP)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.device.close(self.file, self.credentials);
        // SAFETY: it came out of a box, and this was the last call.
        drop(unsafe { Box::from_raw(self.file) });
    }
}

/// A call of a driver is about to return `answer`. That says too much, if one of its copies has failed and
/// `is_too_much` for the bytes which it has copied.
fn look_at_copies(answer: i64, is_too_much: impl Fn(usize) -> bool) {
    let Copies { bytes, failed } = call::here().copies.get();
    if let Some(at) = failed.filter(|_| is_too_much(bytes)) {
        let at = place(at);
        wrong(Wrong::Copy, |text| {
            write!(
                text,
                "the copy at {at} fails, and the call returns {answer} as if it had not: {bytes} bytes were copied"
            )
        });
    }
}

/// What a function of C has returned: a number, or an error.
fn result(answer: i64) -> Result<i64, Errno> {
    if answer < 0 { Err(Errno::of(answer)) } else { Ok(answer) }
}

/// As `linux/fcntl.h` has them.
fn flags_of(flags: OpenFlags) -> c_uint {
    let access = match (flags.contains(OpenFlags::READ), flags.contains(OpenFlags::WRITE)) {
        (true, true) => 2,
        (false, true) => 1,
        _ => 0,
    };
    let others = [(OpenFlags::TRUNCATE, 0o1000), (OpenFlags::APPEND, 0o2000), (OpenFlags::NONBLOCK, 0o4000)];
    others.into_iter().filter(|(flag, _)| flags.contains(*flag)).fold(access, |all, (_, bit)| all | bit)
}

fn mode_of(flags: OpenFlags) -> c_uint {
    let of = |flag, bit| if flags.contains(flag) { bit } else { 0 };
    of(OpenFlags::READ, READ) | of(OpenFlags::WRITE, WRITE) | SEEK
}
