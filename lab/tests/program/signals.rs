//! Signals that end the program, or its script.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use lab::workspace;

use crate::fake;

const ALL: [(&str, i32); 3] = [("INT", 2), ("TERM", 15), ("HUP", 1)];

/// Starts `command` with the stand-in behind it, and sends a signal when that runs. It must die of the
/// signal, with nothing said, and when it is gone the stand-in must be gone, and every temporary file.
fn ended_by((name, number): (&str, i32), mut command: Command) {
    let directory = tempfile::tempdir().unwrap();
    let (pid, temporary) = (directory.path().join("pid"), directory.path().join("temporary"));
    std::fs::create_dir(&temporary).unwrap();
    command.env("FAKE_PID", &pid).env("FAKE_SLEEP", "60").env("FAKE_DEAF", "1").env("TMPDIR", &temporary);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let pid = fake::pid(&pid);
    let sent = Command::new("kill").args([format!("-{name}"), child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(sent.success() && !fake::is_running(&pid), "{name}: process {pid} is still there");
    assert_eq!(output.status.signal(), Some(number), "{name}: {output:?}");
    assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()), "{name}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "{name}");
}

#[test]
fn the_program_ends_its_machine_and_dies_of_the_signal() {
    for signal in ALL {
        for command in [&["tour"][..], &["shell"], &["matrix", "counter", "--cpus", "1", "--config", "up"]] {
            ended_by(signal, fake::scullery(command));
        }
    }
}

#[test]
fn the_script_ends_its_machine_and_dies_of_the_signal() {
    for signal in ALL {
        // Bash cannot catch a signal that was ignored when it was started, as in the background of a script.
        let mut command = Command::new("env");
        command.arg("--default-signal").arg(workspace::root().unwrap().join(workspace::QEMU_RUN));
        command.arg(fake::kernel()).env("PATH", fake::path());
        ended_by(signal, command);
    }
}

/// A program that has moved with its workspace finds it where it is now, and not where it was built.
#[test]
fn a_program_that_has_moved_finds_its_own_workspace() {
    let directory = tempfile::tempdir().unwrap();
    let moved = directory.path().join("moved");
    let root = workspace::root().unwrap();
    for path in ["target", "kernel"] {
        std::fs::create_dir_all(moved.join(path)).unwrap();
    }
    std::fs::copy(root.join("kernel/Cargo.toml"), moved.join("kernel/Cargo.toml")).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_scullery"), moved.join("target/scullery")).unwrap();
    std::fs::copy(root.join("qemu-run.sh"), moved.join("qemu-run.sh")).unwrap();
    std::fs::write(moved.join("qemu-run.sh"), "#!/bin/sh\necho moved\nexit 4\n").unwrap();
    let tour = |directory: &Path| {
        let mut command = Command::new(moved.join("target/scullery"));
        command.arg("tour").current_dir(directory).env("SCULLERY_KERNEL", fake::kernel());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for directory in [&root, &moved, directory.path()] {
        assert_eq!(tour(directory), (Some(4), "moved\n".to_string()), "{}", directory.display());
    }
}
