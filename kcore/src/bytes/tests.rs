use core::ptr::NonNull;
use std::vec::Vec;

use super::*;

/// `len` bytes counting up, aligned, and their view.
fn with(len: usize, test: impl Fn(SharedBytes<'_>, &mut Vec<u8>)) {
    let mut memory = std::vec![0_u64; len / WORD + 1];
    let start = NonNull::new(memory.as_mut_ptr()).unwrap().cast();
    // SAFETY: the memory is aligned, large enough, and touched through the view only.
    let view = unsafe { SharedBytes::new(start, len) };
    let mut model: Vec<u8> = (0..len as u8).collect();
    view.write(0, &model);
    test(view, &mut model);
}

fn all(view: &SharedBytes<'_>) -> Vec<u8> {
    let mut bytes = std::vec![0; view.len()];
    view.read(0, &mut bytes);
    bytes
}

#[test]
fn every_part_of_a_block_is_written_and_read_alone() {
    for len in if cfg!(miri) { 17..20 } else { 0..36 } {
        with(len, |view, model| {
            for at in 0..=len {
                for count in 0..=len - at {
                    let mut read = std::vec![0; count];
                    view.read(at, &mut read);
                    assert_eq!(read, model[at..at + count]);
                    model[at..at + count].iter_mut().for_each(|byte| *byte = byte.wrapping_add(100));
                    view.write(at, &model[at..at + count]);
                    assert_eq!(all(&view), *model, "{count} at {at} of {len}");
                }
            }
        });
    }
}

#[test]
fn filling_reaches_every_byte_and_every_change_is_found() {
    for len in 1..28 {
        with(len, |view, _| {
            for at in 0..len {
                view.fill(0x6b);
                assert_eq!(all(&view), std::vec![0x6b; len]);
                assert_eq!(view.first_other_than(0x6b), None);
                view.write(at, &[0]);
                assert_eq!(view.first_other_than(0x6b), Some(at));
            }
        });
    }
}

#[test]
#[should_panic(expected = "3 bytes at 6 are not within 8 bytes")]
fn a_write_past_the_end_panics() {
    with(8, |view, _| view.write(6, &[0; 3]));
}

#[test]
#[should_panic(expected = "not within")]
fn a_read_past_the_end_of_the_address_space_panics() {
    with(8, |view, _| view.read(usize::MAX, &mut [0; 3]));
}
