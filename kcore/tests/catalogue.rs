//! The catalogue: every entry is complete, and every command line becomes a run or a line for the user.

use kcore::experiment::{self, ALL, Experiment, QUESTIONS, Resolved, Role, find, resolve};
use kcore::probe::{Plan, Step};
use kcore::report::{Counts, Run};
use kcore::settings::{Command, CommandLine, Config, Expect, Form, Object, Probe, RunSettings, Verdict};
use proptest::prelude::*;

fn run(line: &str) -> Result<Resolved, String> {
    let line = CommandLine::parse(line).map_err(|usage| usage.message)?;
    let Command::Run(name) = &line.command else { panic!("{line:?} is no run") };
    let entry = find(name).map_err(|usage| usage.message)?;
    resolve(&line.run, entry, 4, Config::Full).map_err(|usage| usage.message)
}

fn texts(entry: &Experiment) -> Vec<&'static str> {
    let mut texts = vec![entry.name, entry.title, entry.goal, entry.hint, entry.explanation, entry.unit];
    for list in [entry.races, entry.sources, entry.invariants, entry.known_points] {
        assert!(!list.is_empty(), "{}: an empty list", entry.name);
        texts.extend(list);
    }
    let certain = &entry.certain;
    for (list, needed) in
        [(entry.points, certain.rendezvous), (entry.script, certain.script), (entry.fire, certain.fire)]
    {
        assert!(!list.is_empty() || !needed, "{}: it is certain of nothing in particular", entry.name);
        texts.extend(list);
    }
    texts.extend(entry.seven);
    texts
}

#[test]
fn every_text_is_there_and_plain() {
    for entry in ALL {
        for text in texts(entry) {
            assert!(!text.trim().is_empty(), "{}: an empty text", entry.name);
            assert_eq!(text.trim(), text, "{}", entry.name);
            assert!(text.chars().all(|c| c == '\n' || (' '..='~').contains(&c)), "{}: {text}", entry.name);
            assert!(!text.contains("  "), "{}: two spaces in {text}", entry.name);
            assert!(!text.replace("\n\n", "").contains('\n'), "{}: a broken paragraph in {text}", entry.name);
        }
        for word in ["Wrong cures:", "spinlock", "semaphore"] {
            assert!(
                entry.explanation.to_lowercase().contains(&word.to_lowercase()),
                "{}: {word}",
                entry.name
            );
        }
        assert!(entry.title.len() <= 75, "{}", entry.name);
    }
    assert!(QUESTIONS.iter().all(|question| question.ends_with('?')));
}

#[test]
fn each_cause_is_a_chapter() {
    assert!(ALL.is_sorted_by_key(|entry| entry.cause), "an entry stands among those of another cause");
}

#[test]
fn the_drivers_have_the_points_of_their_experiments() {
    let points = experiment::of_drivers();
    for name in ["scull-leak", "book-single", "book-alloc", "double-wake", "book-pipe-if"] {
        let known = find(name).unwrap().known_points.iter();
        let strange: Vec<_> = known.filter(|point| **point != "call" && !points.contains(point)).collect();
        assert!(strange.is_empty(), "{name}: {strange:?}");
    }
    let plan = |probe: &str| kcore::probe::Plan::new(&probe.parse().unwrap(), &Default::default()).unwrap();
    assert_eq!(plan("script=A.slot.load B.slot.store").check("the drivers", &points), Ok(()));
    let refused = plan("rendezvous=slot.store,slot.stroe").check("the drivers", &points).unwrap_err();
    assert!(
        refused.message.starts_with(
            "unknown probe point of the drivers 'slot.stroe'; did you mean 'slot.store'? valid: "
        )
    );
}

#[test]
fn every_name_is_found_and_no_other() {
    for entry in ALL {
        assert_eq!(find(entry.name), Ok(*entry));
        assert_eq!(ALL.iter().filter(|other| other.name == entry.name).count(), 1);
    }
    let message = find("scull-leek").expect_err("no such entry").message;
    assert!(
        message
            .starts_with("unknown experiment 'scull-leek'; did you mean 'scull-leak'? valid: scull-leak, "),
        "{message}"
    );
}

