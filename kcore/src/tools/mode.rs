//! What users may do with a file, as `chmod` is told.

/// Each letter for users, and all that they may do.
const USERS: [(char, u16); 4] = [('u', 0o700), ('g', 0o070), ('o', 0o007), ('a', 0o777)];

/// The mode that `word` makes of the one `before`: octal digits, or clauses as in `u=rw,go-w`, which mean all
/// users where they name none. Nothing when it is no mode, or one with more than what each may do.
pub fn mode(word: &str, before: u16) -> Option<u16> {
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        return u16::from_str_radix(word, 8).ok().filter(|mode| *mode <= 0o777);
    }
    word.split(',').try_fold(before, clause)
}

/// What `clause` makes of a mode: users, and then a sign with letters, or several.
fn clause(before: u16, clause: &str) -> Option<u16> {
    let is_sign = |c: char| matches!(c, '+' | '-' | '=');
    let (users, mut actions) = clause.split_at(clause.find(is_sign)?);
    let bits = |bits: u16, user| {
        let (_, its) = USERS.into_iter().find(|(letter, _)| *letter == user)?;
        Some(bits | its)
    };
    let users = if users.is_empty() { 0o777 } else { users.chars().try_fold(0, bits)? };
    let mut mode = before;
    while let Some(sign) = actions.chars().next() {
        actions = &actions[1..];
        let (letters, rest) = actions.split_at(actions.find(is_sign).unwrap_or(actions.len()));
        actions = rest;
        let set = users & letters_of(letters, mode)?;
        mode = match sign {
            '+' => mode | set,
            '-' => mode & !set,
            _ => mode & !users | set,
        };
    }
    Some(mode)
}

/// What letters allow, to everyone: what the users of `mode` that are named may do, or each thing by itself.
fn letters_of(letters: &str, mode: u16) -> Option<u16> {
    let same = |shift: u16| Some((mode >> shift & 7) * 0o111);
    match letters {
        "u" => same(6),
        "g" => same(3),
        "o" => same(0),
        _ => letters.chars().try_fold(0, |all, letter| {
            let one = match letter {
                'r' => 0o444,
                'w' => 0o222,
                'x' => 0o111,
                // For those that have it already.
                'X' if mode & 0o111 != 0 => 0o111,
                'X' => 0,
                _ => return None,
            };
            Some(all | one)
        }),
    }
}
