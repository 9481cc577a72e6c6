//! The words of the command line.

use std::collections::BTreeSet;

use kcore::experiment::{self, ALL};
use kcore::settings::{
    self, Accel, Acpi, COMMANDS, Command, CommandLine, Door, Expect, Fault, Form, Input, Key,
    LONGEST_COMMAND_LINE, MachineSettings, MachineType, Object, Otherwise, Probe, RunSettings, Values,
    Verdict,
};
use proptest::prelude::*;

fn error(line: &str) -> String {
    CommandLine::parse(line).expect_err(line).message
}

#[test]
fn nothing_is_the_tour_with_defaults() {
    let tour = || CommandLine {
        command: Command::Tour,
        run: RunSettings::default(),
        machine: MachineSettings::default(),
    };
    assert_eq!(CommandLine::parse(""), Ok(tour()));
    assert_eq!(CommandLine::parse("  tour  "), Ok(tour()));
}

#[test]
fn every_key_lands_in_its_field() {
    let line = "run scull-leak lock=completion probe=pause object=array cpus=3 writers=5 quanta=7 rounds=2 seed=9 \
                expect=raced quantum=4K qset=10 heap=1M machine=q35 accel=kvm cpu=max,-smap qemu=/opt/qemu memory=128M timeout=60 boot=bios acpi=off \
                mute-cpu=1 columns=100 input=pipe";
    let run = RunSettings {
        lock: Some(Form::Completion),
        probe: Some(Probe::Pause),
        object: Some(Object::Array),
        writers: Some(5),
        quanta: Some(7),
        rounds: Some(2),
        seed: 9,
        expect: Some(Expect::Only(Verdict::Raced)),
        quantum: 4096,
        qset: 10,
        ..RunSettings::default()
    };
    let machine = MachineSettings {
        cpus: Some(3),
        heap: Some(1 << 20),
        machine: Some(MachineType::Q35),
        accel: Some(Accel::Kvm),
        cpu: Some("max,-smap".to_string()),
        qemu: Some("/opt/qemu".to_string()),
        memory: Some("128M".to_string()),
        timeout: Some(60),
        boot: Some(Door::Bios),
        acpi: Some(Acpi::Off),
        mute_cpu: Some(1),
        columns: Some(100),
        input: Some(Input::Pipe),
    };
    let command = Command::Run("scull-leak".to_string());
    assert_eq!(CommandLine::parse(line), Ok(CommandLine { command, run, machine }));
}

/// A value that `key` may have and does not have anyhow.
fn sample(key: &Key) -> String {
    let word = |word: &str| !matches!(key.otherwise, Otherwise::Word(own) if own == word);
    let samples: Vec<String> = match key.values {
        Values::Words { .. } => {
            key.values.words().filter(|word| *word != "delay").map(str::to_string).collect()
        }
        Values::Number { most, .. } | Values::Size { most, .. } => vec![most.to_string()],
        Values::Text { valid, .. } => vec![valid.split([',', ' ']).next().unwrap().to_string()],
    };
    samples.into_iter().find(|sample| word(sample)).expect(key.name)
}

#[test]
fn the_table_is_sound() {
    let names: BTreeSet<&str> = settings::keys().map(|key| key.name).collect();
    assert_eq!(names.len(), settings::keys().count(), "each name once");
    for key in settings::keys() {
        let name = key.name;
        assert!(!key.what().is_empty() && !key.what().ends_with('.'), "{name}: {}", key.what());
        assert!(COMMANDS.iter().any(|command| key.is_for(command)), "{name}");
        if let Values::Words { words, meanings } = key.values {
            assert_eq!(words.len(), meanings.len(), "{name}");
        }
        if let Otherwise::Word(own) = key.otherwise {
            assert!(CommandLine::parse(&format!("{name}={own}")).is_ok(), "{name}={own}");
        }
        assert!(std::ptr::eq(settings::find(name).unwrap(), key));
    }
    assert!(settings::find("colour").is_none());
}

/// What was told can be told again, and nothing else is.
#[test]
fn each_key_is_told_with_its_value_and_alone() {
    let told = |line: &str| -> Vec<String> {
        let CommandLine { run, machine, .. } = CommandLine::parse(line).unwrap();
        run.told().chain(machine.told()).map(|(key, word)| format!("{}={word}", key.name)).collect()
    };
    assert_eq!(told(""), [""; 0]);
    for key in settings::keys() {
        let line = format!("{}={}", key.name, sample(key));
        assert_eq!(told(&line), [line.as_str()]);
        if let Otherwise::Word(own) = key.otherwise {
            assert_eq!(told(&format!("{}={own}", key.name)), [""; 0], "it says nothing");
        }
    }
}

