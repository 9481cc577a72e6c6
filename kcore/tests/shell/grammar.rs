//! What lines mean, and what is said of those that mean nothing.

use kcore::shell::parse;
use kcore::shell::tree::{List, Target, When};

fn lists(line: &str) -> Vec<List> {
    parse(line).expect(line)
}

/// The words of the only command of a line.
fn words(line: &str) -> Vec<String> {
    let lists = lists(line);
    let command = &lists[0].pipelines[0].1.commands[0];
    command.words.iter().map(|word| word.expand(7, 42)).collect()
}

#[test]
fn words_end_at_spaces_that_are_not_quoted() {
    assert_eq!(words("echo  a\tb"), ["echo", "a", "b"]);
    assert_eq!(words("echo 'a  b' \"c d\"e f\\ g"), ["echo", "a  b", "c de", "f g"]);
    assert_eq!(words("echo \"\" ''"), ["echo", "", ""]);
    assert_eq!(words(r#"echo "a\"b\\c\n" 'd\e'"#), ["echo", r#"a"b\c\n"#, r"d\e"]);
    assert_eq!(words("echo '|' \">\" \\; a=b"), ["echo", "|", ">", ";", "a=b"]);
    assert_eq!(words("echo \u{fc}\u{1f980}"), ["echo", "\u{fc}\u{1f980}"]);
}

#[test]
fn expansions_have_the_values_of_their_time() {
    assert_eq!(
        words("echo $? x$!y \"$?\" '$?' $ \\$? 5$"),
        ["echo", "7", "x42y", "7", "$?", "$", "$?", "5$"]
    );
}

#[test]
fn a_comment_ends_the_line() {
    assert!(lists("# all of it").is_empty());
    assert!(lists("   ").is_empty());
    assert_eq!(words("echo a#b # c ' d"), ["echo", "a#b"]);
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
    let lists = lists("cat <in 2> err >>out 3>&1 > $? 1<> both");
    let command = &lists[0].pipelines[0].1.commands[0];
    let told: Vec<String> = command
        .redirections
        .iter()
        .map(|redirection| {
            let (how, to) = match &redirection.target {
                Target::Read(word) => ("<", word.expand(7, 0)),
                Target::Write(word) => (">", word.expand(7, 0)),
                Target::Append(word) => (">>", word.expand(7, 0)),
                Target::Both(word) => ("<>", word.expand(7, 0)),
                Target::Same(other) => (">&", other.to_string()),
            };
            format!("{}{how}{to}", redirection.descriptor)
        })
        .collect();
    assert_eq!(told, ["0<in", "2>err", "1>>out", "3>&1", "1>7", "1<>both"]);
    assert_eq!(command.words.len(), 1);
}

#[test]
fn a_number_before_an_operator_is_a_word_unless_it_is_a_descriptor() {
    assert_eq!(words("echo 12>x"), ["echo", "12"], "only one digit is a descriptor");
    assert_eq!(words("sleep 1|cat"), ["sleep", "1"]);
    assert_eq!(words("echo a2>x"), ["echo", "a2"]);
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
        ("echo $HOME", "$H"),
        ("echo \"${x}\"", "${"),
        ("a 2>& 99", "no file descriptor"),
    ] {
        let message = parse(line).expect_err(line).message;
        assert!(message.contains(part), "{line}: {message}");
        assert!(!message.contains('\n'), "{line}");
    }
}
