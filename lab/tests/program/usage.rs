//! Every mistake on the command line: exit status 2, one line on stderr that helps, nothing on stdout.

use std::process::Output;

use clap::CommandFactory;
use kcore::settings::{self, BUILT};
use lab::cli::{self, Request};

use crate::fake;

fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = fake::scullery(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    (output, stdout, stderr)
}

/// What is typed, and what the one line must say.
const MISTAKES: &[(&[&str], &str)] = &[
    (&["tuor"], "did you mean 'tour'?"),
    (&["xyzzy"], "unknown command 'xyzzy'"),
    (&["tour", "extra"], "unexpected word 'extra'"),
    (&["--lokc", "none"], "did you mean '--lock'?"),
    (&["run"], "which experiment?"),
    (&["run", "skull-leak"], "did you mean 'scull-leak'?"),
    (&["run", "xyzzy"], "valid: scull-leak, "),
    (&["explain"], "which experiment?"),
    (&["explain", "skull-leak"], "did you mean 'scull-leak'?"),
    (&["list", "extra"], "unexpected word 'extra'"),
    (&["run", "scull-leak", "--lock", "broken"], "cannot be run with lock=broken"),
    (&["run", "scull-leak", "--probe", "rendezvous=nowhere"], "unknown probe point"),
    (&["run", "counter", "--object", "node"], "object= is for scull-leak only"),
    (&["run", "scull-leak", "lock=none"], "did you mean '--lock none'?"),
    (&["run", "scull-leak", "again"], "unexpected word 'again'"),
    (
        &["run", "scull-leak", "--lock", "spinlok"],
        "unknown lock 'spinlok'; did you mean 'spinlock'? valid: none, ",
    ),
    (&["run", "counter", "--lock", "SPINLOCK"], "did you mean 'spinlock'? valid: none, "),
    (&["run", "Counter"], "unknown experiment 'Counter'; did you mean 'counter'? valid: scull-leak, "),
    (&["Tour"], "did you mean 'tour'? valid: tour, list, "),
    (&["--LOCK", "none"], "did you mean '--lock'?"),
    (
        &["explore", "counter", "--on", "hots"],
        "--on <ON> cannot be 'hots'; did you mean 'host'? valid: host, kernel",
    ),
    (&["completions", "csh"], "<SHELL> cannot be 'csh'"),
    (&["completions"], "<SHELL> is missing"),
    (&["man", "tuor"], "did you mean 'tour'? valid: tour, list, "),
    (&["man", "--cpus", "2"], "--cpus would change nothing here"),
    (&["run", "scull-leak", "--lock", "futex"], "valid: none, spinlock, "),
    (&["run", "scull-leak", "--lock"], "--lock <LOCK> needs a value"),
    (&["run", "scull-leak", "--lock", ""], "unknown lock ''"),
    (&["run", "scull-leak", "--lock", "none", "--lock", "none"], "--lock"),
    (&["--probe", "delay=0"], "probe delay '0' is not a whole number from 1 to"),
    (&["--probe", "delay"], "delay=N"),
    (&["--probe", "script=slot.load"], "is not LETTER.POINT"),
    (&["--probe", "off\""], "quote"),
    (&["--probe", "rendevous"], "did you mean 'rendezvous'?"),
    (&["--object", "quanta"], "did you mean 'quantum'?"),
    (&["--cpus", "0"], "cpus '0' is not a whole number from 1 to 64"),
    (&["--cpus", "65"], "from 1 to 64"),
    (&["--cpus", "-1"], "cpus '-1' is not a whole number"),
    (&["--writers", "many"], "writers 'many' is not a whole number"),
    (&["--quanta", "0"], "quanta '0'"),
    (&["--rounds", "1.5"], "rounds '1.5'"),
    (&["run", "soak", "--seconds", "0"], "seconds '0' is not a whole number from 1 to 86400"),
    (&["run", "soak", "--seconds", "-1"], "seconds '-1' is not a whole number from 1 to 86400"),
    (
        &["run", "irq-other-cpu", "--cpus", "1"],
        "does not fit a machine of cpus=1 and a kernel built smp+preempt",
    ),
    (&["run", "irq-other-cpu", "--config", "up"], "does not fit a machine of cpus=1 and a kernel built up"),
    (&["run", "tasklet", "--lock", "mutex"], "valid: none, irq-off, tasklet, spinlock"),
    (&["run", "timer", "--probe", "rendezvous"], "no point is named, and none is usual here"),
    (&["run", "counter", "--probe", "fire"], "no interrupt of its own"),
    (&["--seed", "x"], "seed 'x'"),
    (&["--heap", "1"], "heap '1' is not a size"),
    (&["--quantum", "4x"], "quantum '4x' is not a size"),
    (&["--expect", "race"], "did you mean 'raced'?"),
    (&["--config", "preemt"], "did you mean 'preempt'?"),
    (&["--config", "full"], "unknown configuration 'full'; valid: smp+preempt, smp, preempt, up"),
    (&["matrix", "skull-leak"], "did you mean 'scull-leak'?"),
    (
        &["matrix", "--lock", "none"],
        "--lock would change nothing here: it is for run, explore, replay (try matrix --help)",
    ),
    (&["matrix", "--seconds", "3"], "--seconds would change nothing here: it is for tour, run (try"),
    (&["matrix", "nosuch"], "unknown experiment 'nosuch'; valid: scull-leak, "),
    (&["matrix", "--rounds", "3"], "--rounds would change nothing here"),
    (&["list", "--json", "-"], "--json would change nothing here: it is for tour, run, "),
    (&["list", "--lock", "none"], "--lock would change nothing here"),
    (&["explain", "counter", "--cpus", "2"], "--cpus would change nothing here"),
    (&["image", "--json", "-"], "--json would change nothing here"),
    (&["image", "--memory", "1G"], "--memory would change nothing here"),
    (&["bench", "--rounds", "3"], "--rounds would change nothing here"),
    (&["bench", "--configs", "--config", "up"], "it is for tour, run, explore --on kernel, "),
    (&["bench", "--configs", "--json", "-"], "bench without --configs"),
    (&["bench", "--boot", "bios"], "--boot would change nothing here"),
    (&["test", "--lock", "none"], "--lock would change nothing here"),
    (&["test", "--rounds", "2"], "test --fail-allocations"),
    (&["test", "lock=none"], "did you mean '--lock none'?"),
    (&["test", "fail-allocations"], "say --fail-allocations"),
    (&["fault", "panic", "--probe", "pause"], "--probe would change nothing here"),
    (&["tour", "--columns", "80"], "--columns would change nothing here: it is for shell (try"),
    (&["run", "counter", "--input", "none"], "--input would change nothing here: it is for shell (try"),
    (&["shell", "--writers", "2"], "--writers would change nothing here"),
    (
        &["explore", "counter", "--gdb"],
        "--gdb would change nothing here: it is for tour, run, explore --on kernel, ",
    ),
    (&["explore", "counter", "--config", "up"], "--config would change nothing here"),
    (&["tour", "--disk", "x.img"], "--disk is for --boot bios and --boot uefi"),
    (&["tour", "--disk", "x.img", "--boot", "pvh"], "--disk is for --boot bios"),
    (&["run", "counter", "--seconds", "2", "--rounds", "2"], "rounds= and seconds= exclude each other"),
    (&["run", "counter", "--quantum", "16"], "quantum= is for experiments on a device, not for counter"),
    (&["run", "irq", "--qset", "2"], "qset= is for experiments on a device, not for irq"),
    (&["explore", "counter", "--quantum", "16"], "quantum= is for experiments on a device"),
    (&["explore", "irq", "--qset", "3"], "qset= is for experiments on a device"),
    (&["tour", "--mute-cpu", "9"], "mute-cpu=9: the CPUs of the machine are 0 to 3"),
    (&["run", "counter", "--cpus", "2", "--mute-cpu", "2"], "the CPUs of the machine are 0 to 1"),
    (&["run", "counter", "--lock", "none\" probe=\"off"], "has a double quote in it"),
    (&["test", "a\" b"], "has a double quote in it"),
    (&["matrix", "--cpus", "3"], "its columns: 4 CPUs smp+preempt, "),
    (&["matrix", "counter", "--markdown", "x.md"], "--markdown is for the whole matrix"),
    (&["tour", "--markdown", "x.md"], "unknown option '--markdown'"),
    (&["--machine", "microwm"], "did you mean 'microvm'?"),
    (&["--machine", "vax"], "valid: microvm, q35, pc"),
    (&["--accel", "hvf"], "valid: tcg, tcg-single, icount, kvm"),
    (&["--cpu", "max;reboot"], "cpu 'max;reboot' is no model of a CPU; valid: max, qemu64, max,-smap, ..."),
    (&["--cpu=-smap"], "cpu '-smap' is no model"),
    (&["--qemu", ""], "qemu '' is no program"),
    (&["--memory", "1M"], "memory '1M' is not a size"),
    (&["--timeout", "0"], "timeout '0' is not a whole number from 1 to 86400"),
    (&["--boot", "grub"], "valid: pvh, bios, uefi"),
    (&["fault"], "<KIND> is missing"),
    (&["fault", "page-fualt"], "did you mean 'page-fault'?"),
    (&["shell", "--script", "/tmp"], "the script '/tmp' cannot be read: it is a directory"),
    (&["shell", "--script", "/nonexistent/script"], "cannot be read: No such file"),
    (&["shell", "--mount", "/nonexistent"], "the folder '/nonexistent' cannot be shown: No such file"),
    (&["tour", "--json", "/nonexistent/report"], "the report '/nonexistent/report' cannot be written"),
    (&["image", "--out"], "--out <DIR> needs a value"),
    (&["--json"], "--json <FILE|-> needs a value"),
    (&["--verbose=yes"], "--verbose"),
];