#[test]
fn every_default_point_and_step_is_known() {
    for entry in ALL {
        let objects =
            [None, Some(Object::Quantum), Some(Object::Array), Some(Object::Node), Some(Object::All)];
        for object in objects {
            if object.is_some() && entry.variant(object).is_none() {
                continue;
            }
            for point in entry.locks().flat_map(|lock| entry.points_for(lock, object)).chain(entry.fire) {
                assert!(entry.known_points.contains(point), "{}: {point}", entry.name);
            }
            for step in entry.script_for(object) {
                let step: Step = step.parse().expect("a step");
                assert!(
                    u32::from(step.who) < entry.tasks.unwrap_or(2)
                        && entry.known_points.contains(&step.point.as_str()),
                    "{}: {step}",
                    entry.name
                );
            }
        }
    }
}

/// An interrupt is certain to show the race only with the entry's own number of tasks.
#[test]
fn who_is_interrupted_has_a_number_of_tasks() {
    assert!(ALL.iter().all(|entry| !entry.certain.fire || entry.tasks.is_some()));
}

#[test]
fn the_unguarded_form_comes_first_and_the_cures_after_it() {
    for entry in ALL {
        // Fairness is measured, not judged: no form is wrong, and none is the cure.
        let is_statistics =
            entry.rows.iter().flat_map(|row| row.gives).all(|gives| gives == Some(Expect::Any));
        let has_cure = entry.rows.iter().any(kcore::experiment::Row::is_cure);
        assert!(has_cure != is_statistics, "{}: no cure", entry.name);
        assert!(!entry.rows[0].is_cure(), "{}: the unguarded form is a cure", entry.name);
    }
}

#[test]
fn where_it_is_forced_each_form_gives_what_its_row_says() {
    for entry in ALL {
        for lock in entry.locks() {
            let line = format!("run {} lock={lock} probe={}", entry.name, entry.forced());
            let Some(expected) = entry.cell(lock, 4, Config::Full) else { continue };
            let resolved = run(&line).expect("a run");
            assert_eq!(resolved.expected, expected, "{line}");
            // What the report repeats is the same run.
            let again = format!("run {} lock={lock} probe=\"{}\"", entry.name, resolved.probe);
            assert_eq!(run(&again), Ok(resolved), "{again}");
        }
    }
}

/// quanta, rounds, writers, expectation.
fn summary(line: &str) -> (u32, u32, u32, Expect) {
    let run = run(line).unwrap_or_else(|message| panic!("{line}: {message}"));
    (run.quanta, run.rounds, run.writers, run.expected)
}

#[test]
fn defaults_of_scull_leak() {
    const CLEAN: Expect = Expect::Only(Verdict::Clean);
    const RACED: Expect = Expect::Only(Verdict::Raced);
    use Expect::Any;
    let table = [
        ("run scull-leak", (1000, 10, 4, Any)),
        ("run scull-leak probe=pause", (1000, 10, 4, Any)),
        ("run scull-leak probe=delay=7 writers=9", (1000, 10, 9, Any)),
        ("run scull-leak lock=spinlock", (1000, 10, 4, CLEAN)),
        ("run scull-leak probe=rendezvous", (100, 3, 4, RACED)),
        ("run scull-leak probe=rendezvous=slot.store", (100, 3, 4, RACED)),
        ("run scull-leak probe=rendezvous=slot.load", (100, 3, 4, Any)),
        ("run scull-leak probe=rendezvous writers=1", (100, 3, 1, Any)),
        ("run scull-leak probe=rendezvous expect=any", (100, 3, 4, Any)),
        ("run scull-leak probe=rendezvous lock=completion", (100, 3, 4, CLEAN)),
        ("run scull-leak probe=rendezvous lock=semaphore expect=raced", (100, 3, 4, RACED)),
        ("run scull-leak probe=rendezvous object=array", (100, 3, 4, RACED)),
        ("run scull-leak probe=rendezvous object=all", (100, 3, 4, RACED)),
        ("run scull-leak probe=rendezvous object=node", (1, 3, 4, RACED)),
        ("run scull-leak object=node quanta=1", (1, 10, 4, Any)),
        ("run scull-leak object=array", (100, 10, 4, Any)),
        ("run scull-leak object=array quanta=500", (500, 10, 4, Any)),
        ("run scull-leak probe=script", (1, 1, 2, RACED)),
        ("run scull-leak probe=script object=array", (1, 1, 2, RACED)),
        ("run scull-leak probe=script quanta=2 rounds=3", (2, 3, 2, RACED)),
        ("run scull-leak probe=script writers=5", (1, 1, 5, Any)),
        ("run scull-leak probe=script=A.slot.load", (1, 1, 2, Any)),
        ("run scull-leak probe=script=A.slot.load,D.slot.load", (1, 1, 4, Any)),
    ];
    for (line, expected) in table {
        assert_eq!(summary(line), expected, "{line}");
    }
}

