//! The fields of the JSON lines, as the source of [`kcore::report`] declares and explains them.

use super::text::{heads, row};

/// The places that say what a field is: its declaration, with its comment.
const SOURCE: &str = concat!(
    include_str!("../../../kcore/src/report.rs"),
    include_str!("../../../kcore/src/explore/sheet/mod.rs"),
    include_str!("../../../kcore/src/explore/sheet/scene.rs"),
);

/// A table for each type of record, and for what is within them.
pub(crate) fn tables() -> String {
    let types: Vec<(&str, String)> =
        declared("pub enum Record").into_iter().map(|field| (field.name, field.comment)).collect();
    let mut text = String::new();
    let mut within: Vec<&str> = Vec::new();
    for (variant, comment) in types {
        let (word, of) = variant.split_once('(').unwrap_or((variant, variant));
        text += &format!("### `{}`\n\n{comment}\n\n", word.to_lowercase());
        text += &table(of.trim_end_matches(')'), &mut within);
    }
    // What is found within is looked through as well.
    let mut at = 0;
    while let Some(name) = within.get(at).copied() {
        text += &format!("### Within them: `{}`\n\n", name.to_lowercase());
        text += &table(name, &mut within);
        at += 1;
    }
    text
}

/// The fields of the structure `name`; structures among their types are added to `within`.
fn table(name: &str, within: &mut Vec<&'static str>) -> String {
    let mut text = String::new();
    heads(&mut text, &["field", "type", "what it is"]);
    for field in declared(&format!("pub struct {name}")) {
        row(&mut text, [&format!("`{}`", field.name), &kind(field.kind, within), &field.comment]);
    }
    text + "\n"
}

/// What a Rust type is in JSON.
fn kind(kind: &'static str, within: &mut Vec<&'static str>) -> String {
    // These are their words; a verdict that is missing is an empty one.
    if matches!(kind, "Verdict" | "Expect" | "Option<Verdict>" | "Mark" | "Beside") {
        return "text".to_string();
    }
    // Some of these words have a number or a text with them.
    if matches!(kind, "Kind" | "Between") {
        return "text, or a text and what belongs to it".to_string();
    }
    let inner = |outer: &str| kind.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
    if let Some(some) = inner("Option<") {
        return format!("{}, or null", self::kind(some, within));
    }
    if let Some(item) = inner("Vec<") {
        return format!("list: {}", self::kind(item, within));
    }
    if let Some(several) = kind.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        let each: Vec<_> = several.split(", ").map(|kind| self::kind(kind, within)).collect();
        return format!("[{}]", each.join(", "));
    }
    match kind {
        "u8" | "u32" | "u64" | "usize" => "number".to_string(),
        "String" | "Cow<'static, str>" => "text".to_string(),
        "bool" => "true or false".to_string(),
        name => {
            if !within.contains(&name) {
                within.push(name);
            }
            name.to_lowercase()
        }
    }
}

/// A line of a declaration.
struct Field {
    name: &'static str,
    kind: &'static str,
    comment: String,
}

/// What is declared between `head` and the brace that closes it, with the comments.
fn declared(head: &str) -> Vec<Field> {
    let (_, body) = SOURCE.split_once(&format!("{head} {{\n")).unwrap_or_default();
    let (body, _) = body.split_once("\n}").unwrap_or((body, ""));
    let mut fields = Vec::new();
    let mut comment = Vec::new();
    for line in body.lines().map(str::trim) {
        match line.strip_prefix("/// ") {
            Some(more) => comment.push(more),
            None if line.starts_with("#[") => {}
            None => {
                let line = line.trim_start_matches("pub ").trim_end_matches(',');
                let (name, kind) = line.split_once(": ").unwrap_or((line, ""));
                fields.push(Field { name, kind, comment: std::mem::take(&mut comment).join(" ") });
            }
        }
    }
    fields
}
