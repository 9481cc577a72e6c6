//! The state of a process, and its system calls.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

use kcore::class;
use kcore::dev::{Caller, Credentials, Events, OpenFlags, PollTable, UserBytes, Whence};
use kcore::errno::Errno;
use kcore::machine::{Cpu, Sched, Sleep};
use kcore::tools::{System, strace};
use spin::Once;

use super::fate::{self, Fate};
use super::trace::Trace;
use crate::fs::{self, File};
use crate::machine::{Kernel, SpinLock};
use crate::task::shortage;
use crate::task::signal::{self, Signal};
use crate::time;

/// Most files that a process has open.
pub const FILES: usize = 32;
/// Bytes of memory that it has.
pub const MEMORY: usize = 1024;

pub use kcore::tools::{STDERR, STDIN, STDOUT};

/// The open files of a process, by their descriptors.
pub type Files = Vec<Option<Arc<File>>>;

/// A process. Its task makes its calls; others close its files when that cannot.
pub struct Process {
    name: String,
    credentials: Credentials,
    directory: String,
    files: SpinLock<Files>,
    memory: UserBytes<MEMORY>,
    /// A `Fate`; 0 for none.
    fate: AtomicU8,
    /// Something that it printed could not be written, and it has complained.
    has_lost_output: AtomicBool,
    /// A call was refused since there was no memory, and it has not complained yet.
    lacks_memory: AtomicBool,
    /// Its calls are shown.
    trace: Once<Trace>,
}

impl Process {
    /// A process that runs the program `name`.
    pub fn new(name: &str, credentials: Credentials, directory: &str, mut files: Files) -> Self {
        files.resize(FILES, None);
        Process {
            name: name.to_string(),
            credentials,
            directory: directory.to_string(),
            files: SpinLock::new(
                class!("files of a process", "A file is opened before and dropped after."),
                files,
            ),
            memory: UserBytes::new(),
            fate: AtomicU8::new(0),
            has_lost_output: AtomicBool::new(false),
            lacks_memory: AtomicBool::new(false),
            trace: Once::new(),
        }
    }

    /// As which user it acts.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Its program's name.
    pub fn name(&self) -> &str {
        self.traced().map_or(&self.name, |trace| &trace.name)
    }

    /// What is shown of its calls, if they are.
    pub(super) fn traced(&self) -> Option<&Trace> {
        self.trace.get()
    }

    /// Its calls are shown from now on, at [`DESCRIPTOR`](super::trace::DESCRIPTOR).
    pub fn trace(&self, trace: Trace) {
        self.trace.call_once(|| trace);
    }

    /// Its directory.
    pub fn directory(&self) -> &str {
        &self.directory
    }

    /// What has ended it, if something has.
    pub fn fate(&self) -> Option<Fate> {
        Fate::from_number(self.fate.load(Relaxed))
    }

    /// Its last word, now that its program has ended with `status`: a call that was refused for want of
    /// memory is told by a process that has not complained since. What it ends with, so far.
    pub fn last_word(&self, status: i32) -> i32 {
        if !self.lacks_memory.load(Relaxed) {
            return status;
        }
        self.say(format_args!("{}", Errno::ENOMEM.message()));
        status.max(1)
    }

    /// What it ends with, now that its program has ended with `status`: one that has lost some of its output
    /// has not succeeded, and one that was signalled has not ended by itself, though it made no system call
    /// since.
    pub fn end_status(&self, status: i32) -> i32 {
        self.note_signal();
        match self.fate() {
            Some(fate) => fate.status(),
            None if status == 0 => i32::from(self.has_lost_output.load(Relaxed)),
            None => status,
        }
    }

    /// Its memory, in which ioctls find their arguments.
    pub fn memory(&self) -> &UserBytes<MEMORY> {
        &self.memory
    }

    /// The path from the root that `path` means here, name by name: whether there is a directory at each `..`
    /// and at a slash that ends it is for the names to say. Nothing is nothing: no file has an empty name.
    pub fn absolute(&self, path: &str) -> String {
        match path {
            "" => String::new(),
            path if path.starts_with('/') => path.to_string(),
            path => alloc::format!("{}/{path}", self.directory),
        }
    }

    /// Opens a file; its descriptor. [`Errno::EMFILE`] when there are too many.
    pub fn open(&self, path: &str, flags: OpenFlags) -> Result<usize, Errno> {
        let (quoted, how) = (strace::quoted(path.as_bytes()), strace::flags(flags));
        let shown = self.begins("openat", format_args!("AT_FDCWD, {quoted}, {how}"), None);
        let file = self.call(|| fs::open(&self.absolute(path), flags, &self.credentials));
        let free = |file| {
            let mut files = self.files.lock();
            let free = files.iter().position(Option::is_none).ok_or(Errno::EMFILE)?;
            files[free] = Some(file);
            Ok(free)
        };
        shown.ends(format_args!(""), file.and_then(free))
    }