#[test]
fn a_line_is_completed_with_what_a_value_begins_with() {
    let beginnings: Vec<&str> = settings::find("probe").unwrap().values.beginnings().collect();
    assert_eq!(beginnings, ["off", "pause", "delay=", "rendezvous", "script", "fire", "replay="]);
    assert_eq!(settings::find("seed").unwrap().values.beginnings().count(), 0);
}

/// Which command refuses what. One that takes a key of a run uses it, or says nothing about it.
#[test]
fn what_a_command_chooses_itself_is_refused() {
    for key in RunSettings::KEYS {
        for who in COMMANDS {
            let name = if ["run", "explore", "replay", "fault"].contains(who) { " panic" } else { "" };
            let line = format!("{who}{name} {}={}", key.name, sample(key));
            let refused = CommandLine::parse(&line).unwrap().check().is_err();
            assert_eq!(refused, !key.is_for(who), "{line}");
        }
    }
}

#[test]
fn commands() {
    let command = |line: &str| CommandLine::parse(line).map(|line| line.command);
    assert_eq!(command("test"), Ok(Command::Test(None)));
    assert_eq!(command("test sync"), Ok(Command::Test(Some("sync".to_string()))));
    assert_eq!(command("bench seed=2"), Ok(Command::Bench));
    assert_eq!(command("bench heap"), Ok(Command::BenchHeap));
    assert_eq!(command("fault page-fault"), Ok(Command::Fault(Fault::PageFault)));
    assert_eq!(command("shell"), Ok(Command::Shell));
    assert!(command("shell x").is_err());
}

