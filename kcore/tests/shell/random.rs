//! Whatever is typed, nothing panics, and what is shown is what is meant.

use kcore::shell::edit::{Editor, Event};
use kcore::shell::{complete, parse};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::edit::{Nobody, Row};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn every_line_is_understood_or_refused_in_one_line(line in "[ a-z0-9'\"\\\\$?!#;&|<>=/(){}`*\u{fc}\n]{0,40}") {
        match parse(&line) {
            Ok(lists) => for list in lists {
                prop_assert!(!list.pipelines.is_empty());
                prop_assert!(line.contains(&list.text));
            },
            Err(error) => prop_assert!(!error.message.contains('\n') || line.contains('\n')),
        }
    }

    #[test]
    fn words_survive_their_quotes(words in vec("[ a-z'\"\\\\$;&|<>#]{0,8}", 1..5)) {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        let ended = crate::model::run(&format!("printf '<%s>\\n' {}", quoted.join(" ")), &[], &[]);
        let shown: String = words.iter().map(|word| format!("<{word}>\n")).collect();
        prop_assert_eq!(ended.output, shown);
    }

    #[test]
    fn what_is_completed_only_goes_on(line in "[ a-z'|;<=/#]{0,20}") {
        let found = complete(&line, &Nobody);
        prop_assert!(found.candidates.is_empty() || found.candidates.iter().all(|name| !name.is_empty()));
    }

    #[test]
    fn the_terminal_shows_the_line(bytes in vec(any::<u8>(), 0..200), columns in 12usize..60) {
        let mut editor = Editor::new(columns);
        let mut row = Row::default();
        row.write(&editor.begin("# "));
        for byte in bytes {
            let mut out = String::new();
            let event = editor.push(byte, &Nobody, &mut out);
            row.write(&out);
            if event != Event::Pending {
                row.write("\n");
                row.write(&editor.begin("# "));
            }
            // Drawn anew, the row is what it was.
            let before = row.text();
            row.write(&editor.drawn());
            prop_assert_eq!(row.text(), before);
            // But for the mark of a Ctrl-C, which nothing follows.
            prop_assert!(row.widest < columns + 2);
        }
    }
}