#[test]
fn what_is_filled_in() {
    let array = run("run scull-leak probe=rendezvous object=array").expect("a run");
    assert_eq!(array.probe.to_string(), "rendezvous=array.store");
    assert_eq!(array.plan, Plan::Rendezvous { points: vec!["array.store".to_string()] });
    assert_eq!(array.object, Some(Object::Array));
    let plain = run("run scull-leak").expect("a run");
    assert_eq!((plain.plan, plain.object, plain.lock), (Plan::Pass, Some(Object::Quantum), Form::None));
    let ring = run("run request-queue lock=ring probe=rendezvous").expect("a run");
    assert_eq!(ring.probe.to_string(), "rendezvous=ring.store");
    // The points typed out that its other forms have by themselves.
    let list = run("run request-queue probe=rendezvous=next.store,head.store").expect("a run");
    assert_eq!(list.expected, run("run request-queue").expect("a run").expected);
    let pause = run("run counter probe=pause").expect("a run");
    assert_eq!((pause.plan, pause.object), (Plan::Delay(1), None));
    let broken = run("run broken-lock probe=script").expect("a run");
    assert_eq!(broken.lock, Form::Broken);
    assert!(matches!(broken.plan, Plan::Script(steps) if steps.len() == 5));
}

#[test]
fn trimmers_and_writers() {
    let roles = |line: &str| (0..4).map(|who| run(line).expect("a run").role(who)).collect::<Vec<_>>();
    assert_eq!(roles("run scull-trim"), [Role::Write, Role::Trim, Role::Write, Role::Trim]);
    assert_eq!(roles("run scull-trim probe=rendezvous"), [Role::Trim; 4]);
    assert_eq!(roles("run scull-read"), [Role::Read; 4]);
}

#[test]
fn what_does_not_fit_is_named() {
    let table = [
        (
            "run counter lock=broken",
            "counter cannot be run with lock=broken; valid: none, spinlock, semaphore, completion, mutex, rwlock, \
             rwsem, irqsave, bh, cpu-owned, preempt-off, irq-off",
        ),
        (
            "run broken-lock lock=none",
            "broken-lock cannot be run with lock=none; valid: broken, spinlock, ticket, semaphore, completion, irqsave, bh",
        ),
        ("run counter object=node", "object= is for scull-leak only, not for counter"),
        ("run scull-leak object=node quanta=2", "object=node means quanta=1, not 2: a list has one head"),
        (
            "run counter probe=rendezvous=slot.store",
            "unknown probe point of counter 'slot.store'; valid: counter.load, counter.store",
        ),
        (
            "run counter probe=script=A.counter",
            "unknown probe point of counter 'counter'; did you mean 'counter.load'? valid: counter.load, counter.store",
        ),
        (
            "run counter probe=script=A.counter.load,C.counter.load writers=2",
            "the script names C, so it needs writers=3 at least, not 2",
        ),
    ];
    for (line, message) in table {
        assert_eq!(run(line), Err(message.to_string()), "{line}");
    }
}

/// The lock of a CPU is right for one task a CPU, wrong for two that share one, and whatever comes of more.
#[test]
fn more_tasks_than_cpus_leave_the_lock_of_a_cpu_to_chance() {
    let entry = find("counter").expect("an entry");
    let expected = |cpus, line: &str| {
        let line = CommandLine::parse(line).expect("a line");
        resolve(&line.run, entry, cpus, Config::Full).expect("a run").expected
    };
    let line = |lock, writers| format!("run counter probe=rendezvous lock={lock} writers={writers}");
    assert_eq!(expected(4, &line("cpu-owned", 4)), Expect::Only(Verdict::Clean));
    assert_eq!(expected(4, &line("cpu-owned", 5)), Expect::Any);
    assert_eq!(expected(1, &line("cpu-owned", 4)), Expect::Only(Verdict::Raced));
    assert_eq!(expected(4, &line("rwlock", 5)), Expect::Only(Verdict::Clean));
    assert_eq!(expected(4, &line("preempt-off", 5)), Expect::Only(Verdict::Raced));
}

