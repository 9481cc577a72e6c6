//! What printk makes of a form.

use std::fmt::{self, Write};

use kcore::module::format::{Arguments, format};

struct Given<'a>(std::slice::Iter<'a, u64>);

/// Texts, by their addresses.
const TEXTS: [(u64, &str); 2] = [(1, "hello"), (2, "scull0")];

impl Arguments for Given<'_> {
    fn next(&mut self) -> u64 {
        self.0.next().copied().unwrap_or_default()
    }

    fn text(&self, address: u64, most: usize, each: &mut dyn FnMut(u8)) {
        let text = TEXTS.iter().find(|(at, _)| *at == address).map_or("?", |(_, text)| text);
        text.bytes().take(most).for_each(each);
    }

    fn symbol(&self, address: u64, out: &mut dyn Write) -> fmt::Result {
        write!(out, "scull_read+{address:#x}")
    }
}

fn made(form: &str, given: &[u64]) -> String {
    let mut text = Vec::new();
    let count = format(form.as_bytes(), &mut Given(given.iter()), &mut |byte| text.push(byte));
    assert_eq!(count, text.len());
    String::from_utf8(text).expect("it is ASCII")
}

#[test]
fn as_c_does_it() {
    let minus = -7_i64 as u64;
    for (form, given, expected) in [
        ("plain 100%%", &[][..], "plain 100%"),
        ("%d %i|%5d|%-5d|%05d", &[1, minus, 42, 42, minus][..], "1 -7|   42|42   |-0007"),
        (
            "%u %x %X %#x %o",
            &[0xffff_ffff_ffff_ffff, 0xbeef, 0xbeef, 0xbeef, 8],
            "4294967295 beef BEEF 0xbeef 10",
        ),
        ("%lu %llx %zu %ld", &[u64::MAX, u64::MAX, 5, minus], "18446744073709551615 ffffffffffffffff 5 -7"),
        ("%hhu %hd %hu", &[0x1ff, 0x1_8000, 0x1_ffff], "255 -32768 65535"),
        ("%+d % d %.3d %8.3d|%.0d|", &[5, 5, 5, 5, 0], "+5  5 005      005||"),
        ("%c%c|%3c", &[104, 105, 120], "hi|  x"),
        ("%s, %8s|%-8s|%.2s", &[1, 1, 1, 1], "hello,    hello|hello   |he"),
        ("%s %*d|%-*d|%.*s", &[0, 4, 7, 4, 7, 3, 2], "(null)    7|7   |scu"),
        ("%p %8p", &[0xffff_8000_0000_1000, 0x1234], "ffff800000001000     1234"),
        ("%pS %px %pe", &[0x15, 0x10, -12_i64 as u64], "scull_read+0x15 0000000000000010 -12"),
        ("% 4i: %8p", &[7, 0xabc], "   7:      abc"),
        ("%y %", &[], "%y %"),
    ] {
        assert_eq!(made(form, given), expected, "{form}");
    }
}

#[test]
fn any_form_ends() {
    let mut dice = fastrand::Rng::with_seed(4);
    for _ in 0..50_000 {
        let bytes: Vec<u8> = (0..dice.usize(..12))
            .map(|_| *dice.choice(b"%0123456789.*-+# lhzdiuxXocspSe").unwrap())
            .collect();
        let given: Vec<u64> = (0..4).map(|_| dice.u64(..)).collect();
        format(&bytes, &mut Given(given.iter()), &mut |_| {});
    }
}
