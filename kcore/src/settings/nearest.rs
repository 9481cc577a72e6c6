//! The word that a mistaken one may have been meant for.

use alloc::vec;
use alloc::vec::Vec;

use crate::sort;

/// Below this, of a thousand for equality, two words have little in common. At 700 `bench` is found in
/// `nosuch`, at 800 `touch`.
const ALIKE: usize = 830;

/// The candidate most like `word`, whatever their case, if any is like it at all. The dashes of an option are
/// not looked at.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = bare(word);
    let scored = candidates.into_iter().map(|candidate| (likeness(&word, &bare(candidate)), candidate));
    let alike = scored.filter(|(likeness, _)| *likeness > ALIKE);
    alike.max_by_key(|(likeness, _)| *likeness).map(|(_, candidate)| candidate)
}

fn bare(word: &str) -> Vec<char> {
    word.trim_start_matches('-').chars().map(|c| c.to_ascii_lowercase()).collect()
}

/// How much two words have in common, after Jaro and Winkler, in thousandths.
fn likeness(a: &[char], b: &[char]) -> usize {
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; b.len()];
    // The place in `b` of a letter of `a` that is there, and not far away.
    let mut place = |(at, c): (usize, &char)| {
        let end = b.len().min(at + reach + 1);
        let place = (at.saturating_sub(reach)..end).find(|&place| b[place] == *c && !taken[place])?;
        taken[place] = true;
        Some(place)
    };
    let places: Vec<usize> = a.iter().enumerate().filter_map(&mut place).collect();
    let common = places.len();
    if common == 0 {
        return 0;
    }
    let mut sorted = places.clone();
    sort::few(&mut sorted, |a, b| a < b);
    let moved = places.iter().zip(&sorted).filter(|(is, wanted)| b[**is] != b[**wanted]).count() / 2;
    let jaro = (1000 * common / a.len() + 1000 * common / b.len() + 1000 * (common - moved) / common) / 3;
    let same = a.iter().zip(b).take(4).take_while(|(a, b)| a == b).count();
    if jaro > 700 { jaro + same * (1000 - jaro) / 10 } else { jaro }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest("spinlok", ["none", "spinlock", "semaphore"]), Some("spinlock"));
        let pairs = [("trou", "tour"), ("--lokc", "--lock"), ("skull-leak", "scull-leak"), ("NONE", "none")];
        for (word, other) in pairs {
            assert_eq!(nearest(word, [other]), Some(other), "{word}");
        }
    }

    #[test]
    fn what_has_a_few_letters_in_common_is_no_slip() {
        let pairs =
            [("nosuch", "bench"), ("--foo", "--boot"), ("foo", "book"), ("new", "none"), ("nosuch", "touch")];
        for (word, other) in pairs.into_iter().chain([("qqq", "none"), ("", "none"), ("none", ""), ("", "")])
        {
            assert_eq!(nearest(word, [other]), None, "{word} {other}");
        }
    }
}
