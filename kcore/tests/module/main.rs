//! A module's object: read, linked, told, and refused; and the text that printk makes.

mod form;
mod made;

use kcore::module::{Malformed, Object, Parameter};
use made::made;

const BASES: [u64; 3] = [0xffff_ffff_a000_0000, 0xffff_ffff_a010_0000, 0xffff_ffff_a020_0000];

fn resolve(name: &str) -> Option<u64> {
    (name == "printk").then_some(0xffff_ffff_8020_0000)
}

#[test]
fn each_kind_of_relocation_is_made() {
    let file = made();
    let object = Object::parse(&file).expect("it is sound");
    let image = object.link(BASES, resolve).expect("it wants nothing else");
    let word = |address: u64, size: usize| {
        let mut word = [0; 8];
        word[..size].copy_from_slice(image.bytes(address, size).expect("it lies in a part"));
        u64::from_le_bytes(word)
    };
    let text = BASES[0];
    assert_eq!(word(text + 4, 4), u64::from((0xffff_ffff_8020_0000_u64.wrapping_sub(text + 4 + 4)) as u32));
    assert_eq!(word(text + 8, 4), BASES[2] as u32 as u64, "32S");
    assert_eq!(word(text + 16, 8), BASES[2], "64");
    assert_eq!(image.function("init_module"), Some(text));
    assert_eq!(image.function("nothing"), None);
    assert_eq!(object.wanted().collect::<Vec<_>>(), ["printk"]);
    assert_eq!(object.info().collect::<Vec<_>>(), [("license", "GPL"), ("scullery", "0123")]);
    assert_eq!(object.used_at("printk", BASES), Some(text + 4));
}

#[test]
fn a_name_that_is_not_offered_is_named() {
    let file = made();
    let error =
        Object::parse(&file).expect("it is sound").link(BASES, |_| None).expect_err("printk is nowhere");
    assert_eq!(error, Malformed("it wants 'printk', which is not offered".into()));
}

#[test]
fn parameters_are_set_and_shown() {
    let file = made();
    let object = Object::parse(&file).expect("it is sound");
    let mut image = object.link(BASES, resolve).expect("it wants nothing else");
    let all = Parameter::all(&object, &image).expect("they are as module_param makes them");
    let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["howmany", "sizes", "fast"]);
    let mut nothing = |_: &str| None;
    let mut set = |index: usize, value: &str| {
        let told = all[index].set(&mut image, value, &mut nothing);
        told.map(|()| all[index].value(&image))
    };
    assert_eq!(set(0, "0x10"), Ok("16".into()));
    assert_eq!(set(0, "-2147483648"), Ok("-2147483648".into()));
    assert_eq!(set(0, "2147483648"), Err("not a number that fits".into()));
    assert_eq!(set(0, "many"), Err("not a number that fits".into()));
    assert_eq!(set(1, "1,2,3"), Ok("1,2,3".into()));
    assert_eq!(set(1, "1,2,3,4,5"), Err("more than 4 values".into()));
    assert_eq!(set(1, "70000"), Err("not a number that fits".into()));
    assert_eq!(set(2, "y"), Ok("Y".into()));
    assert_eq!(set(2, "perhaps"), Err("not y or n".into()));
}

#[test]
fn what_is_no_object_is_refused_in_a_sentence() {
    let said = |bytes: &[u8]| Object::parse(bytes).expect_err("it is none").to_string();
    assert_eq!(said(b""), "it is no ELF file of 64 bits");
    assert_eq!(said(b"#!/bin/sh\n"), "it is no ELF file of 64 bits");
    let mut executable = made();
    executable[16] = 2;
    assert_eq!(said(&executable), "it is no relocatable object for x86-64");
}

/// Whatever a file holds, the answer is one: the kernel does all of this before any of it is code.
#[test]
fn mutated_objects_never_panic() {
    let (sound, mut dice) = (made(), fastrand::Rng::with_seed(12));
    let mut loaded = 0;
    for _ in 0..100_000 {
        let mut file = sound.clone();
        for _ in 0..dice.usize(1..6) {
            mutate(&mut file, &mut dice);
        }
        loaded += u32::from(load(&file).is_ok());
    }
    // Else nothing but the first check was tried.
    assert!(loaded > 3000, "{loaded} of 100,000 are taken");
}

fn mutate(file: &mut Vec<u8>, dice: &mut fastrand::Rng) {
    const WORDS: [u64; 8] = [0, 1, 0x7f, 0xfff1, 0xffff, 0x7fff_ffff, u64::MAX, 1 << 63];
    let at = dice.usize(..file.len().max(1));
    let word = WORDS[dice.usize(..WORDS.len())].to_le_bytes();
    match dice.u32(..8) {
        0 => file.truncate(at.max(64)),
        1..=3 => file.iter_mut().skip(at).take(1).for_each(|byte| *byte = dice.u8(..)),
        size => file.iter_mut().skip(at).zip(&word[..1 << (size - 4)]).for_each(|(to, from)| *to = *from),
    }
}

fn load(file: &[u8]) -> Result<(), Malformed> {
    let object = Object::parse(file)?;
    let mut image = object.link(BASES, resolve)?;
    object.info().for_each(drop);
    object.wanted().for_each(|name| _ = object.used_at(name, BASES));
    for one in Parameter::all(&object, &image)? {
        let _ = one.set(&mut image, "1,2", &mut |_| Some(BASES[1]));
        one.value(&image);
    }
    object.unloaded(".debug_info", BASES).map(drop)
}