    /// Opens a file at the descriptor `at`.
    pub fn open_as(&self, at: usize, path: &str, flags: OpenFlags) -> Result<(), Errno> {
        let path = self.absolute(path);
        let file = self.call(|| fs::open(&path, flags, &self.credentials))?;
        self.set_file(at, file);
        Ok(())
    }

    /// Closes a file.
    pub fn close(&self, descriptor: usize) -> Result<(), Errno> {
        let shown = self.begins("close", format_args!("{descriptor}"), None);
        let file = self.files.lock().get_mut(descriptor).and_then(Option::take);
        // Not under the lock: to close a file may sleep.
        let closed = file.map(drop).ok_or(Errno::EBADF);
        shown.ends(format_args!(""), closed.map(|()| 0)).map(drop)
    }

    /// Reads; how many bytes. 0 at the end.
    pub fn read(&self, descriptor: usize, into: &mut [u8]) -> Result<usize, Errno> {
        let file = self.file(descriptor);
        let shown = self.begins("read", format_args!("{descriptor}, "), file.as_ref().ok());
        let result = file.and_then(|file| self.call(|| file.read(into)));
        let read = strace::bytes(&into[..result.unwrap_or(0).min(into.len())]);
        shown.ends(format_args!("{read}, {}", into.len()), result)
    }

    /// Writes; how many bytes.
    pub fn write(&self, descriptor: usize, from: &[u8]) -> Result<usize, Errno> {
        let file = self.file(descriptor);
        let arguments = format_args!("{descriptor}, {}, {}", strace::bytes(from), from.len());
        let shown = self.begins("write", arguments, file.as_ref().ok());
        let result = file.and_then(|file| self.call(|| file.write(from)));
        let result = shown.ends(format_args!(""), result);
        if result == Err(Errno::EPIPE) {
            self.end(Fate::NobodyReads);
            return Err(Errno::EINTR);
        }
        result
    }

    /// Moves the position; where it is then.
    pub fn llseek(&self, descriptor: usize, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let from = strace::whence(whence);
        let shown = self.begins("lseek", format_args!("{descriptor}, {offset}, {from}"), None);
        let result = self.file(descriptor).and_then(|file| self.call(|| file.llseek(whence, offset)));
        shown.ends(format_args!(""), result)
    }

    /// Has a driver do what `command` says.
    pub fn ioctl(&self, descriptor: usize, command: u32, argument: usize) -> Result<usize, Errno> {
        let (name, value) = (strace::command(command), strace::hex(argument));
        let shown = self.begins("ioctl", format_args!("{descriptor}, {name}, {value}"), None);
        let caller = Caller { credentials: self.credentials, memory: &self.memory };
        let result =
            self.file(descriptor).and_then(|file| self.call(|| file.ioctl(command, argument, &caller)));
        shown.ends(format_args!(""), result)
    }

    /// Waits until one of `wanted` can be done with a file, for `cycles` at the longest, or for ever; what
    /// can be done then.
    pub fn poll(&self, descriptor: usize, wanted: Events, cycles: Option<u64>) -> Result<Events, Errno> {
        let limit = cycles.map_or(-1, |cycles| (time::in_microseconds(cycles) / 1000) as i64);
        let events = strace::events(wanted);
        let shown =
            self.begins("poll", format_args!("[{{fd={descriptor}, events={events}}}], 1, {limit}"), None);
        let result = self.file(descriptor).and_then(|file| self.poll_file(&file, wanted, cycles));
        let _ = shown.ends(format_args!(""), result.map(|events| usize::from(!events.is_empty())));
        result
    }

    fn poll_file(&self, file: &File, wanted: Events, cycles: Option<u64>) -> Result<Events, Errno> {
        let end = cycles.map_or(time::NEVER, |cycles| Kernel::cycles().saturating_add(cycles));
        // What is wrong is told whether it was asked for or not (poll(2)).
        let wanted = wanted | Events::ERROR | Events::HANG_UP;
        self.call(|| {
            loop {
                let mut table = PollTable::new();
                let events = file.poll(&mut table) & wanted;
                if !events.is_empty() || Kernel::cycles() >= end {
                    return Ok(events);
                }
                if Kernel::interrupted(Sleep::Interruptible) {
                    return Err(Errno::ERESTARTSYS);
                }
                // The file may have slept for a lock, and the wake-up that it was told of may have ended that
                // sleep.
                if !table.is_woken() {
                    Kernel::block_until(end);
                }
            }
        })
    }

