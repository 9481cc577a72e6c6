//! `qemu-run.sh`: its words, its exit codes, its time limit. No machine is booted.

use std::path::Path;
use std::process::{Command, Stdio};

use kcore::settings::{Accel, CommandLine, MachineSettings, MachineType, Values};
use lab::status::Status;

use crate::fake;

#[test]
fn only_33_is_success() {
    let table = [
        ("33", Status::Expected),
        ("35", Status::Unexpected),
        ("37", Status::Usage),
        ("39", Status::Panic),
        ("0", Status::Dead),
        ("1", Status::Dead),
        ("3", Status::Dead),
        ("34", Status::Dead),
    ];
    for (code, status) in table {
        let outcome = fake::machine().env("FAKE_STATUS", code).run().unwrap();
        assert_eq!(outcome.status, status, "{code}: {outcome}");
        let sentences = usize::from(status == Status::Dead);
        assert_eq!(outcome.stderr.lines().count(), sentences, "{code}: {outcome}");
    }
}

#[test]
fn a_triple_fault_has_its_sentence() {
    let outcome = fake::machine().env("FAKE_STATUS", "0").run().unwrap();
    assert!(outcome.stderr.contains("died without a verdict (triple fault?)"), "{outcome}");
}

#[test]
fn death_by_signal_is_no_success() {
    let outcome = fake::machine().env("FAKE_SIGNAL", "SEGV").run().unwrap();
    assert_eq!(outcome.status, Status::Dead);
    assert!(outcome.stderr.contains("signal 11"), "{outcome}");
}

#[test]
fn a_missing_qemu_names_the_remedy() {
    // The script itself needs to find bash, and nothing else.
    let empty = tempfile::tempdir().unwrap();
    let bash = ["/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"]
        .into_iter()
        .find(|bash| Path::new(bash).exists());
    std::os::unix::fs::symlink(bash.expect("bash"), empty.path().join("bash")).unwrap();
    let outcome = lab::machine::Machine::new(fake::kernel()).env("PATH", empty.path()).run().unwrap();
    assert_eq!(outcome.status, Status::Dead, "{outcome}");
    assert!(outcome.stderr.contains("./setup.sh"), "{outcome}");
}

#[test]
fn the_time_limit_ends_the_machine() {
    let outcome = fake::machine().word("timeout=1").env("FAKE_SLEEP", "20").run().unwrap();
    assert_eq!(outcome.status, Status::TimeLimit, "{outcome}");
    assert!(outcome.stderr.contains("time limit"), "{outcome}");
}

#[test]
fn a_deaf_machine_is_killed() {
    let outcome =
        fake::machine().word("timeout=1").env("FAKE_SLEEP", "20").env("FAKE_DEAF", "1").run().unwrap();
    assert_eq!(outcome.status, Status::TimeLimit, "{outcome}");
}

#[test]
fn a_session_that_is_dropped_leaves_no_qemu() {
    let directory = tempfile::tempdir().unwrap();
    let pid = directory.path().join("pid");
    let session = fake::machine().env("FAKE_PID", &pid).env("FAKE_COM1", "up\n").env("FAKE_SLEEP", "60");
    let mut session = session.start().unwrap();
    assert_eq!(session.line().as_deref(), Some("up"));
    let pid = fake::pid(&pid);
    drop(session);
    assert!(!fake::is_running(&pid), "process {pid} is still there");
}

/// What the host does not let run does not use its time up: here a process that needs half a second, and has
/// to wait for another one for so long that its limit would be over.
#[test]
#[cfg(target_os = "linux")]
fn a_busy_host_is_no_fault_of_the_machine() {
    let mut hog =
        Command::new("taskset").args(["-c", "0", "sh", "-c", "while :; do :; done"]).spawn().unwrap();
    let outcome = fake::machine().word("timeout=3").env("FAKE_WORK", "1").env("FAKE_STARVED", "1").run();
    hog.kill().and_then(|()| hog.wait()).unwrap();
    let outcome = outcome.unwrap();
    assert_eq!(outcome.status, Status::Expected, "{outcome}");
}

