//! Files whose text is made piece by piece (`linux/seq_file.h`).

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

use kcore::errno::Errno;

use super::printk::{Passed, made};
use super::slab::{kfree, kmalloc};
use super::user::copy_to_user;
use crate::arch::variadic::{VaList, variadic};
use crate::module::file::{File, Inode};

variadic! {
    seq_printf => printed;
}

/// `GFP_KERNEL`, and with zeros.
const FLAGS: u32 = 0x400;
const ZEROED: u32 = 0x500;
/// Bytes of a buffer at first; it is doubled as long as a piece does not fit.
const FIRST: usize = 4096;

/// `struct seq_operations`.
#[repr(C)]
pub(in crate::module) struct SeqOps {
    start: Option<unsafe extern "C" fn(*mut Seq, *mut i64) -> *mut c_void>,
    stop: Option<unsafe extern "C" fn(*mut Seq, *mut c_void)>,
    next: Option<unsafe extern "C" fn(*mut Seq, *mut c_void, *mut i64) -> *mut c_void>,
    show: Option<unsafe extern "C" fn(*mut Seq, *mut c_void) -> c_int>,
}

/// `struct seq_file`.
#[repr(C)]
pub(in crate::module) struct Seq {
    buffer: *mut u8,
    size: usize,
    /// What was not read yet begins there, and is so long.
    from: usize,
    count: usize,
    /// The next piece.
    index: i64,
    read: i64,
    operations: *const SeqOps,
    private: *mut c_void,
    file: *mut File,
    /// What a file of one piece calls, and what that is given: its `struct seq_operations` is the kernel's.
    show: Option<unsafe extern "C" fn(*mut Seq, *mut c_void) -> c_int>,
}

/// The text of the call.
fn seq<'a>(at: *mut Seq) -> &'a mut Seq {
    // SAFETY: it is what `seq_open` has made (I23).
    unsafe { &mut *at }
}

fn of<'a>(file: *mut File) -> &'a mut Seq {
    // SAFETY: it is the file of the call, in which `seq_open` has put it (I23).
    seq(unsafe { (*file).private_data }.cast())
}

impl Seq {
    fn push(&mut self, byte: u8) {
        // One that is full is too small, which its reader sees.
        if self.count < self.size {
            // SAFETY: the buffer has so many bytes.
            unsafe { self.buffer.wrapping_add(self.count).write(byte) };
            self.count += 1;
        }
    }

    fn is_full(&self) -> bool {
        self.count == self.size
    }

    fn grow(&mut self, size: usize) -> Result<(), Errno> {
        kfree(self.buffer.cast());
        (self.size, self.count, self.from) = (size, 0, 0);
        self.buffer = kmalloc(size, FLAGS).cast();
        if self.buffer.is_null() {
            self.size = 0;
            return Err(Errno::ENOMEM);
        }
        Ok(())
    }

    /// Makes pieces until there is something to read and no room for one more; nothing at the end.
    fn fill(&mut self) -> Result<(), Errno> {
        (self.count, self.from) = (0, 0);
        if self.size == 0 {
            self.grow(FIRST)?;
        }
        while self.pass()? {
            let larger = self.size * 2;
            self.grow(larger)?;
        }
        Ok(())
    }

    /// One walk from the next piece on. True when the first did not fit.
    fn pass(&mut self) -> Result<bool, Errno> {
        let this: *mut Seq = self;
        // SAFETY: they are variables of the driver, or the kernel's own (I23).
        let SeqOps { start, stop, next, show } = unsafe { &*self.operations };
        let (Some(start), Some(stop), Some(next), Some(show)) = (start, stop, next, show) else {
            return Err(Errno::EINVAL);
        };
        let mut index = self.index;
        // SAFETY: what the driver is given is what the header says (I23).
        let mut at = unsafe { start(this, &raw mut index) };
        let mut answer = Ok(false);
        while is_piece(at) {
            let before = self.count;
            // SAFETY: as above.
            let shown = unsafe { show(this, at) };
            if shown < 0 {
                self.count = before;
                answer = Err(Errno::of(shown.into()));
                break;
            }
            if self.is_full() {
                self.count = before;
                answer = Ok(before == 0);
                break;
            }
            if shown > 0 {
                // It is to be left out.
                self.count = before;
            }
            // SAFETY: as above.
            at = unsafe { next(this, at, &raw mut index) };
            self.index = index;
        }
        // SAFETY: as above.
        unsafe { stop(this, at) };
        // What is there is read before the error is told.
        if self.count > 0 { Ok(false) } else { answer }
    }
}

/// Neither the end nor an error.
fn is_piece(at: *mut c_void) -> bool {
    !at.is_null() && (at.addr() as isize) > 0 || (at.addr() as isize) < -4095
}

unsafe extern "C" fn printed(list: &mut VaList) -> c_int {
    let mut passed = Passed::new(list);
    let (seq, form) = (seq(passed.pointer()), passed.form());
    made(form, &mut passed, &mut |byte| seq.push(byte));
    0
}

