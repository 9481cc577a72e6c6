//! "Did you mean ...?"

/// The candidate most like `word`, if any is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(word, candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    is_alike(word, best.1).then_some(best.1)
}

/// Whether `word` may be a slip of the finger for `candidate`; the dashes of an option are not looked at.
pub fn is_alike(word: &str, candidate: &str) -> bool {
    /// Below this two words have little in common (1 is equality). clap's own bound is 0.7, and finds `bench` in `nosuch`.
    const ALIKE: f64 = 0.8;
    let bare = |word: &'_ str| word.trim_start_matches('-').to_string();
    strsim::jaro_winkler(&bare(word), &bare(candidate)) > ALIKE
}

/// `; did you mean 'x'?`, or nothing.
pub fn hint<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|near| format!("; did you mean '{near}'?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        assert_eq!(nearest("spinlok", ["none", "spinlock", "semaphore"]), Some("spinlock"));
    }

    #[test]
    fn what_has_a_few_letters_in_common_is_no_slip() {
        for (word, other) in [("nosuch", "bench"), ("--foo", "--boot"), ("foo", "book"), ("new", "none")] {
            assert!(!is_alike(word, other), "{word} {other}");
        }
        for (word, other) in [("trou", "tour"), ("--lokc", "--lock"), ("skull-leak", "scull-leak")] {
            assert!(is_alike(word, other), "{word} {other}");
        }
    }

    #[test]
    fn nonsense_gets_no_suggestion() {
        assert_eq!(hint("qqq", ["none", "spinlock"]), "");
    }
}
