//! Keys, and what a terminal shows then: a model of a terminal of one row reads what the editor writes.

use kcore::shell::Names;
use kcore::shell::canonical::Canonical;
use kcore::shell::edit::editor::{LONGEST_LINE, UNKNOWN_WIDTH, in_columns};
use kcore::shell::edit::history::History;
use kcore::shell::edit::{Editor, Event};

pub(crate) struct Nobody;

impl Names for Nobody {
    fn commands(&self) -> Vec<String> {
        ["echo", "exit"].map(String::from).into()
    }

    fn arguments(&self, _words: &[String]) -> Vec<String> {
        Vec::new()
    }

    fn directory(&self, _path: &str) -> Vec<String> {
        ["scull0", "scull1"].map(String::from).into()
    }
}

/// The last row of a terminal.
#[derive(Default)]
pub(crate) struct Row {
    chars: Vec<char>,
    cursor: usize,
    pub(crate) widest: usize,
}

impl Row {
    pub(crate) fn write(&mut self, text: &str) {
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\r' => self.cursor = 0,
                '\n' => *self = Row { widest: self.widest, ..Row::default() },
                '\x08' => self.cursor -= 1,
                '\x1b' => self.control(&mut chars),
                c => {
                    self.chars.resize(self.chars.len().max(self.cursor + 1), ' ');
                    self.chars[self.cursor] = c;
                    self.cursor += 1;
                    self.widest = self.widest.max(self.cursor);
                }
            }
        }
    }

    fn control(&mut self, chars: &mut std::str::Chars<'_>) {
        assert_eq!(chars.next(), Some('['));
        let mut number = String::new();
        loop {
            match chars.next().expect("a control sequence has an end") {
                c if c.is_ascii_digit() => number.push(c),
                'K' => return self.chars.truncate(self.cursor),
                'D' => return self.cursor -= number.parse::<usize>().expect("a number"),
                'H' | 'J' => return *self = Row { widest: self.widest, ..Row::default() },
                other => panic!("nobody knows {other}"),
            }
        }
    }

    pub(crate) fn text(&self) -> String {
        self.chars.iter().collect()
    }
}

struct Session {
    editor: Editor,
    row: Row,
    events: Vec<Event>,
}

impl Session {
    fn new(columns: usize) -> Self {
        let mut session = Session { editor: Editor::new(columns), row: Row::default(), events: Vec::new() };
        session.begin();
        session
    }

    fn begin(&mut self) {
        let out = self.editor.begin("# ");
        self.row.write(&out);
    }

