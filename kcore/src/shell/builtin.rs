//! Commands that are part of the language: they change the state of the script (XCU 2.14).

use alloc::format;
use alloc::string::{String, ToString};

use super::state::{Skip, State};
use super::word::is_name;

/// What it ends with; or what is wrong with its arguments.
pub type Ended = Result<i32, String>;

/// Whether a mistake in the arguments of `name` is one of the script, and what is assigned before it stays.
pub(super) fn is_special(name: &str) -> bool {
    matches!(name, ":" | "break" | "continue" | "exit" | "export" | "set" | "shift" | "unset")
}

/// `break [N]`, and `continue [N]`, which goes on with the last of the loops.
pub fn leave_loops(state: &mut State, arguments: &[&str], goes_on: bool) -> Ended {
    let loops = match arguments {
        [] => 1,
        [word] => word.parse().ok().filter(|loops| *loops > 0).ok_or_else(|| no_number(word))?,
        _ => return Err("one number is enough".into()),
    };
    if state.loops > 0 {
        state.skip = Some(Skip { loops: loops.min(state.loops), goes_on });
    }
    Ok(0)
}

fn no_number(word: &str) -> String {
    format!("'{word}' is no number from 1")
}

/// `exit [STATUS]`
pub fn exit(state: &mut State, arguments: &[&str]) -> Ended {
    let status = match arguments {
        [] => state.status,
        [word] => word.parse::<u8>().map_err(|_| format!("'{word}' is no status from 0 to 255"))?.into(),
        _ => return Err("one status is enough".into()),
    };
    state.exit = Some(status);
    Ok(status)
}

/// `shift [N]`
pub fn shift(state: &mut State, arguments: &[&str]) -> Ended {
    let count = match arguments {
        [] => 1,
        [word] => word.parse().map_err(|_| no_number(word))?,
        _ => return Err("one number is enough".into()),
    };
    if count > state.arguments.len() {
        return Err(format!("there are {} arguments", state.arguments.len()));
    }
    state.arguments.drain(..count);
    Ok(0)
}

/// `set [-eu | +eu]... [--] [WORD]...`; [`None`] when it was asked what the variables are.
pub fn set(state: &mut State, arguments: &[&str]) -> Ended {
    let mut words = arguments;
    while let [first, rest @ ..] = words {
        let Some(letters) = first.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) else {
            break;
        };
        words = rest;
        if letters == "-" {
            state.arguments.clear();
            break;
        }
        let on = first.starts_with('-');
        for letter in letters.chars() {
            match letter {
                'e' => state.ends_on_failure = on,
                'u' => state.needs_values = on,
                _ => return Err(format!("'{first}' is not offered; valid: -e, -u, +e, +u, --")),
            }
        }
    }
    if !words.is_empty() {
        state.arguments = words.iter().map(ToString::to_string).collect();
    }
    Ok(0)
}

/// `export NAME[=VALUE]...`
pub fn export(state: &mut State, arguments: &[&str]) -> Ended {
    for word in arguments {
        let (name, value) = word.split_once('=').map_or((*word, None), |(name, value)| (name, Some(value)));
        if !is_name(name) {
            return Err(format!("'{name}' is no name of a variable"));
        }
        if let Some(value) = value {
            state.set(name, value.to_string());
        }
        state.export(name);
    }
    Ok(0)
}

/// `unset NAME...`
pub fn unset(state: &mut State, arguments: &[&str]) -> Ended {
    match arguments.iter().find(|name| !is_name(name)) {
        Some(name) => Err(format!("'{name}' is no name of a variable")),
        None => {
            arguments.iter().for_each(|name| drop(state.unset(name)));
            Ok(0)
        }
    }
}

/// `read NAME...`: the variables that a line becomes, the last of which has the rest of it.
pub fn read(state: &mut State, names: &[&str], line: &str) -> Ended {
    if let Some(name) = names.iter().find(|name| !is_name(name)) {
        return Err(format!("'{name}' is no name of a variable"));
    }
    let separators = state.separators();
    let is_space = |c: char| c.is_whitespace() && separators.contains(c);
    let mut rest = line.trim_matches(is_space);
    for (index, name) in names.iter().enumerate() {
        let is_last = index + 1 == names.len();
        let end = rest.find(|c| separators.contains(c)).filter(|_| !is_last).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        state.set(name, word.to_string());
        let after = after.trim_start_matches(is_space);
        let other = after.chars().next().filter(|c| separators.contains(*c));
        rest = other.map_or(after, |c| after[c.len_utf8()..].trim_start_matches(is_space));
    }
    Ok(0)
}