/// The limit of a test is that of each case: a machine that ends one now and then goes on, however many there
/// are. Another that says as much is stopped.
#[test]
fn a_test_is_limited_by_the_case() {
    for (command, status) in [("test", Status::Expected), ("run", Status::TimeLimit)] {
        let machine = fake::machine().command(command).word("timeout=5").env("FAKE_STEPS", "10");
        let outcome = machine.run().unwrap();
        assert_eq!(outcome.status, status, "{command}: {outcome}");
    }
    let outcome = fake::machine().command("test").word("timeout=1").env("FAKE_SLEEP", "20").run().unwrap();
    assert_eq!(outcome.status, Status::TimeLimit, "no case ends: {outcome}");
}

/// A machine that spins has a limit as one that waits.
#[test]
fn a_machine_that_spins_is_stopped() {
    let outcome = fake::machine().word("timeout=1").env("FAKE_WORK", "1000").run().unwrap();
    assert_eq!(outcome.status, Status::TimeLimit, "{outcome}");
}

/// Bash reads a script while it runs it.
#[test]
fn a_script_that_changes_leaves_its_machines_alone() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("qemu-run.sh");
    let original = std::fs::read_to_string(lab::workspace::root().unwrap().join("qemu-run.sh")).unwrap();
    std::fs::write(&script, &original).unwrap();
    let pid = directory.path().join("pid");
    let mut command = Command::new("bash");
    command.arg(&script).arg(fake::kernel()).env("PATH", fake::path());
    command.env("FAKE_PID", &pid).env("FAKE_SLEEP", "2").env("FAKE_STATUS", "35").stdin(Stdio::null());
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    fake::pid(&pid);
    // In place, as some editors do it: all that follows is somewhere else now.
    std::fs::write(&script, format!("exit 77\n{}\n{original}", "exit 78 # ".repeat(1000))).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(1), ""));
}

/// The arguments that QEMU gets for these words.
fn arguments(words: &[&str]) -> Vec<String> {
    let machine = fake::machine().env("FAKE_ARGUMENTS", "1");
    let outcome = words.iter().fold(machine, |machine, word| machine.word(*word)).run().unwrap();
    assert_eq!(outcome.status, Status::Expected, "{words:?}: {outcome}");
    outcome.com1.lines().map(str::to_string).collect()
}

fn after<'a>(arguments: &'a [String], option: &str) -> &'a str {
    let at = arguments.iter().position(|argument| argument == option).expect(option);
    &arguments[at + 1]
}

#[test]
fn the_kernel_gets_every_word_and_the_defaults() {
    let words =
        ["run", "scull-leak", "probe=script=A.slot.load B.slot.load", "probe=rendezvous=a,b", "cpus=2"];
    let line = "run scull-leak probe=\"script=A.slot.load B.slot.load\" probe=rendezvous=a,b cpus=2 machine=microvm accel=tcg";
    let arguments = arguments(&words);
    assert_eq!(after(&arguments, "-append"), line);
    assert_eq!(after(&arguments, "-smp"), "2");
    let machine = CommandLine::parse(line).unwrap().machine;
    assert_eq!((machine.machine, machine.accel), (Some(MachineType::Microvm), Some(Accel::Tcg)));
}

#[test]
fn no_words_are_still_a_command_line() {
    assert_eq!(after(&arguments(&[]), "-append"), "machine=microvm accel=tcg");
}

#[test]
fn memory_means_the_same_everywhere() {
    assert_eq!(after(&arguments(&["memory=256M"]), "-m"), "256M");
    assert_eq!(after(&arguments(&["memory=134217728"]), "-m"), "134217728B");
}

#[test]
fn the_cpu_is_the_one_that_is_asked_for() {
    assert_eq!(after(&arguments(&[]), "-cpu"), "max");
    let arguments = arguments(&["cpu=qemu64,-nx"]);
    assert_eq!(after(&arguments, "-cpu"), "qemu64,-nx,check=off");
    assert_eq!(after(&arguments, "-append"), "cpu=qemu64,-nx machine=microvm accel=tcg");
}

