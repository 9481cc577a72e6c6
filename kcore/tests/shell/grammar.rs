//! What lines mean, and what is said of those that mean nothing.

use kcore::shell::parse;
use kcore::shell::tree::{Command, Form, List, Target, When};

use crate::model;

fn lists(line: &str) -> Vec<List> {
    parse(line).expect(line)
}

/// The command of a line that is one, and how many words it has.
fn command(line: &str) -> (Command, usize) {
    let command = lists(line)[0].pipelines[0].1.commands[0].clone();
    let Form::Simple(simple) = &command.form else { panic!("{line}") };
    let words = simple.words.len();
    (command, words)
}

/// The words of a line as `printf` shows them.
fn words(line: &str) -> Vec<String> {
    let ended = model::run(&line.replacen("echo", "printf '<%s>\\n'", 1), &[], &[]);
    assert_eq!(ended.complaints, "");
    ended.output.lines().map(|line| line[1..line.len() - 1].to_string()).collect()
}

#[test]
fn words_end_at_spaces_that_are_not_quoted() {
    assert_eq!(words("echo  a\tb"), ["a", "b"]);
    assert_eq!(words("echo 'a  b' \"c d\"e f\\ g"), ["a  b", "c de", "f g"]);
    assert_eq!(words("echo \"\" ''"), ["", ""]);
    assert_eq!(words(r#"echo "a\"b\\c\n" 'd\e'"#), [r#"a"b\c\n"#, r"d\e"]);
    assert_eq!(words("echo '|' \">\" \\; a=b"), ["|", ">", ";", "a=b"]);
    assert_eq!(words("echo \u{fc}\u{1f980}"), ["\u{fc}\u{1f980}"]);
}

#[test]
fn expansions_have_the_values_of_their_time() {
    assert_eq!(words("echo $? x$! \"$?\" '$?' $ \\$? 5$"), ["0", "x", "0", "$?", "$", "$?", "5$"]);
}

#[test]
fn a_comment_ends_the_line() {
    assert!(lists("# all of it").is_empty());
    assert!(lists("   ").is_empty());
    assert_eq!(words("echo a#b # c ' d"), ["a#b"]);
}

#[test]
fn lists_are_parted_and_sent_to_the_background() {
    let line = lists("a 1 & b | c && d || e ; f;");
    let texts: Vec<&str> = line.iter().map(|list| list.text.as_str()).collect();
    assert_eq!(texts, ["a 1", "b | c && d || e", "f"]);
    let background: Vec<bool> = line.iter().map(|list| list.background).collect();
    assert_eq!(background, [true, false, false]);
    let when: Vec<When> = line[1].pipelines.iter().map(|(when, _)| *when).collect();
    assert_eq!(when, [When::Always, When::Success, When::Failure]);
    let commands: Vec<usize> =
        line[1].pipelines.iter().map(|(_, pipeline)| pipeline.commands.len()).collect();
    assert_eq!(commands, [2, 1, 1]);
}

#[test]
fn descriptors_are_led_elsewhere() {
    let (command, words) = command("cat <in 2> err >>out 3>&1 > file 1<> both 2>&-");
    let told: Vec<String> = command
        .redirections
        .iter()
        .map(|redirection| {
            let (how, to) = match &redirection.target {
                Target::Read(word) => ("<", word.text()),
                Target::Write(word) => (">", word.text()),
                Target::Append(word) => (">>", word.text()),
                Target::Both(word) => ("<>", word.text()),
                Target::Same(other) => (">&", other.to_string()),
                Target::Nowhere => (">&", "-".to_string()),
            };
            format!("{}{how}{to}", redirection.descriptor)
        })
        .collect();
    assert_eq!(told, ["0<in", "2>err", "1>>out", "3>&1", "1>file", "1<>both", "2>&-"]);
    assert_eq!(words, 1);
}

#[test]
fn a_number_before_an_operator_is_a_word_unless_it_is_a_descriptor() {
    assert_eq!(command("echo 12>x").1, 2, "only one digit is a descriptor");
    assert_eq!(command("sleep 1|cat").1, 2);
    assert_eq!(command("echo a2>x").1, 2);
}

#[test]
fn time_stands_before_a_pipeline() {
    assert!(lists("time a | b")[0].pipelines[0].1.timed);
    assert!(!lists("'ti'me2 a")[0].pipelines[0].1.timed);
    assert!(!lists("echo time")[0].pipelines[0].1.timed);
}

#[test]
fn what_is_wrong_is_said_in_one_line() {
    for (line, part) in [
        ("a\n| a", "near unexpected '|'"),
        ("| a", "near unexpected '|'"),
        ("a | | b", "near unexpected '|'"),
        ("a |", "the line ends"),
        ("a &&", "the line ends"),
        ("a && ; b", "near unexpected ';'"),
        ("a > ", "the line ends"),
        ("a > | b", "near unexpected '|'"),
        ("a & & b", "near unexpected '&'"),
        (";", "near unexpected ';'"),
        ("time", "the line ends"),
        ("echo 'x", "' has no closing"),
        ("echo \"x", "\" has no closing"),
        ("echo x\\", "nothing follows"),
        ("echo \"${x", "${ has no closing"),
        ("a 2>& 99", "no file descriptor"),
    ] {
        let message = parse(line).expect_err(line).message;
        assert!(message.contains(part), "{line}: {message}");
        assert!(!message.contains('\n'), "{line}");
    }
}

#[test]
fn more_lines_may_finish_what_a_line_begins() {
    for (line, is_unfinished) in [
        ("a |", true),
        ("a &&", true),
        ("if a", true),
        ("if a; then b; else", true),
        ("for i in 1 2", true),
        ("for i in 1 2; do a;", true),
        ("(a", true),
        ("echo 'x", true),
        ("echo $(a", true),
        ("echo \\", true),
        ("a >", false),
        ("a; fi", false),
        ("| a", false),
        ("a )", false),
        ("case x", false),
    ] {
        assert_eq!(parse(line).expect_err(line).is_unfinished, is_unfinished, "{line}");
    }
}