#[test]
fn quotes_keep_spaces() {
    let probe = |line: &str| CommandLine::parse(line).map(|line| line.run.probe.expect("a probe"));
    let script = Probe::Script(vec!["A.slot.load".to_string(), "B.copy".to_string()]);
    assert_eq!(probe(r#"run x probe="script=A.slot.load B.copy""#), Ok(script.clone()));
    assert_eq!(probe(r#"run x "probe=script=A.slot.load  B.copy""#), Ok(script.clone()));
    assert_eq!(probe("run x probe=script=A.slot.load,B.copy"), Ok(script));
    assert_eq!(probe("run x probe=script"), Ok(Probe::Script(vec![])));
    assert_eq!(probe("run x probe=rendezvous"), Ok(Probe::Rendezvous(vec![])));
    assert_eq!(probe("run x probe=delay=10"), Ok(Probe::Delay(10)));
}

#[test]
fn every_probe_mode_reads_back_as_written() {
    for mode in
        ["off", "pause", "delay=3", "rendezvous", "rendezvous=a.load,b", "script", "script=A.a.load,B.b"]
    {
        assert_eq!(mode.parse::<Probe>().expect(mode).to_string(), mode);
    }
}

#[test]
fn mistakes_are_named() {
    let table = [
        (
            "walk",
            "unknown command 'walk'; valid: tour, run, explore, replay, test, bench, fault, matrix, shell",
        ),
        ("run", "run needs the name of an experiment: see list"),
        ("run a b", "unexpected word 'b'; options are written key=value"),
        ("run x cpus=0", "cpus '0' is not a whole number from 1 to 64"),
        ("run x cpus=65", "cpus '65' is not a whole number from 1 to 64"),
        ("run x writers=many", "writers 'many' is not a whole number from 1 to 64"),
        ("run x seed=-1", "seed '-1' is not a whole number from 0 to 18446744073709551615"),
        ("run x probe=delay", "probe delay needs a number of PAUSEs: delay=N"),
        ("run x probe=delay=0", "probe delay '0' is not a whole number from 1 to 1000000"),
        (
            "run x probe=script=a.slot.load",
            "script step 'a.slot.load' is not LETTER.POINT, as in A.slot.load",
        ),
        ("run x probe=script=A.", "script step 'A.' is not LETTER.POINT, as in A.slot.load"),
        ("run x probe=script=AB.x", "script step 'AB.x' is not LETTER.POINT, as in A.slot.load"),
        ("run x \"probe=off", "the command line has an opening quote without a closing one"),
        ("tour machine=vax", "unknown machine 'vax'; valid: microvm, q35, pc"),
        ("tour accel=fast", "unknown accel 'fast'; valid: tcg, tcg-single, icount, kvm"),
        ("tour boot=grub", "unknown boot 'grub'; valid: pvh, bios, uefi"),
        ("tour acpi=maybe", "unknown acpi 'maybe'; valid: on, off"),
        ("tour cpu=-smap", "cpu '-smap' is no model of a CPU; valid: max, qemu64, max,-smap, ..."),
        ("tour qemu=", "qemu '' is no program; valid: a name, or a path without quotes"),
        ("tour timeout=0", "timeout '0' is not a whole number from 1 to 86400"),
        ("shell input=file", "unknown input 'file'; valid: terminal, pipe, none"),
        (
            "run x heap=1",
            "heap '1' is not a size from 64K to 1024G (K, M and G are understood, and KiB or KB)",
        ),
    ];
    for (line, message) in table {
        assert_eq!(error(line), message, "{line}");
    }
    let forms = Form::WORDS.join(", ");
    assert_eq!(
        error("run x lock=mutexes"),
        format!("unknown lock 'mutexes'; did you mean 'mutex'? valid: {forms}")
    );
    assert!(error("run x colour=red").starts_with("unknown key 'colour'; valid: lock, probe, "));
    assert!(
        error("run x quantum=99999999999999999G").starts_with("quantum '99999999999999999G' is not a size")
    );
    assert!(error("run x probe=off=1").starts_with("unknown probe mode 'off=1'"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn garbage_never_panics(line in ".{0,60}") {
        let _ = CommandLine::parse(&line);
    }

    #[test]
    fn near_misses_never_panic(
        words in prop::collection::vec(
            "(tour|run|test|bench|fault|lock|probe|object|quantum|heap|seed)?(=(script|rendezvous|delay|9|K|[A-C]\\.x|=| |\"|,|é)*)?",
            0..6,
        ),
    ) {
        let _ = CommandLine::parse(&words.join(" "));
    }
}

#[test]
fn the_shell_leaves_the_choices_of_a_run_to_its_prompt() {
    let check = |line: &str| CommandLine::parse(line).and_then(|line| line.check());
    assert_eq!(check("shell heap=1M cpus=2 columns=80"), Ok(()));
    let refusal = check("shell writers=2").expect_err("writers are for run").message;
    assert_eq!(refusal, "writers= is for run; at the shell's prompt, say: run EXPERIMENT writers=...");
}

#[test]
fn a_long_line_is_refused_whole() {
    let line =
        |length: usize| format!("run counter probe={:<1$}", "pause", length - "run counter probe=".len());
    assert!(CommandLine::parse(&line(LONGEST_COMMAND_LINE)).is_ok());
    let refused = CommandLine::parse(&line(LONGEST_COMMAND_LINE + 1)).unwrap_err();
    assert_eq!(refused.message, "the command line is longer than 4096 bytes: none of it is done");
    // A character of several bytes may be cut in two.
    let bytes = "\u{20ac}".repeat(LONGEST_COMMAND_LINE);
    assert_eq!(settings::text(&bytes.as_bytes()[..LONGEST_COMMAND_LINE + 1]), Err(refused));
    assert!(settings::text(b"\xff").unwrap_err().message.contains("not UTF-8"));
}

#[test]
fn what_changes_nothing_or_contradicts_itself_is_refused() {
    let refusal =
        |line: &str| CommandLine::parse(line).and_then(|line| line.check()).expect_err(line).message;
    assert_eq!(
        refusal("matrix lock=none"),
        "lock= would change nothing here: it is for run, explore, replay"
    );
    assert_eq!(refusal("bench seed=2"), "seed= would change nothing here: it is for tour, run, test, matrix");
    let both = "rounds= and seconds= exclude each other: so many rounds, or for so long";
    assert_eq!(refusal("run counter rounds=2 seconds=3"), both);
}

#[test]
fn the_sizes_of_a_device_are_for_experiments_on_one() {
    let refused: Vec<&str> =
        ALL.iter().filter(|entry| !entry.takes("quantum")).map(|entry| entry.name).collect();
    assert!(refused.contains(&"counter") && refused.contains(&"irq"), "{refused:?}");
    assert!(!refused.contains(&"scull-leak") && !refused.contains(&"soak"), "{refused:?}");
    for entry in ALL {
        let told = |line: &str| experiment::check(&CommandLine::parse(line).unwrap().run, entry);
        assert_eq!(told("qset=7").is_err(), refused.contains(&entry.name), "{}", entry.name);
        assert_eq!(told("qset=1000 lock=none"), Ok(()), "{}", entry.name);
    }
}

#[test]
fn sizes_are_written_as_people_write_them() {
    let heap = |word: &str| CommandLine::parse(&format!("tour heap={word}")).map(|line| line.machine.heap);
    for word in ["64M", "64m", "64MiB", "64mib", "64MB", "65536K", "65536kb", "67108864"] {
        assert_eq!(heap(word), Ok(Some(64 << 20)), "{word}");
        assert_eq!(settings::heap_bytes(&format!("tour heap={word}")), Some(64 << 20), "{word}");
    }
    for word in ["64Q", "64MM", "M", "6 4M", "64.5M", "0x40M", "64B"] {
        assert!(heap(word).is_err(), "{word}");
    }
    assert_eq!([0, 65536, 1000, 3 << 30].map(settings::size), ["0", "64K", "1000", "3G"]);
}