    /// Sleeps for so many cycles.
    pub fn sleep(&self, cycles: u64) -> Result<(), Errno> {
        let micro = time::in_microseconds(cycles + time::microseconds(1) / 2);
        let (seconds, nano) = (micro / 1_000_000, micro % 1_000_000 * 1000);
        let time = format_args!("CLOCK_REALTIME, 0, {{tv_sec={seconds}, tv_nsec={nano}}}, NULL");
        let shown = self.begins("clock_nanosleep", time, None);
        let end = Kernel::cycles().saturating_add(cycles);
        let slept = self.call(|| {
            while Kernel::cycles() < end {
                if Kernel::interrupted(Sleep::Interruptible) {
                    return Err(Errno::ERESTARTSYS);
                }
                Kernel::block_until(end);
            }
            Ok(0)
        });
        shown.ends(format_args!(""), slept).map(drop)
    }

    /// Leads a descriptor elsewhere (`dup2`).
    pub fn set_file(&self, descriptor: usize, file: Arc<File>) {
        let before = self.files.lock()[descriptor].replace(file);
        drop(before);
    }

    /// Its open files.
    pub fn files(&self) -> Files {
        self.files.lock().clone()
    }

    /// Closes all files.
    pub fn close_all(&self) {
        while self.close_one() {}
    }

    /// Closes a file, one of a device only when there is no other; whether there was one. If a driver breaks
    /// in its `release`, the other files are still there to be closed.
    pub fn close_one(&self) -> bool {
        let mut files = self.files.lock();
        let next = |of_device: bool| {
            files.iter().position(|file| file.as_ref().is_some_and(|file| file.is_of_device() == of_device))
        };
        let next = next(false).or_else(|| next(true));
        let file = next.and_then(|next| files[next].take());
        // Not under the lock: to close a file may sleep.
        drop(files);
        file.is_some()
    }

    /// Where a descriptor leads. [`Errno::EBADF`] when nowhere.
    pub fn file(&self, descriptor: usize) -> Result<Arc<File>, Errno> {
        self.files.lock().get(descriptor).cloned().flatten().ok_or(Errno::EBADF)
    }

    /// Writes a text to its output. What cannot be written is [lost](Process::lose_output).
    pub fn print(&self, text: fmt::Arguments<'_>) {
        let text = alloc::fmt::format(text);
        if let Err(errno) = self.write_all(STDOUT, text.as_bytes()) {
            self.lose_output(errno);
        }
    }

    /// Some of its output could not be written, for this reason. It complains once, and
    /// [ends](Process::end_status) with 1 if all else goes well; where no process reads, that is its end.
    pub fn lose_output(&self, errno: Errno) {
        if errno == Errno::EPIPE {
            self.end(Fate::NobodyReads);
        } else if !self.has_lost_output.swap(true, Relaxed) {
            self.complain("write error", errno);
        }
    }

    /// Complains in the words of `strerror`: `cat: /dev/nope: No such file or directory`. A process that ends
    /// complains no more.
    pub fn complain(&self, about: &str, errno: Errno) {
        if !fate::is_end(errno) {
            let about = if about.is_empty() { "''" } else { about };
            self.say(format_args!("{about}: {}", errno.message()));
        }
    }

    /// Complains in words of its own, on a line.
    pub fn say(&self, what: fmt::Arguments<'_>) {
        let line = alloc::format!("{}: {what}\n", self.name());
        // If that was the last memory: this is where it is told.
        shortage::take();
        self.lacks_memory.store(false, Relaxed);
        // There is no reader left to tell.
        let _ = self.write_all(STDERR, line.as_bytes());
    }

    /// A system call. A signal that came before or meanwhile is taken on the way back, as it is on the way to
    /// user space: then, and ever after, the answer is [`Errno::EINTR`], and the program is to come to its
    /// end. If the task was short of memory before, the answer is [`Errno::ENOMEM`], once.
    fn call<T>(&self, mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
        self.take_signal()?;
        shortage::check().inspect_err(|_| self.lacks_memory.store(true, Relaxed))?;
        let result = signal::system_call(false, || call().inspect_err(|_| self.note_signal()));
        self.take_signal()?;
        result
    }

    /// Notes a signal that stays.
    fn note_signal(&self) {
        if Kernel::interrupted(Sleep::Killable) {
            self.note(Signal::Kill);
        } else if Kernel::interrupted(Sleep::Interruptible) {
            self.note(Signal::Interrupt);
        }
    }

    fn note(&self, signal: Signal) {
        match signal {
            Signal::Kill => self.end(Fate::Killed),
            Signal::Interrupt if self.fate().is_none() => self.end(Fate::Interrupted),
            Signal::Interrupt => {}
        }
    }

    fn end(&self, fate: Fate) {
        self.fate.store(fate as u8, Relaxed);
    }

    /// What is noted is what was taken: one that comes between a look and the taking would be lost.
    fn take_signal(&self) -> Result<(), Errno> {
        if let Some(signal) = signal::take() {
            self.note(signal);
        }
        if self.fate().is_some() { Err(Errno::EINTR) } else { Ok(()) }
    }
}

/// Prints a text on the output of a process.
#[macro_export]
macro_rules! print_to {
    ($process:expr, $($arguments:tt)+) => { $process.print(core::format_args!($($arguments)+)) };
}
