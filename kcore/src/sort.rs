//! Sorting without memory, by code that is there once. Each sort of the library brings some KiB for each
//! type: it is made for lengths that come up nowhere here.
#![forbid(unsafe_code)]

/// Sorts `all`. What is equal keeps its order. For few, or for what is nearly sorted: each goes past all that
/// come after it.
pub fn few<T>(all: &mut [T], is_before: impl Fn(&T, &T) -> bool) {
    pass(all.len(), 1, &mut exchange(all, is_before));
}

/// Sorts `all`. What is equal ends in any order.
pub fn any<T>(all: &mut [T], is_before: impl Fn(&T, &T) -> bool) {
    passes(all.len(), &mut exchange(all, is_before));
}

/// What puts two of `all` in order, the first of which stands before the second; whether they were not.
fn exchange<T>(all: &mut [T], is_before: impl Fn(&T, &T) -> bool) -> impl FnMut(usize, usize) -> bool {
    move |first, second| {
        let is_wrong = is_before(&all[second], &all[first]);
        if is_wrong {
            all.swap(first, second);
        }
        is_wrong
    }
}

/// Shell's sort: what stands far from its place goes there in few steps.
fn passes(len: usize, exchange: &mut dyn FnMut(usize, usize) -> bool) {
    let gaps = core::iter::successors(Some(1), |gap| Some(gap * 9 / 4 + 1)).take_while(|gap| *gap < len);
    for turn in (0..gaps.clone().count()).rev() {
        pass(len, gaps.clone().nth(turn).unwrap_or(1), exchange);
    }
}

/// Sorts those that are `gap` from each other.
fn pass(len: usize, gap: usize, exchange: &mut dyn FnMut(usize, usize) -> bool) {
    for next in gap..len {
        let mut at = next;
        while at >= gap && exchange(at - gap, at) {
            at -= gap;
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn both_sort_as_the_library_does() {
        let mut luck = fastrand::Rng::with_seed(7);
        for len in (0..70).chain([500, 3000]) {
            let drawn: Vec<(u32, usize)> = (0..len).map(|index| (luck.u32(..40), index)).collect();
            let mut wanted = drawn.clone();
            wanted.sort_by_key(|(key, _)| *key);
            let mut stable = drawn.clone();
            few(&mut stable, |a, b| a.0 < b.0);
            assert_eq!(stable, wanted);
            let mut whole = drawn;
            any(&mut whole, |a, b| a < b);
            wanted.sort();
            assert_eq!(whole, wanted);
        }
    }
}
