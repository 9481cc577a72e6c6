//! `printk` and its like (`linux/printk.h`, `linux/kernel.h`).

use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::{CStr, c_char, c_int};
use core::fmt::{self, Write};

use kcore::module::format::{Arguments, format};
use kcore::module::scan::{Found, scan};

use crate::arch::variadic::{VaList, variadic};
use crate::module::finding::show_way;
use crate::module::{access, answers, call};
use crate::{println, symbols};

variadic! {
    printk => said;
    sprintf => written;
    snprintf => written_within;
    scnprintf => cut_within;
    sscanf => scanned;
    panic => panicked;
    kobject_set_name => named;
}

/// Bytes of a message (Linux: `LOG_LINE_MAX`).
const MESSAGE: usize = 1024;

/// Arguments in a list, which its caller has vouched for.
pub(super) struct Passed<'a>(&'a mut VaList);

impl<'a> Passed<'a> {
    pub(super) fn new(list: &'a mut VaList) -> Self {
        Passed(list)
    }

    pub(super) fn pointer<T>(&mut self) -> *mut T {
        core::ptr::with_exposed_provenance_mut(self.next() as usize)
    }

    pub(super) fn form<'b>(&mut self) -> &'b CStr {
        // SAFETY: the form is a text (I23).
        unsafe { CStr::from_ptr(self.pointer::<c_char>()) }
    }
}

impl Passed<'_> {
    /// The text that the form, which is next, makes of the rest.
    pub(super) fn text_of_form(&mut self) -> String {
        let (form, mut text) = (self.form(), Vec::new());
        format(form.to_bytes(), self, &mut |byte| text.push(byte));
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Arguments for Passed<'_> {
    fn next(&mut self) -> u64 {
        // SAFETY: the form says how many there are (I23).
        unsafe { self.0.next() }
    }

    fn text(&self, address: u64, most: usize, each: &mut dyn FnMut(u8)) {
        let text = core::ptr::with_exposed_provenance::<u8>(address as usize);
        for index in 0..most {
            // SAFETY: up to its zero, or as long as the form says, it is there (I23).
            match unsafe { text.wrapping_add(index).read_volatile() } {
                0 => break,
                byte => each(byte),
            }
        }
    }

    fn symbol(&self, address: u64, out: &mut dyn Write) -> fmt::Result {
        let found = symbols::find(address);
        match found.places.last() {
            Some(place) => write!(out, "{}+{:#x}", place.function, address - found.start),
            None => write!(out, "{address:#x}"),
        }
    }
}

unsafe extern "C" fn said(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let form = passed.form();
    say(form, &mut passed)
}

pub(in crate::module) unsafe extern "C" fn vprintk(form: *const c_char, list: &mut VaList) -> c_int {
    // SAFETY: the form is a text (I23).
    say(unsafe { CStr::from_ptr(form) }, &mut Passed(list))
}

/// Each line of the message, without its level, is a line of the console and the log.
fn say(form: &CStr, passed: &mut Passed<'_>) -> c_int {
    let (mut message, mut used) = ([0; MESSAGE], 0);
    let count = format(form.to_bytes(), passed, &mut |byte| {
        if let Some(place) = message.get_mut(used) {
            *place = byte;
            used += 1;
        }
    });
    let text = match &message[..used] {
        [1, _, rest @ ..] => rest,
        all => all,
    };
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    for line in text.split(|byte| *byte == b'\n') {
        println!("{}", Shown(line));
    }
    count as c_int
}

/// Bytes as text: what is none is shown as a mark.
struct Shown<'a>(&'a [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            chunk.invalid().iter().try_for_each(|_| f.write_char('?'))?;
        }
        Ok(())
    }
}

/// Gives `out` each byte of a text that the driver may hand on.
pub(super) fn made(form: &CStr, passed: &mut Passed<'_>, out: &mut dyn FnMut(u8)) -> usize {
    if form.to_bytes().windows(2).any(|two| two == b"%p") {
        answers::vary();
    }
    format(form.to_bytes(), &mut HandedOn(passed), out)
}

/// Arguments of a text that the driver may hand on. Addresses and numbers of tasks are others each time.
struct HandedOn<'a, 'b>(&'a mut Passed<'b>);

