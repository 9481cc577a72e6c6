//! What scripts do, and what ends one before it does anything.

use crate::model;

const DISK: &[(&str, &str)] = &[("a1", "one\n"), ("a2", "two\n"), ("d/b", "b\n")];

#[track_caller]
fn says(script: &str, output: &str) {
    let ended = model::run(script, &["x", "y z"], DISK);
    assert_eq!((ended.output.as_str(), ended.complaints.as_str()), (output, ""), "{script}");
}

#[test]
fn a_load_script_finds_its_words() {
    says("m=s; d=${m}; echo /dev/${d}[0-3] ./$m.ko $*", "/dev/s[0-3] ./s.ko x y z\n");
    says("m=s; echo \"\\$2==\\\"$m\\\" {print \\$1}\"", "$2==\"s\" {print $1}\n");
    says("m=s; echo `echo a | echo \"\\\\$2==\\\"$m\\\"\"`", "$2==\"s\"\n");
    says("if [ ! -z ${none} ]; then echo yes; else echo no; fi", "no\n");
    says(
        "set -e; cat nofile || echo on; if false; then :; fi; ! true; echo here; false; echo never",
        "on\nhere\n",
    );
}

#[test]
fn what_is_assigned_before_a_command_is_its_alone() {
    says("a=1; a=2 echo $a; echo $a; a=3 :; echo $a", "1\n1\n3\n");
}

#[test]
fn nothing_runs_of_what_is_not_understood() {
    for (script, line, part) in [
        ("echo a\nf() {\n echo b\n}\n", 2, "functions are not offered"),
        ("echo a\ncase $1 in\nesac\n", 2, "'case' is not offered"),
        ("echo a\ncat << END\nEND\n", 2, "'<<' is not offered"),
        ("echo a\n\nif true; then\necho b\n", 3, "'fi' is missing, which ends the 'if'"),
        ("echo a; for i in 1 2; do echo; ", 1, "'done' is missing"),
        ("echo a; (echo", 1, "')' is missing"),
        ("echo a; { echo b", 1, "'}' is missing"),
        ("echo a\nfi", 2, "near unexpected 'fi'"),
        ("if true; then fi", 1, "near unexpected 'fi'"),
        ("echo a\n[[ -n x ]]", 2, "'[[' is not offered"),
        ("echo a\ntrap 'echo' EXIT", 2, "'trap' is not offered"),
        ("echo ${a/b/c}", 1, "is not offered"),
        ("echo ${a:1}", 1, "is not offered"),
        ("echo $'x'", 1, "is not offered"),
        ("echo ~", 1, "'~' is not offered"),
        ("echo a &> b", 1, "'&>' is not offered"),
        ("((i++))", 1, "'((' is not offered"),
        ("echo a\nx=(1 2)", 2, "unexpected '('"),
        ("echo 'a\nb\n", 1, "' has no closing"),
        ("echo a\necho $(echo b\n", 2, "')' is missing"),
        ("echo a\necho `echo (`\n", 2, "not offered"),
        ("echo $((1", 1, "no closing"),
        ("echo )", 1, "unexpected ')'"),
    ] {
        let ended = model::run(script, &[], DISK);
        assert_eq!((ended.output.as_str(), ended.status), ("", 2), "{script}");
        assert!(ended.complaints.starts_with(&format!("line {line}: ")), "{script}: {}", ended.complaints);
        assert!(ended.complaints.contains(part), "{script}: {}", ended.complaints);
        assert_eq!(ended.complaints.lines().count(), 1, "{script}: {}", ended.complaints);
    }
}

#[test]
fn what_stands_too_deep_is_refused() {
    for (open, close) in
        [("( ", " )"), ("{ ", "; }"), ("echo $(", ")"), ("echo ${a:-", "}"), ("! if ", "; then :; fi")]
    {
        let deep = |times: usize| format!("{}echo x{}", open.repeat(times), close.repeat(times));
        assert_ne!(model::run(&deep(10), &[], DISK).status, 2, "{open}");
        assert!(model::run(&deep(1000), &[], DISK).complaints.contains("stand in each other"), "{open}");
    }
    let signs = format!("echo $(({}1))", "-".repeat(1000));
    assert_eq!(model::run(&signs, &[], DISK).status, 2);
}

#[test]
fn a_mistake_ends_the_script() {
    for script in [
        "echo $((1 / 0)); echo never",
        "echo ${x?no x}; echo never",
        "shift 9; echo never",
        "set -x; echo never",
    ] {
        let ended = model::run(script, &[], DISK);
        assert_eq!((ended.output.as_str(), ended.status), ("", 2), "{script}");
    }
}
