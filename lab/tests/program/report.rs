//! What the program makes of the two serial lines.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

use crate::fake;

const LEAK: &str = r#"{"type":"leak","address":1,"size":2,"kind":"node","cpu":0,"task":"A","serial":3,"cycles":4,"first_bytes":[],"backtrace":[16],"allocated_at":"","stored":null,"overwritten":null}"#;

fn finish(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn a_good_run_passes_com1_on() {
    let mut tour = fake::scullery(&["tour"]);
    let (status, stdout, stderr) =
        finish(tour.env("FAKE_COM1", "hello\r\nlast").env("FAKE_COM2", fake::SUMMARY));
    assert_eq!((status, stdout.as_str(), stderr.as_str()), (0, "hello\nlast\n", ""));
}

#[test]
fn without_a_command_it_is_the_tour() {
    let (_, stdout, _) = finish(fake::scullery(&["--cpus", "3"]).env("FAKE_ARGUMENTS", "1"));
    assert!(stdout.contains("tour cpus=3 machine=microvm accel=tcg\n"), "{stdout}");
}

#[test]
fn a_run_without_a_summary_is_no_run() {
    let (status, _, stderr) = finish(&mut fake::scullery(&["tour"]));
    assert_eq!(status, 5);
    assert!(stderr.contains("no summary"), "{stderr}");
}

#[test]
fn a_summary_that_contradicts_the_status_is_an_error() {
    let failed = "{\"type\":\"summary\",\"passed\":0,\"failed\":1}\n";
    let (status, _, stderr) = finish(fake::scullery(&["tour"]).env("FAKE_COM2", failed));
    assert_eq!((status, stderr.lines().count()), (1, 1), "{stderr}");
}

#[test]
fn a_line_that_is_no_record_is_an_error() {
    let report = format!("{{\"type\":\"surprise\"}}\n{}", fake::SUMMARY);
    let (status, _, stderr) = finish(fake::scullery(&["tour"]).env("FAKE_COM2", report));
    assert_eq!((status, stderr.lines().count()), (1, 1), "{stderr}");
    assert!(stderr.contains("line 1"), "{stderr}");
}

#[test]
fn the_exit_status_is_the_machines() {
    for (code, expected) in [("37", 2), ("39", 3), ("0", 5)] {
        let (status, _, _) = finish(fake::scullery(&["tour"]).env("FAKE_STATUS", code));
        assert_eq!(status, expected);
    }
}

#[test]
fn json_on_stdout_leaves_the_text_to_stderr() {
    let report = format!("{LEAK}\n{}", fake::SUMMARY);
    let mut tour = fake::scullery(&["tour", "--json", "-"]);
    let (status, stdout, stderr) = finish(tour.env("FAKE_COM1", "hello\n").env("FAKE_COM2", report));
    assert_eq!((status, stderr.as_str()), (0, "hello\n"));
    let lines: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["symbols"], serde_json::json!(["0x10"]));
    assert_eq!(lines[1]["type"], "summary");
}

#[test]
fn json_goes_to_a_file_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("report, with a comma.json");
    let mut tour = fake::scullery(&["tour", "--json", file.to_str().unwrap()]);
    let (status, _, _) = finish(tour.env("FAKE_COM2", fake::SUMMARY));
    assert_eq!((status, std::fs::read_to_string(file).unwrap().as_str()), (0, fake::SUMMARY));
}

#[test]
fn a_run_is_drawn_from_its_report() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.svg");
    let mut run = fake::scullery(&["run", "scull-leak", "--svg", file.to_str().unwrap()]);
    let (status, _, stderr) = finish(run.env("FAKE_COM2", format!("{LEAK}\n{}", fake::SUMMARY)));
    assert_eq!((status, stderr.as_str()), (0, ""));
    let picture = std::fs::read_to_string(file).unwrap();
    assert!(picture.contains(">makes b1: node, 2 bytes</text>"), "{picture}");
}