#[test]
fn a_machine_of_any_size_gets_a_number_of_writers() {
    let settings = RunSettings::default();
    for (cpus, writers) in [(0, 1), (1, 1), (64, 64), (200, 64)] {
        let entry = find("counter").expect("an entry");
        assert_eq!(resolve(&settings, entry, cpus, Config::Full).expect("a run").writers, writers);
    }
}

/// What a run must have, so that its tasks have something to do: else it is refused, and never called clean.
#[test]
fn what_a_run_needs_it_has_or_is_refused() {
    let table = [
        (
            "run scull-leak quantum=0",
            "scull-leak cannot be run with quantum=0 qset=1000: -EINVAL: Invalid argument",
        ),
        ("run counter quantum=0", ""),
        (
            "run scull-torn quantum=15",
            "scull-torn cannot be run with writers=4 quanta=200 quantum=15 qset=1000: a copy of less than 16 bytes has no \
             two halves",
        ),
        ("run scull-torn quantum=16", ""),
        ("run scull-trim quantum=1", ""),
        ("run scull-publish quantum=1 qset=4", ""),
        (
            "run scull-publish quantum=1 qset=4 writers=5",
            "scull-publish cannot be run with writers=5 quanta=100 quantum=1 qset=4: a list item must have a byte for each \
             writer",
        ),
        ("run scull-leak quantum=1G qset=4G quanta=2", ""),
        (
            "run scull-leak quantum=1G qset=4G quanta=2 object=array",
            "scull-leak cannot be run with writers=4 quanta=2 quantum=1073741824 qset=4294967296: quanta= reaches past \
             the largest position",
        ),
        ("run book-exchange quantum=2147483640 quanta=3", ""),
        (
            "run book-exchange quantum=2147483640 quanta=4",
            "book-exchange cannot be run with writers=2 quanta=4 quantum=2147483640 qset=1: the numbers that are exchanged \
             must be ints",
        ),
        ("run double-wake writers=1", "double-wake needs writers=2 at least, not 1"),
        (
            "run double-wake probe=script=B.flag.store,C.flag.store",
            "double-wake cannot be run with probe=script=B.flag.store,C.flag.store: its tasks sleep for each other, and no \
             probe hears of it",
        ),
        ("run double-wake probe=rendezvous=flag.load", ""),
        ("run book-pipe-if", ""),
        (
            "run book-pipe-if probe=rendezvous=wp.store",
            "book-pipe-if cannot be run with probe=rendezvous=wp.store: its tasks sleep for each other, and no probe hears \
             of it",
        ),
        ("run forgotten-unlock writers=2", ""),
    ];
    for (line, message) in table {
        let line = if line.contains("exchange") { format!("{line} qset=1") } else { line.to_string() };
        assert_eq!(run(&line).map_or_else(|message| message, |_| String::new()), message, "{line}");
    }
}

/// Work that could not be done makes nothing clean, and is no excuse for damage.
#[test]
fn undone_work_is_never_clean() {
    let refused = Run { out_of_memory: 1, ..Run::default() };
    assert_eq!(refused.judge(), Verdict::NotTried);
    assert_eq!(Run { torn: 1, ..refused.clone() }.judge(), Verdict::Raced);
    assert_eq!(Run { stopped: Some(Verdict::Stuck), ..refused }.judge(), Verdict::Stuck);
    assert!(
        Expect::Only(Verdict::NotTried).allows(Verdict::NotTried) && !Expect::Any.allows(Verdict::NotTried)
    );
    let others = Verdict::ALL.iter().filter(|verdict| **verdict != Verdict::NotTried);
    assert!(others.into_iter().all(|verdict| !Expect::Only(*verdict).allows(Verdict::NotTried)));
}

/// What a run reports: a verdict is its word, and none is an empty one.
#[test]
fn verdicts_are_words_on_the_wire() {
    let wire = |run: &Run| serde_json::to_value(run).unwrap();
    for verdict in Verdict::ALL.iter().copied() {
        let run = Run { stopped: Some(verdict), verdict, expected: verdict.into(), ..Run::default() };
        let object = wire(&run);
        for key in ["stopped", "verdict", "expected"] {
            assert_eq!(object[key], verdict.word());
        }
        assert_eq!(serde_json::from_value::<Run>(object).unwrap(), run);
    }
    let object = wire(&Run::default());
    assert_eq!((object["stopped"].as_str(), object["expected"].as_str()), (Some(""), Some("any")));
    assert_eq!(serde_json::from_value::<Run>(object.clone()).unwrap(), Run::default());
    let mut wrong = object;
    wrong["verdict"] = "racy".into();
    assert!(serde_json::from_value::<Run>(wrong).is_err());
}