#[test]
fn the_qemu_is_the_one_that_is_asked_for() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/program/bin/qemu-system-x86_64");
    let word = format!("qemu={}", path.display());
    let outcome =
        lab::machine::Machine::new(fake::kernel()).word(word).env("FAKE_STATUS", "35").run().unwrap();
    assert_eq!(outcome.status, Status::Unexpected, "{outcome}");
    let missing = fake::machine().word("qemu=/no/such program").run().unwrap();
    assert_eq!(missing.status, Status::Dead, "{missing}");
    assert!(missing.stderr.contains("'/no/such program' is no program that can be run"), "{missing}");
}

#[test]
fn a_disk_image_gets_the_command_line_too() {
    let image = fake::kernel();
    let words = ["boot=bios", "probe=rendezvous=a,b"];
    let machine = fake::machine().env("FAKE_ARGUMENTS", "1").image(&image);
    let outcome = words.iter().fold(machine, |machine, word| machine.word(*word)).run().unwrap();
    let cmdline =
        "name=opt/org.scullery/cmdline,string=boot=bios probe=rendezvous=a,,b machine=q35 accel=tcg";
    assert!(outcome.com1.lines().any(|argument| argument == cmdline), "{outcome}");
}

#[test]
fn uefi_firmware_is_not_quoted() {
    let image = fake::kernel();
    let noise = "\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001\r\n\x1b[2J";
    let machine = fake::machine().image(&image).word("boot=uefi");
    let machine = machine.env("FAKE_COM1", format!("{noise}Scullery 0.1.0\nand on\n"));
    let outcome = machine.env("FAKE_COM2", format!("{noise}{}", fake::SUMMARY)).run().unwrap();
    // Without OVMF on this machine there is nothing to test: the script says so.
    if outcome.status == Status::Dead && outcome.stderr.contains("no UEFI firmware") {
        return;
    }
    assert_eq!(outcome.com1, "Scullery 0.1.0\nand on\n");
    assert_eq!(outcome.verdict(), Status::Expected, "{outcome}");
}

#[test]
fn the_lab_and_the_script_know_the_same_words() {
    for machine in MachineType::ALL {
        arguments(&[&format!("machine={machine}")]);
    }
    for accel in Accel::ALL.iter().filter(|accel| **accel != Accel::Kvm) {
        arguments(&[&format!("accel={accel}")]);
    }
    for key in MachineSettings::KEYS.iter().filter(|key| matches!(key.values, Values::Words { .. })) {
        let word = format!("{}=vax", key.name);
        let complaint = CommandLine::parse(&word).unwrap_err().message;
        let outcome = fake::machine().command("shell").word(&word).run().unwrap();
        assert_eq!(outcome.status, Status::Usage, "{word}: {outcome}");
        assert_eq!(outcome.stderr, format!("qemu-run.sh: {complaint}\n"));
    }
}

#[test]
fn a_bad_word_is_answered_with_the_good_ones() {
    let long = format!("probe=rendezvous={}", "\u{20ac}".repeat(1400));
    for (word, help) in [
        (long.as_str(), "longer than 4096 bytes: none of it is done".to_string()),
        ("boot=bios", "--image".to_string()),
        ("cpus=65", "from 1 to 64".to_string()),
        ("cpus=two", "from 1 to 64".to_string()),
        ("cpu=", "valid: max, qemu64, ".to_string()),
        ("cpu=max -smap", "valid: max, qemu64, ".to_string()),
        ("qemu=", "is no program".to_string()),
        ("memory=15M", "128M".to_string()),
        ("memory=lots", "128M".to_string()),
        ("timeout=0", "from 1 to 86400".to_string()),
    ] {
        let outcome = fake::machine().word(word).run().unwrap();
        assert_eq!(outcome.status, Status::Usage, "{word}: {outcome}");
        assert_eq!(outcome.stderr.lines().count(), 1, "{word}: {outcome}");
        assert!(outcome.stderr.contains(&help), "{word}: {outcome}");
    }
}