#[test]
fn a_report_that_cannot_be_written_is_a_mistake_before_anything_is_booted() {
    let mut tour = fake::scullery(&["tour", "--json", "/nonexistent/report"]);
    let (status, stdout, stderr) = finish(tour.env("FAKE_COM1", "hello\n").env("FAKE_COM2", fake::SUMMARY));
    assert_eq!((status, stdout.as_str(), stderr.lines().count()), (2, "", 1), "{stderr}");
    assert!(stderr.contains("/nonexistent/report"), "{stderr}");
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::File::create("/dev/full") else { return };
    for arguments in [&["list"][..], &["tour"], &["tour", "--json", "-"]] {
        let mut command = fake::scullery(arguments);
        command.env("FAKE_COM1", "hello\n").env("FAKE_COM2", fake::SUMMARY);
        let output = command.stdout(full.try_clone().unwrap()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{arguments:?}: {stderr}");
        assert!(stderr.lines().last().unwrap().contains("cannot be written: "), "{arguments:?}: {stderr}");
    }
}

/// A machine that has said its line and goes on in silence ends when its reader does.
#[test]
fn whoever_has_read_enough_stops_the_machine() {
    for command in ["tour", "shell"] {
        // One that went on would end well.
        assert_eq!(head(&[command], "30"), (Some(5), String::new()), "{command}");
    }
}

#[test]
fn whoever_wants_a_report_gets_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert_eq!(head(&["tour", "--json", file.path().to_str().unwrap()], "1"), (Some(0), String::new()));
    assert_eq!(std::fs::read_to_string(file.path()).unwrap(), fake::SUMMARY);
}

/// The status and the complaints of a program of which the reader has read the first line only.
fn head(arguments: &[&str], seconds: &str) -> (Option<i32>, String) {
    let mut command = fake::scullery(arguments);
    command.env("FAKE_COM1", "hello\n").env("FAKE_SLEEP", seconds).env("FAKE_COM2", fake::SUMMARY);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert_eq!(line, "hello\n");
    drop(reader);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn verbose_tells_the_command_and_the_times() {
    let mut tour = fake::scullery(&["tour", "--verbose"]);
    let (_, _, stderr) = finish(tour.env("FAKE_COM1", "x\n").env("FAKE_COM2", fake::SUMMARY));
    assert!(stderr.starts_with("qemu-system-x86_64 ") && stderr.contains("first line after"), "{stderr}");
}

/// What a kernel says of a mistake in its words is for stderr, as what the program says itself.
#[test]
fn a_mistake_that_the_kernel_finds_is_a_complaint() {
    let mut tour = fake::scullery(&["tour"]);
    let tour = tour.env("FAKE_COM1", "Scullery\nscullery: no such heap\n").env("FAKE_STATUS", "37");
    assert_eq!(finish(tour), (2, "Scullery\n".to_string(), "scullery: no such heap\n".to_string()));
}

/// Colours are for terminals, unless they are asked for.
#[test]
fn colours_are_as_asked_for() {
    for (words, variable, is_coloured) in [
        (&[][..], "", false),
        (&["--color", "auto"], "", false),
        (&["--color", "always"], "", true),
        (&["--color=always"], "1", true),
        (&["--color", "never"], "", false),
    ] {
        for (command, is_good) in
            [(&["tour"][..], true), (&["list"], true), (&["tour", "--cpus", "0"], false)]
        {
            let mut program = fake::scullery(&[command, words].concat());
            program.env("FAKE_COM1", "verdict: raced (as expected: raced)\n").env("FAKE_COM2", fake::SUMMARY);
            let (status, stdout, stderr) = finish(program.env("NO_COLOR", variable));
            let said = if is_good { stdout } else { stderr };
            assert_eq!(
                (status == 0, said.contains('\x1b')),
                (is_good, is_coloured),
                "{command:?} {words:?}: {said}"
            );
        }
    }
    let (status, _, stderr) = finish(&mut fake::scullery(&["list", "--color", "red"]));
    assert_eq!(status, 2);
    assert!(stderr.contains("cannot be 'red'; valid: auto, always, never"), "{stderr}");
}