    fn keys(&mut self, keys: &str) -> &mut Self {
        self.bytes(keys.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        for &byte in bytes {
            let mut out = String::new();
            let event = self.editor.push(byte, &Nobody, &mut out);
            self.row.write(&out);
            if event != Event::Pending {
                self.events.push(event);
                self.begin();
            }
        }
        self
    }

    /// What is shown, with `|` where the cursor is.
    fn shows(&self) -> String {
        let mut text: Vec<char> = self.row.text().chars().collect();
        text.resize(text.len().max(self.row.cursor), ' ');
        text.insert(self.row.cursor, '|');
        text.into_iter().collect()
    }

    fn lines(&self) -> Vec<String> {
        let line = |event: &'_ Event| if let Event::Line(line) = event { Some(line.clone()) } else { None };
        self.events.iter().filter_map(line).collect()
    }
}

fn shown(keys: &str) -> String {
    Session::new(80).keys(keys).shows()
}

#[test]
fn what_is_typed_is_shown_and_entered() {
    assert_eq!(shown("abc"), "# abc|");
    assert_eq!(Session::new(80).keys("abc\rd e\n").lines(), ["abc", "d e"]);
}

/// An escape in three bytes, one in two, and a control sequence's beginning: the first two are no UTF-8.
#[test]
fn what_is_no_character_is_not_shown() {
    for bytes in [
        &[0xe0, 0x80, 0x9b][..],
        &[0xc0, 0x9b],
        &[0xc2, 0x9b],
        &[0xed, 0xa0, 0x80],
        &[0xf4, 0xbf, 0xbf, 0xbf],
    ] {
        let mut session = Session::new(80);
        session.bytes(b"a").bytes(bytes).bytes("\u{fc}".as_bytes());
        assert_eq!(session.shows(), "# a\u{fc}|", "{bytes:x?}");
    }
}

#[test]
fn the_cursor_moves() {
    assert_eq!(shown("abc\x1b[D\x1b[D"), "# a|bc");
    assert_eq!(shown("abc\x02\x02X"), "# aX|bc");
    assert_eq!(shown("abc\x01X\x05Y"), "# XabcY|");
    assert_eq!(shown("abc\x1b[HX\x1b[FY"), "# XabcY|");
    assert_eq!(shown("abc\x1bOHX\x1b[4~Y\x1b[C"), "# XabcY|");
    assert_eq!(shown("ab /dev/cd\x1bb"), "# ab /dev/|cd");
    assert_eq!(shown("ab /dev/cd\x1b[1;5D\x1b[1;5D\x1bf"), "# ab /dev|/cd");
}

#[test]
fn characters_words_and_lines_are_taken_away_and_put_back() {
    assert_eq!(shown("abc\x7f\x08"), "# a|");
    assert_eq!(shown("abc\x1b[D\x1b[D\x1b[3~"), "# a|c");
    assert_eq!(shown("abc\x01\x04"), "# |bc");
    assert_eq!(shown("ab cd\x17"), "# ab |");
    assert_eq!(shown("ab /dev/cd\x17\x19"), "# ab /dev/cd|");
    assert_eq!(shown("abc\x02\x0b"), "# ab|");
    assert_eq!(shown("abc\x02\x15"), "# |c");
    assert_eq!(shown("ab cd\x01\x1bd"), "# | cd");
    assert_eq!(shown("ab\x14"), "# ba|");
    assert_eq!(shown("\x7f\x17\x14\x0b\x19"), "# |");
}

#[test]
fn lines_come_back() {
    let mut session = Session::new(80);
    session.keys("one\rtwo\rtwo\r  \rdra\x1b[A");
    assert_eq!(session.shows(), "# two|");
    assert_eq!(session.keys("\x1b[A\x1b[A").shows(), "# one|");
    assert_eq!(session.keys("\x0e").shows(), "# two|");
    assert_eq!(session.keys("\x1b[B\x1b[B").shows(), "# dra|");
    assert_eq!(session.editor.history().lines().collect::<Vec<_>>(), [(1, "one"), (2, "two")]);
    assert_eq!(session.keys("\x10X\r").lines().last().map(String::as_str), Some("twoX"));
}

#[test]
fn a_line_is_given_up_and_the_input_ends() {
    let mut session = Session::new(80);
    session.keys("abc\x03");
    assert_eq!((session.shows().as_str(), session.events.pop()), ("# |", Some(Event::GivenUp)));
    session.keys("ab\x04");
    assert_eq!(session.events.pop(), None, "Ctrl-D in a line is no end");
    session.keys("\x15\x04");
    assert_eq!(session.events.pop(), Some(Event::End));
}

#[test]
fn tab_goes_on_and_a_second_one_lists() {
    assert_eq!(shown("ec\t"), "# echo |");
    assert_eq!(shown("e\t\t"), "# e|");
    let mut editor = Editor::new(80);
    editor.begin("# ");
    let mut out = String::new();
    b"e\t\t".iter().for_each(|byte| drop(editor.push(*byte, &Nobody, &mut out)));
    assert!(out.contains("\necho  exit\n"), "{out:?}");
    // Also when the first has made the word longer, as far as all agree.
    let mut out = String::new();
    b"\x15cat s\t\t".iter().for_each(|byte| drop(editor.push(*byte, &Nobody, &mut out)));
    assert!(out.contains("cull\nscull0  scull1\n"), "{out:?}");
}

#[test]
fn a_long_line_stays_in_its_row() {
    let mut session = Session::new(20);
    session.keys(&"0123456789".repeat(4));
    assert!(session.row.widest < 20, "{}", session.row.widest);
    assert!(session.shows().ends_with("789|"), "{}", session.shows());
    assert_eq!(session.keys("\x01").shows(), "# |01234567890123456");
    assert_eq!(session.keys("\r").lines(), ["0123456789".repeat(4)]);
    session.keys(&"x".repeat(30));
    let mut out = String::new();
    session.editor.set_columns(60, &mut out);
    session.row.write(&out);
    assert_eq!(session.keys("x").shows(), format!("# {}|", "x".repeat(31)));
    let mut unknown = Session::new(UNKNOWN_WIDTH);
    unknown.keys(&"x".repeat(300));
    assert_eq!(unknown.shows().len(), 303);
}

#[test]
fn characters_of_several_bytes_are_one() {
    assert_eq!(shown("\u{fc}\u{1f980}\u{e9}\x7f\x1b[D"), "# \u{fc}|\u{1f980}");
    assert_eq!(Session::new(80).keys("\u{20ac}\r").lines(), ["\u{20ac}"]);
}

#[test]
fn columns_hold_all_words() {
    let words: Vec<String> = (0..7).map(|number| format!("word{number}")).collect();
    assert_eq!(in_columns(&words, 24), "word0  word3  word6\nword1  word4\nword2  word5\n");
    assert_eq!(in_columns(&words, 1).lines().count(), 7);
    assert_eq!(in_columns(&[], 10), "");
}

/// What a program gets for these keys, and what the terminal shows in its last row.
fn canonical(keys: &str) -> (Vec<String>, String) {
    let (mut line, mut row, mut got) = (Canonical::default(), Row::default(), Vec::new());
    for byte in keys.bytes() {
        let mut echo = String::new();
        got.extend(
            line.push(byte, &mut echo).map(|bytes| String::from_utf8(bytes).expect("whole characters")),
        );
        row.write(&echo);
    }
    (got, row.text().trim_end().to_string())
}

#[test]
fn a_program_gets_lines() {
    assert_eq!(canonical("ab\rc\n").0, ["ab\n", "c\n"]);
    assert_eq!(canonical("abx\x7f\x08c").1, "ac");
    assert_eq!(canonical("\u{fc}\u{20ac}\x7fb").1, "\u{fc}b");
    assert_eq!(canonical("ab cd \x17x\r").0, ["ab x\n"]);
    assert_eq!(canonical("ab\x15\x7fcd\r").0, ["cd\n"]);
    assert_eq!(canonical("ab\x04\x04c\x04").0, ["ab", "", "c"]);
}

#[test]
fn a_program_gets_all_of_a_long_line() {
    let long = "x".repeat(10_000);
    let (got, _) = canonical(&format!("{long}\r"));
    assert_eq!((got.len(), got.concat()), (3, format!("{long}\n")));
}

#[test]
fn lines_that_are_not_kept_are_counted() {
    let mut history = History::default();
    (0..250).for_each(|number| history.add(&format!("line {number}")));
    assert_eq!(history.lines().next(), Some((51, "line 50")));
    assert_eq!(history.lines().last(), Some((250, "line 249")));
}

#[test]
fn a_line_that_is_too_long_is_not_entered_in_part() {
    let mut editor = Editor::new(UNKNOWN_WIDTH);
    let mut out = editor.begin("# ");
    let mut push = |text: &str| text.bytes().map(|byte| editor.push(byte, &Nobody, &mut out)).last().unwrap();
    push(&"x".repeat(LONGEST_LINE));
    assert_eq!(push("yz\r"), Event::TooLong);
    // What was given up, and what just fits, leave nothing behind.
    push(&"x".repeat(LONGEST_LINE + 1));
    assert_eq!(push("\x15short\r"), Event::Line("short".to_string()));
    let fits = "x".repeat(LONGEST_LINE);
    assert_eq!(push(&format!("{fits}\r")), Event::Line(fits));
    assert_eq!(out.matches('\x07').count(), 3, "the bell, for each that was refused");
    assert_eq!(editor.lines_before().lines().len(), 2);
}