#[test]
fn a_mistake_gets_one_line_that_helps() {
    for (arguments, help) in MISTAKES {
        let (output, stdout, stderr) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert_eq!(stdout, "", "{arguments:?}");
        assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("scullery: ") && stderr.contains("(try "), "{arguments:?}: {stderr}");
        assert!(stderr.contains(help), "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_is_like_nothing_gets_no_suggestion() {
    for arguments in
        [&["nosuch"][..], &["--foo", "1"], &["run", "nosuch"], &["run", "counter", "--lock", "foo"]]
    {
        let (output, _, stderr) = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("did you mean"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn help_and_version_are_no_mistakes() {
    for arguments in
        [&["--help"][..], &["-h"], &["help"], &["help", "run"], &["run", "--help"], &["--version"]]
    {
        let (output, stdout, stderr) = run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!stdout.is_empty() && stderr.is_empty(), "{arguments:?}: {stderr}");
        assert!(!stdout.contains('\x1b'), "no colours into a pipe");
    }
}

/// The options of a command's help are those that it takes, and below them are two examples, which can be
/// typed.
#[test]
fn each_command_has_its_own_help() {
    for command in Request::command().get_subcommands().map(clap::Command::get_name) {
        let (_, help, _) = run(&[command, "--help"]);
        for key in settings::keys() {
            let is_there = help.contains(&format!("--{} <", key.name));
            assert_eq!(is_there, key.is_for(command), "{command} --{}: {help}", key.name);
        }
        let examples = help.lines().filter_map(|line| line.strip_prefix("  cargo run -- "));
        let examples: Vec<&str> = examples.collect();
        assert_eq!(examples.len(), 2, "{help}");
        for example in examples {
            let words = example.split(['>', '|']).next().unwrap().replace('\'', "");
            assert!(words.starts_with(command), "{example}");
            let quoted = words.replace("run counter lock=none", "run-counter");
            let arguments = ["scullery"].into_iter().chain(quoted.split_whitespace());
            assert!(cli::parse(arguments.map(Into::into)).is_ok(), "{example}");
        }
    }
}

#[test]
fn shells_complete_what_the_tables_know() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (output, text, stderr) = run(&["completions", shell]);
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{shell}");
        for word in ["matrix", "preemptions", "spinlock", "scull-leak"] {
            assert!(text.contains(word) || shell == "elvish" || shell == "powershell", "{shell}: {word}");
        }
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    for (arguments, parts) in [
        (&["man"][..], &["scullery", "explore", "cpus"][..]),
        (&["man", "run"], &["scullery\\-run", "rendezvous", "Examples"]),
    ] {
        let (output, page, stderr) = run(arguments);
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
        assert!(page.contains(".TH "), "{page}");
        parts.iter().for_each(|part| assert!(page.contains(part), "{part}: {page}"));
    }
}

/// A size reaches the script and the kernel as both know it.
#[test]
fn a_size_is_as_people_write_it() {
    for word in ["256M", "256MiB", "256 MB", "262144k", "268435456"] {
        let mut command = fake::scullery(&["run", "counter", "--memory", word, "--heap", "1 MB"]);
        let output = command.env("FAKE_ARGUMENTS", "1").env("FAKE_COM2", fake::SUMMARY).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("\n256M\n") && said.contains(" heap=1M memory=256M "), "{word}: {said}");
    }
}

#[test]
fn the_catalogue_needs_no_machine() {
    for (arguments, part) in [
        (&["list"][..], "scull-leak"),
        (&["list", "--long"], "smp+preempt       smp smp+preempt       smp   preempt        up"),
        (&["list", "--long"], "So how is the data protected?"),
        (&["explain", "scull-leak"], "cargo run -- run scull-leak --lock none --probe"),
    ] {
        let mut command = fake::scullery(arguments);
        let output = command.env("SCULLERY_KERNEL", "/nonexistent/kernel").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(text.contains(part) && !text.contains('\x1b'), "{arguments:?}: {text}");
    }
}

#[test]
fn a_kernel_that_is_no_file_is_not_booted() {
    let output = fake::scullery(&["tour"]).env("SCULLERY_KERNEL", "/nonexistent/kernel").output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/kernel"));
}

/// What `--config` says of a kernel, or of a disk image, is not what that says itself.
#[test]
fn a_kernel_is_not_taken_for_another() {
    let elf = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(elf.path(), [b"\x7fELF", &BUILT[..]].concat()).unwrap();
    let path = elf.path().to_str().unwrap();
    for arguments in [&[][..], &["--boot", "bios", "--disk", path]] {
        let run = |config: &str| {
            let arguments = [&["run", "counter", "--config", config], arguments].concat();
            let mut command = fake::scullery(&arguments);
            command.env("FAKE_COM2", fake::SUMMARY).env("SCULLERY_KERNEL", path).output().unwrap()
        };
        let output = run("up");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 1), "{stderr}");
        assert!(stderr.contains("is built as smp+preempt (try --config smp+preempt)"), "{stderr}");
        assert_eq!(run("smp+preempt").status.code(), Some(0));
    }
}

/// Each key is taken by some command, and by none that there is not.
#[test]
fn the_table_of_takers_is_about_what_there_is() {
    let program = Request::command();
    let commands: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
    for key in settings::keys() {
        assert!(!key.takers.is_empty(), "{}", key.name);
        for taker in key.takers {
            assert!(commands.contains(&taker.split(' ').next().unwrap()), "{}: {taker}", key.name);
        }
    }
}