#[test]
fn any_damage_is_a_race() {
    let damaged: [fn(&mut Run); 10] = [
        |run| run.leaked.node = 1,
        |run| run.leaked.array = 1,
        |run| run.leaked.quantum = u64::MAX,
        |run| run.lost_updates = 1,
        |run| run.torn = 1,
        |run| run.use_after_free = 1,
        |run| run.double_free = 1,
        |run| run.out_of_bounds = 1,
        |run| run.owners = 2,
        |run| run.leaked = Counts { node: u64::MAX, array: u64::MAX, quantum: 2 },
    ];
    for damage in damaged {
        let mut run = Run::default();
        damage(&mut run);
        assert_eq!(run.judge(), Verdict::Raced);
    }
    let fine = Run { owners: 1, leaked_bytes: 7, bytes_written: 1, ..Run::default() };
    assert_eq!((fine.judge(), Run::default().judge()), (Verdict::Clean, Verdict::Clean));
    assert!(Expect::Any.allows(Verdict::Raced) && Expect::Only(Verdict::Clean).allows(Verdict::Clean));
    assert!(
        !Expect::Only(Verdict::Raced).allows(Verdict::Clean)
            && !Expect::Only(Verdict::Clean).allows(Verdict::Deadlock)
    );
}

#[test]
fn accounts_that_do_not_add_up_are_named() {
    let mut run = Run::default();
    run.allocated.quantum = 10;
    run.freed.quantum = 3;
    run.live.quantum = 7;
    run.reachable.quantum = 4;
    run.leaked.quantum = 3;
    assert_eq!(run.check_identities(), Ok(()));
    run.leaked.quantum = 2;
    assert_eq!(run.check_identities(), Err("quantum: live 7 - reachable 4 is not leaked 2".to_string()));
    run.freed.array = 1;
    assert_eq!(run.check_identities(), Err("array: allocated 0 - freed 1 is not live 0".to_string()));
}

proptest! {
    #[test]
    fn any_settings_resolve_or_are_refused(
        which in 0..ALL.len(),
        lock in prop::option::of(prop::sample::select(Form::ALL)),
        object in prop::option::of(prop::sample::select(Object::ALL)),
        probe in prop_oneof![
            Just(Probe::Off),
            any::<u32>().prop_map(Probe::Delay),
            prop::collection::vec("[a-z]{1,4}\\.(load|store)|slot.load", 0..3).prop_map(Probe::Rendezvous),
            prop::collection::vec("([A-D]\\.)?slot\\.load|.{0,5}", 0..3).prop_map(Probe::Script),
        ],
        (writers, quanta, cpus) in (prop::option::of(1..65u32), prop::option::of(any::<u32>()), any::<u32>()),
    ) {
        let settings = RunSettings { lock, object, probe: Some(probe), writers, quanta, ..RunSettings::default() };
        match experiment::resolve(&settings, ALL[which], cpus, Config::Full) {
            Ok(run) => prop_assert!((1..=64).contains(&run.writers) && run.experiment.row(run.lock).is_some()),
            Err(usage) => prop_assert!(!usage.message.is_empty()),
        }
    }
}

/// A script is of one unit. A later write of the same task may carry the size past where it was before it
/// went back, a later item may wake the reader, a later open may be a reason for the refusal, ...
#[test]
fn where_more_work_heals_one_unit_is_certain_and_no_more() {
    for (name, certain) in [
        ("scull-size", Expect::Only(Verdict::Raced)),
        ("book-geometry", Expect::Only(Verdict::Raced)),
        ("book-single", Expect::Only(Verdict::Raced)),
        ("aba", Expect::Only(Verdict::Raced)),
        ("lost-wakeup", Expect::Only(Verdict::Stuck)),
    ] {
        let expected = |quanta| run(&format!("run {name} probe=script quanta={quanta}")).unwrap().expected;
        assert_eq!((expected(1), expected(2)), (certain, Expect::Any), "{name}");
    }
    for (line, expected) in [
        ("run scull-size probe=script quanta=2 lock=spinlock", Expect::Only(Verdict::Clean)),
        ("run scull-torn probe=script quanta=2", Expect::Only(Verdict::Raced)),
    ] {
        assert_eq!(run(line).unwrap().expected, expected, "{line}");
    }
}
