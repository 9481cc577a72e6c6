//! `echo`: its arguments.

use alloc::vec::Vec;

use super::escape::{In, unescape};
use super::{Ended, System};

/// `echo [-neE] [WORD]...`
pub fn echo(me: &impl System, mut words: &[&str]) -> Ended {
    let (mut ends, mut escapes) = (true, false);
    while let Some((word, rest)) = words.split_first() {
        let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty());
        let Some(letters) = letters.filter(|letters| letters.chars().all(|letter| "neE".contains(letter)))
        else {
            break;
        };
        for letter in letters.chars() {
            match letter {
                'n' => ends = false,
                letter => escapes = letter == 'e',
            }
        }
        words = rest;
    }
    let text = words.join(" ").into_bytes();
    let text = if escapes { escaped(&text, &mut ends) } else { text };
    Ok(me.put(&if ends { [&text[..], b"\n"].concat() } else { text }, 0))
}

fn escaped(mut text: &[u8], ends: &mut bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    while let Some((&byte, rest)) = text.split_first() {
        text = rest;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match unescape(rest, In::Echo, &mut out) {
            Some(rest) => text = rest,
            None => {
                *ends = false;
                break;
            }
        }
    }
    out
}
