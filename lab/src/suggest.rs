//! "Did you mean ...?"

/// The candidate most like `word`, if any is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this two words have little in common (1 is equality); the same bound as clap's.
    const ALIKE: f64 = 0.7;
    let scored = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(word, candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > ALIKE).then_some(best.1)
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
    fn nonsense_gets_no_suggestion() {
        assert_eq!(hint("qqq", ["none", "spinlock"]), "");
    }
}
