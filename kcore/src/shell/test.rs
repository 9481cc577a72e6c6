//! `test` and `[`: what holds (XCU, "test").

use alloc::format;
use alloc::string::String;

/// Whether what `words` say holds; or what is wrong with them. `file` tells whether what the letter asks
/// holds for a file: `e` that it is there, `d` that it is a directory, and so on.
pub fn holds(words: &[&str], file: &dyn Fn(char, &str) -> bool) -> Result<bool, String> {
    match words {
        [] => Ok(false),
        [word] => Ok(!word.is_empty()),
        [left, operator, right] if is_binary(operator) => binary(left, operator, right),
        ["!", rest @ ..] if rest.len() <= 3 => holds(rest, file).map(|holds| !holds),
        ["(", inner @ .., ")"] if inner.len() <= 2 => holds(inner, file),
        [operator, word] => unary(operator, word, file),
        _ => joined(words, file),
    }
}

/// What `-o` joins, and what `-a` joins, which binds more.
fn joined(words: &[&str], file: &dyn Fn(char, &str) -> bool) -> Result<bool, String> {
    for (joint, stops_at) in [("-o", true), ("-a", false)] {
        if let Some(at) = words.iter().position(|word| *word == joint).filter(|at| *at > 0) {
            let left = holds(&words[..at], file)?;
            let right = holds(&words[at + 1..], file)?;
            return Ok(if left == stops_at { left } else { right });
        }
    }
    match words {
        ["!", rest @ ..] => holds(rest, file).map(|holds| !holds),
        _ => Err(format!("'{}' is not understood", words[1])),
    }
}

fn is_binary(operator: &str) -> bool {
    matches!(operator, "=" | "!=" | "-eq" | "-ne" | "-gt" | "-ge" | "-lt" | "-le" | "-a" | "-o")
}

fn binary(left: &str, operator: &str, right: &str) -> Result<bool, String> {
    let number = |word: &str| word.trim().parse::<i64>().map_err(|_| format!("'{word}' is no number"));
    let order = || Ok::<_, String>(number(left)?.cmp(&number(right)?));
    Ok(match operator {
        "=" => left == right,
        "!=" => left != right,
        "-eq" => order()?.is_eq(),
        "-ne" => order()?.is_ne(),
        "-gt" => order()?.is_gt(),
        "-ge" => order()?.is_ge(),
        "-lt" => order()?.is_lt(),
        "-le" => order()?.is_le(),
        "-a" => !left.is_empty() && !right.is_empty(),
        _ => !left.is_empty() || !right.is_empty(),
    })
}

fn unary(operator: &str, word: &str, file: &dyn Fn(char, &str) -> bool) -> Result<bool, String> {
    match operator {
        "-n" => Ok(!word.is_empty()),
        "-z" => Ok(word.is_empty()),
        _ => match operator.strip_prefix('-').and_then(|letter| letter.parse().ok()) {
            Some(letter) if "bcdefhLprSwxt".contains(letter) => Ok(file(letter, word)),
            _ => Err(format!("'{operator}' is not understood")),
        },
    }
}
