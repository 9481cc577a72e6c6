//! QEMU's firmware configuration device: how a disk image gets its command line (QEMU
//! `docs/specs/fw_cfg.rst`).

use heapless::Vec;
use x86_64::instructions::port::Port;

const SELECTOR: u16 = 0x510;
const DATA: u16 = 0x511;
const SIGNATURE: u16 = 0x0000;
const FILE_DIRECTORY: u16 = 0x0019;
const MAX_FILES: u32 = 1024;

/// The first `N` bytes of the file `name`, if the machine has the device and the file. For a kernel that has
/// no heap yet.
pub fn read<const N: usize>(name: &str) -> Option<Vec<u8, N>> {
    let length = find(name)?;
    Some((0..length).take(N).map(|_| byte()).collect())
}

/// The file `name`, whole.
pub fn read_all(name: &str) -> Option<alloc::vec::Vec<u8>> {
    let length = find(name)?;
    Some((0..length).map(|_| byte()).collect())
}

/// Selects the file `name`, if the machine has the device and the file; its length.
fn find(name: &str) -> Option<u32> {
    select(SIGNATURE);
    if bytes() != *b"QEMU" {
        return None;
    }
    select(FILE_DIRECTORY);
    let count = u32::from_be_bytes(bytes()).min(MAX_FILES);
    for _ in 0..count {
        let length = u32::from_be_bytes(bytes());
        let [selector_high, selector_low, _, _] = bytes::<4>();
        let file: [u8; 56] = bytes();
        let file = file.split(|&byte| byte == 0).next().unwrap_or(&[]);
        if file == name.as_bytes() {
            select(u16::from_be_bytes([selector_high, selector_low]));
            return Some(length);
        }
    }
    None
}

fn select(item: u16) {
    // SAFETY: the selector register changes nothing but what the next reads of the data register return.
    unsafe { Port::<u16>::new(SELECTOR).write(item) };
}

fn byte() -> u8 {
    // SAFETY: reading the data register has no effect beyond advancing the device's own cursor.
    unsafe { Port::<u8>::new(DATA).read() }
}

fn bytes<const N: usize>() -> [u8; N] {
    core::array::from_fn(|_| byte())
}
