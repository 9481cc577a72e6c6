//! What a line of C accesses, in its own words.

/// The expression at character `column` (from 1) of a `line`, where a compiler says that a part of it is read
/// or written: at the arrow of `dev->size`, the bracket of `data[at]`, the sign of `size = at`. The whole
/// line, if that is no such place.
pub fn at(line: &str, column: u32) -> &str {
    part(line, (column as usize).saturating_sub(1)).map_or(line.trim(), str::trim)
}

fn part(line: &str, here: usize) -> Option<&str> {
    let bytes = line.as_bytes();
    let rest = bytes.get(here..)?;
    let end = match rest {
        [b'-', b'>', ..] => word_end(bytes, here + 2),
        [b'.', next, ..] if is_word(*next) => word_end(bytes, here + 1),
        [b'[', ..] => closing(bytes, here)?,
        [b'*', ..] => return line.get(here..operand_end(bytes, here + 1)),
        [first, ..] if is_word(*first) => {
            let end = operand_end(bytes, here);
            // A declaration: what the variable begins with is read.
            return match line.get(end..)?.trim_start().strip_prefix('=') {
                Some(value) if !value.starts_with('=') => value.split(';').next(),
                _ => line.get(here..end),
            };
        }
        _ => here,
    };
    if end == here {
        let before = line.get(..here)?.trim_end();
        let start = operand_start(bytes, before.len());
        let start = before[..start].trim_end_matches('*').len();
        return Some(&before[start..]).filter(|text| !text.is_empty());
    }
    line.get(operand_start(bytes, here)..end)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| from + length)
}

/// Behind what closes the bracket at `open`.
fn closing(bytes: &[u8], open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    for (index, byte) in bytes.iter().enumerate().skip(open) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        if depth == 0 {
            return Some(index + 1);
        }
    }
    None
}

/// Where the operand ends that begins at `from`: a name, and what stands behind it.
fn operand_end(bytes: &[u8], from: usize) -> usize {
    let mut end = word_end(bytes, from);
    loop {
        let next = match bytes.get(end..).unwrap_or_default() {
            [b'-', b'>', ..] => word_end(bytes, end + 2),
            [b'.', ..] => word_end(bytes, end + 1),
            [b'(' | b'[', ..] => match closing(bytes, end) {
                Some(next) => next,
                None => return end,
            },
            _ => return end,
        };
        end = next;
    }
}

/// Where the operand begins that ends before `end`.
fn operand_start(bytes: &[u8], end: usize) -> usize {
    let mut start = end;
    loop {
        let before = &bytes[..start];
        let next = match before {
            [.., last] if is_word(*last) => {
                before.iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1)
            }
            [.., b')' | b']'] => match opening(before) {
                Some(open) => open,
                None => return start,
            },
            [.., b'-', b'>'] => start - 2,
            [.., b'.'] => start - 1,
            _ => return start,
        };
        start = next;
        // Two words side by side are not one operand.
        if start > 0 && is_word(bytes[start]) && !matches!(&bytes[..start], [.., b'-', b'>'] | [.., b'.']) {
            return start;
        }
    }
}

/// Where the bracket is that the last byte closes.
fn opening(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_u32;
    for (index, byte) in bytes.iter().enumerate().rev() {
        match byte {
            b')' | b']' => depth += 1,
            b'(' | b'[' => depth = depth.checked_sub(1)?,
            _ => continue,
        }
        if depth == 0 {
            return Some(index);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::at;

    /// As gcc 12 gives them.
    #[test]
    fn what_compilers_point_at_is_found() {
        let cases = [
            ("\tstruct d *dptr = dev->data;", 12, "dev->data"),
            ("\tif (!dptr->data) {", 11, "dptr->data"),
            ("\tif (!dptr->data[s_pos]) {", 11, "dptr->data"),
            ("\tif (!dptr->data[s_pos]) {", 17, "dptr->data[s_pos]"),
            ("\tif (dev->size < s_pos)", 9, "dev->size"),
            ("\t\tdev->size = s_pos;", 13, "dev->size"),
            ("\t\tdptr->data[s_pos] = kmalloc(dev->quantum, GFP_KERNEL);", 21, "dptr->data[s_pos]"),
            ("\t\tdptr->data[s_pos] = kmalloc(dev->quantum);", 23, "kmalloc(dev->quantum)"),
            ("\tarr[dev->quantum]++;", 5, "arr[dev->quantum]"),
            ("\tarr[dev->quantum]++;", 19, "arr[dev->quantum]"),
            ("\t*arr = 4;", 7, "*arr"),
            ("\treturn a ? (*p)->next->sz : arr[1];", 23, "(*p)->next->sz"),
            ("\tcount += scull_quantum;", 11, "scull_quantum"),
            ("\tx.y.z--;", 7, "x.y.z"),
            ("\tfor (;;)", 40, "for (;;)"),
            ("", 0, ""),
        ];
        for (line, column, expected) in cases {
            assert_eq!(at(line, column), expected, "{line} at {column}");
        }
    }

    #[test]
    fn no_line_is_too_strange() {
        let line = "a->[(=*.é)]++ -> b[é = \u{1f600}]";
        for length in 0..=line.len() {
            let Some(line) = line.get(..length) else { continue };
            (0..40).for_each(|column| assert!(line.contains(at(line, column))));
        }
    }
}