impl Arguments for HandedOn<'_, '_> {
    fn next(&mut self) -> u64 {
        let value = self.0.next();
        if value as u32 == call::here().task.number() {
            answers::vary();
        }
        value
    }

    fn text(&self, address: u64, most: usize, each: &mut dyn FnMut(u8)) {
        self.0.text(address, most, each);
    }

    fn symbol(&self, address: u64, out: &mut dyn Write) -> fmt::Result {
        self.0.symbol(address, out)
    }
}

/// Writes the text to `to`, which has room for `size` bytes, with a zero behind it; how long it would be.
fn write(to: *mut u8, size: usize, form: &CStr, passed: &mut Passed<'_>) -> usize {
    let mut at = 0;
    let count = made(form, passed, &mut |byte| {
        if at + 1 < size {
            // SAFETY: the driver says that there is so much room (I23).
            unsafe { to.wrapping_add(at).write(byte) };
            at += 1;
        }
    });
    if size > 0 {
        // SAFETY: as above.
        unsafe { to.wrapping_add(at).write(0) };
        access::wrote(to, at + 1);
    }
    count
}

/// Of a text that would be `count` bytes long, what is there.
fn there(count: usize, size: usize) -> c_int {
    count.min(size.saturating_sub(1)) as c_int
}

unsafe extern "C" fn written(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let (to, form) = (passed.pointer(), passed.form());
    write(to, usize::MAX, form, &mut passed) as c_int
}

unsafe extern "C" fn written_within(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let (to, size, form) = (passed.pointer(), passed.next() as usize, passed.form());
    write(to, size, form, &mut passed) as c_int
}

unsafe extern "C" fn cut_within(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let (to, size, form) = (passed.pointer(), passed.next() as usize, passed.form());
    there(write(to, size, form, &mut passed), size)
}

pub(in crate::module) unsafe extern "C" fn vsprintf(
    to: *mut u8,
    form: *const c_char,
    list: &mut VaList,
) -> c_int {
    // SAFETY: the form is a text (I23).
    write(to, usize::MAX, unsafe { CStr::from_ptr(form) }, &mut Passed(list)) as c_int
}

pub(in crate::module) unsafe extern "C" fn vsnprintf(
    to: *mut u8,
    size: usize,
    form: *const c_char,
    list: &mut VaList,
) -> c_int {
    // SAFETY: the form is a text (I23).
    write(to, size, unsafe { CStr::from_ptr(form) }, &mut Passed(list)) as c_int
}

pub(in crate::module) unsafe extern "C" fn vscnprintf(
    to: *mut u8,
    size: usize,
    form: *const c_char,
    list: &mut VaList,
) -> c_int {
    // SAFETY: the form is a text (I23).
    there(write(to, size, unsafe { CStr::from_ptr(form) }, &mut Passed(list)), size)
}

/// Bytes of the name in a `struct kobject`.
const NAME: usize = 24;

unsafe extern "C" fn named(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let (to, form) = (passed.pointer(), passed.form());
    write(to, NAME, form, &mut passed);
    0
}

unsafe extern "C" fn scanned(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let (text, form) = (passed.form(), passed.form());
    let count = scan(text.to_bytes(), form.to_bytes(), &mut |found| {
        let to = passed.pointer::<u8>();
        let number;
        let (bytes, is_text) = match found {
            Found::Number(value, size) => {
                number = value.to_le_bytes();
                (&number[..size], false)
            }
            Found::Bytes(bytes, is_text) => (bytes, is_text),
        };
        // SAFETY: the driver says that there is so much room (I23).
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        if is_text {
            // SAFETY: as above.
            unsafe { to.wrapping_add(bytes.len()).write(0) };
        }
        access::wrote(to, bytes.len() + usize::from(is_text));
    });
    count as c_int
}

unsafe extern "C" fn panicked(list: &mut VaList) -> c_int {
    let mut passed = Passed(list);
    let form = passed.form();
    say(form, &mut passed);
    panic!("a driver in C has called panic()")
}

pub(in crate::module) extern "C" fn dump_stack() {
    show_way();
}
