//! What Tab finds.

use kcore::shell::{Names, complete};

struct Some;

impl Names for Some {
    fn commands(&self) -> Vec<String> {
        ["cat", "dd", "rm", "rmmod", "run"].map(String::from).into()
    }

    fn arguments(&self, words: &[String]) -> Vec<String> {
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["run"] => ["scull-leak", "scull-read"].map(String::from).into(),
            ["probe"] => ["off", "rendezvous=copy", "rendezvous=slot.load", "rendezvous=slot.store"]
                .map(String::from)
                .into(),
            ["dd", ..] => ["if=", "of="].map(String::from).into(),
            _ => Vec::new(),
        }
    }

    fn directory(&self, path: &str) -> Vec<String> {
        let names: &[&str] = match path {
            "/dev/" => &["scull0", "scull1", "null"],
            "" => &["dev/", "proc/"],
            "/" => &["dev/", "proc/"],
            _ => &[],
        };
        names.iter().map(ToString::to_string).collect()
    }
}

/// What is inserted, and the candidates.
fn tab(line: &str) -> (String, Vec<String>) {
    let found = complete(line, &Some);
    (found.insert, found.candidates)
}

#[test]
fn commands_come_first() {
    assert_eq!(tab("c").0, "at ");
    assert_eq!(tab("r"), (String::new(), ["rm", "rmmod", "run"].map(String::from).into()));
    assert_eq!(tab("rm").1.len(), 2);
    assert_eq!(tab("cat x | d").0, "d ");
    assert_eq!(tab("cat x; ru").0, "n ");
    assert_eq!(tab("time ca").0, "t ");
    assert_eq!(tab("nothing"), Default::default());
    assert_eq!(tab("").1.len(), 5);
}

#[test]
fn arguments_follow_their_command() {
    assert_eq!(tab("run ").0, "scull-");
    assert_eq!(tab("run scull-l").0, "eak ");
    assert_eq!(tab("cat a && run scull-r").0, "ead ");
}

#[test]
fn files_are_completed_name_by_name() {
    assert_eq!(tab("cat /d").0, "ev/");
    assert_eq!(tab("cat /dev/s").0, "cull");
    assert_eq!(tab("cat /dev/scull").1, ["scull0", "scull1"]);
    assert_eq!(tab("cat < /dev/n").0, "ull ");
    assert_eq!(tab("cat > /dev/n").0, "ull ");
    assert_eq!(tab("cat >/dev/n").0, "ull ");
    assert_eq!(tab("cat pr").0, "oc/");
    assert_eq!(tab("cat ").1, ["dev/", "proc/"]);
    assert_eq!(tab("cat /nowhere/x"), Default::default());
}

#[test]
fn a_key_has_its_value_completed() {
    assert_eq!(tab("dd i").0, "f=");
    assert_eq!(tab("dd if=/dev/n").0, "ull ");
    assert_eq!(tab("probe rendezvous=sl").0, "ot.");
    assert_eq!(tab("probe rendezvous=slot.s").0, "tore ");
    assert_eq!(tab("probe rendezvous=slot.store,slot.l").0, "oad ");
    assert_eq!(tab("probe rendezvous=slot.store,").1.len(), 3);
}

#[test]
fn comments_and_open_quotes_are_left_alone() {
    assert_eq!(tab("cat # c"), Default::default());
    assert_eq!(tab("cat 'c"), Default::default());
}