pub(in crate::module) unsafe extern "C" fn seq_puts(at: *mut Seq, text: *const c_char) {
    // SAFETY: it is a text (I23).
    let text = unsafe { CStr::from_ptr(text) };
    text.to_bytes().iter().for_each(|byte| seq(at).push(*byte));
}

pub(in crate::module) extern "C" fn seq_putc(at: *mut Seq, byte: u8) {
    seq(at).push(byte);
}

pub(in crate::module) unsafe extern "C" fn seq_open(file: *mut File, operations: *const SeqOps) -> c_int {
    let new = kmalloc(size_of::<Seq>(), ZEROED).cast::<Seq>();
    if new.is_null() {
        return Errno::ENOMEM.code();
    }
    // SAFETY: it is a fresh block that is large enough, and zeros are a `Seq`.
    let it = unsafe { &mut *new };
    (it.operations, it.file) = (operations, file);
    // SAFETY: it is the file of the call (I23).
    unsafe { (*file).private_data = new.cast() };
    0
}

pub(in crate::module) extern "C" fn seq_release(_inode: *mut Inode, file: *mut File) -> c_int {
    let it: *mut Seq = of(file);
    kfree(seq(it).buffer.cast());
    kfree(it.cast());
    0
}

pub(in crate::module) extern "C" fn single_release(inode: *mut Inode, file: *mut File) -> c_int {
    seq_release(inode, file)
}

unsafe extern "C" fn one(_seq: *mut Seq, index: *mut i64) -> *mut c_void {
    // SAFETY: it is a variable of `pass`.
    ptr::without_provenance_mut(usize::from(unsafe { index.read() } == 0))
}

unsafe extern "C" fn no_more(_seq: *mut Seq, _at: *mut c_void, index: *mut i64) -> *mut c_void {
    // SAFETY: it is a variable of `pass`.
    unsafe { index.write(1) };
    ptr::null_mut()
}

unsafe extern "C" fn nothing(_seq: *mut Seq, _at: *mut c_void) {}

unsafe extern "C" fn show_one(at: *mut Seq, _one: *mut c_void) -> c_int {
    // SAFETY: `single_open` has the function from the driver (I23).
    seq(at).show.map_or(0, |show| unsafe { show(at, ptr::null_mut()) })
}

static ONE: SeqOps =
    SeqOps { start: Some(one), stop: Some(nothing), next: Some(no_more), show: Some(show_one) };

pub(in crate::module) unsafe extern "C" fn single_open(
    file: *mut File,
    show: Option<unsafe extern "C" fn(*mut Seq, *mut c_void) -> c_int>,
    data: *mut c_void,
) -> c_int {
    // SAFETY: it is the file of the call (I23).
    let code = unsafe { seq_open(file, &raw const ONE) };
    if code == 0 {
        (of(file).show, of(file).private) = (show, data);
    }
    code
}

pub(in crate::module) unsafe extern "C" fn seq_read(
    file: *mut File,
    to: usize,
    size: usize,
    position: *mut i64,
) -> isize {
    let it = of(file);
    // SAFETY: it is a variable of the call (I23).
    let at = unsafe { position.read() };
    match it.go_to(at).and_then(|()| if it.count == 0 { it.fill() } else { Ok(()) }) {
        Err(errno) => return errno.code() as isize,
        Ok(()) if it.count == 0 => return 0,
        Ok(()) => {}
    }
    let count = it.count.min(size);
    if copy_to_user(to, it.buffer.wrapping_add(it.from), count as u64) != 0 {
        return Errno::EFAULT.code() as isize;
    }
    it.consume(count);
    // SAFETY: as above.
    unsafe { position.write(at + count as i64) };
    count as isize
}

impl Seq {
    /// So many bytes were read.
    fn consume(&mut self, count: usize) {
        (self.from, self.count) = (self.from + count, self.count - count);
        self.read += count as i64;
    }

    /// What is read next is at `position`: the text is made anew from its start, if that is elsewhere.
    fn go_to(&mut self, position: i64) -> Result<(), Errno> {
        if position == self.read {
            return Ok(());
        }
        (self.index, self.read, self.count, self.from) = (0, 0, 0, 0);
        while self.read < position {
            self.fill()?;
            if self.count == 0 {
                break;
            }
            self.consume(self.count.min((position - self.read) as usize));
        }
        Ok(())
    }
}

pub(in crate::module) unsafe extern "C" fn seq_lseek(file: *mut File, offset: i64, whence: c_int) -> i64 {
    let at = match whence {
        0 => 0,
        // SAFETY: it is the file of the call (I23).
        1 => unsafe { (*file).position },
        _ => return Errno::EINVAL.code().into(),
    };
    match at.checked_add(offset).filter(|to| *to >= 0) {
        Some(to) => {
            // SAFETY: as above.
            unsafe { (*file).position = to };
            to
        }
        None => Errno::EINVAL.code().into(),
    }
}
