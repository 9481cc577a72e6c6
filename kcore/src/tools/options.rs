//! The options of a command.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What is found among the words of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options<'w> {
    /// The options in their order, with their values.
    pub found: Vec<(char, &'w str)>,
    /// What is left.
    pub operands: Vec<&'w str>,
}

impl Options<'_> {
    /// Whether `letter` was given.
    pub fn has(&self, letter: char) -> bool {
        self.found.iter().any(|(found, _)| *found == letter)
    }
}

/// Finds the options among `words`, wherever they stand before a `--`. `letters` are those that there are,
/// each with a `:` behind it when it has a value; after a `+` in front, the first operand ends them, as which
/// a negative number counts. What is no option is refused as `getopt` does it.
pub fn options<'w>(words: &[&'w str], letters: &str) -> Result<Options<'w>, String> {
    let (is_strict, letters) = letters.strip_prefix('+').map_or((false, letters), |letters| (true, letters));
    let mut all = Options::default();
    let mut words = words.iter();
    while let Some(&word) = words.next() {
        let mut rest = match word.strip_prefix('-') {
            Some("-") => break,
            Some(rest) if rest.starts_with('-') => return Err(format!("unrecognized option '{word}'")),
            Some(rest) if !rest.is_empty() && (!is_strict || !rest.starts_with(is_numeric)) => rest,
            _ => {
                all.operands.push(word);
                if is_strict {
                    break;
                }
                continue;
            }
        };
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            let at = letters.find(letter).filter(|_| letter != ':');
            let after = at.map(|at| &letters[at + letter.len_utf8()..]);
            let value = match after.map(|after| after.starts_with(':')) {
                None => return Err(format!("invalid option -- '{letter}'")),
                Some(false) => "",
                Some(true) if !rest.is_empty() => core::mem::take(&mut rest),
                Some(true) => {
                    *words.next().ok_or_else(|| format!("option requires an argument -- '{letter}'"))?
                }
            };
            all.found.push((letter, value));
        }
    }
    all.operands.extend(words);
    Ok(all)
}

fn is_numeric(c: char) -> bool {
    c == '.' || c.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str, letters: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        options(&words, letters).map_or_else(|why| why, |all| format!("{:?} {:?}", all.found, all.operands))
    }

    #[test]
    fn options_stand_anywhere_before_the_end_of_them() {
        assert_eq!(found("a -n3 b -qn 4 -", "n:q"), r#"[('n', "3"), ('q', ""), ('n', "4")] ["a", "b", "-"]"#);
        assert_eq!(found("-q -- -n x", "n:q"), r#"[('q', "")] ["-n", "x"]"#);
        assert_eq!(found("-n -1 -w", "n:w"), r#"[('n', "-1"), ('w', "")] []"#);
        assert_eq!(found("-w 1 -w", "+w"), r#"[('w', "")] ["1", "-w"]"#);
        assert_eq!(found("-5 -w", "+w"), r#"[] ["-5", "-w"]"#);
    }

    #[test]
    fn what_is_none_is_refused() {
        assert_eq!(found("-qx", "n:q"), "invalid option -- 'x'");
        assert_eq!(found("-:", "n:q"), "invalid option -- ':'");
        assert_eq!(found("-qn", "n:q"), "option requires an argument -- 'n'");
        assert_eq!(found("--lines=3", "n:q"), "unrecognized option '--lines=3'");
    }
}
