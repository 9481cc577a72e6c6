//! What the rows of single exhibits do not say: which nodes, how many waits, whose fault.

use kcore::report::{Counts, Run};
use kcore::settings::Verdict;
use lab::session::Outcome;
use libtest_mimic::Trial;
use tests::Case;
use tests::case::steps;
use tests::ensure::{Answer, holds, same};

use crate::races::clean;

pub(crate) fn trials() -> Vec<Trial> {
    let mut cases = request_queue();
    cases.extend(ring());
    cases.extend(torn_pair());
    cases.extend(bit_lock());
    cases.extend(aba());
    cases.extend(unplug());
    cases.extend(book());
    cases.extend(book_by_chance());
    cases.extend(peterson());
    cases.extend(interrupted());
    cases.push(starvation());
    cases.extend(soak());
    cases.extend(multithread_write());
    cases.extend(access_control());
    cases.into_iter().map(Case::trial).collect()
}

/// At the rendezvous a meeting loses a request, and more if the tail is stored last by the one that added it:
/// luck.
fn request_queue() -> Vec<Case> {
    let one = Case::new("exhibits::request-queue::script", "run request-queue probe=script").run(|run| {
        same("lost requests", run.lost_updates, 1)?;
        same("broken tails", run.torn, 1)
    });
    let crowd = Case::new(
        "exhibits::request-queue::crowd",
        "run request-queue lock=mutex cpus=2 writers=7 quanta=300 rounds=3",
    );
    let least = Case::new("exhibits::request-queue::rendezvous", "run request-queue rounds=5").run(|run| {
        same("the verdict", run.verdict, Verdict::Raced)?;
        holds("a request is lost in each round at least", run.lost_updates >= 5)
    });
    vec![one, least, crowd.run(clean)]
}

/// All steps happen, and a request is neither lost nor seen before it is there; what a full ring refuses is
/// told.
fn ring() -> Vec<Case> {
    let script = |name: &str, words: &str, script: &str| {
        let words = format!("run request-queue lock=ring {words}");
        Case::new(format!("exhibits::request-queue::ring::{name}"), words)
            .word(format!("probe=script={script}"))
            .never_says("found no room")
            .run(clean)
            .check(|outcome| same("impossible steps", steps(outcome), Vec::new()))
    };
    let adder_first = "A.ring.load B.ring.load B.ring.store A.ring.store";
    let reader_first = "B.ring.load A.ring.load A.ring.store B.ring.store";
    // One place is the first request's, and no task takes any.
    let full =
        Case::new("exhibits::request-queue::ring::full", "run request-queue lock=ring writers=1 quanta=1000")
            .says("requests of a round that found no room and stayed with their adder: 745\n");
    let words = "run request-queue lock=ring cpus=2 writers=7 quanta=300 rounds=3";
    let crowd = Case::new("exhibits::request-queue::ring::crowd", words);
    vec![
        script("adder-first", "", adder_first),
        script("reader-first", "", reader_first),
        script("one-cpu", "cpus=1", adder_first),
        full.run(clean),
        crowd.run(clean),
    ]
}

/// One time is read while it is set: torn without a guard; with the seqlock read again, once, or waited for.
fn torn_pair() -> Vec<Case> {
    const BETWEEN: &str = "probe=script=B.pair.store A.pair.load A.pair.load B.pair.store";
    const WAITS: &str = "step 3: A cannot load pair: it waits for pair.lock, held by B";
    let torn = |name: &str, word: &str| {
        Case::new(format!("exhibits::torn-pair::{name}"), "run torn-pair")
            .word(word)
            .never_says("repeated")
            .run(|run| same("torn times", run.torn, 1))
            .check(|outcome| same("impossible steps", steps(outcome), Vec::new()))
    };
    let again = [4, 1].map(|cpus| {
        let words = format!("run torn-pair lock=seqlock probe=script cpus={cpus}");
        Case::new(format!("exhibits::torn-pair::seqlock::{cpus}-cpus"), words)
            .says("reads of a round that were repeated: 1\n")
            .run(clean)
            .check(|outcome| same("impossible steps", steps(outcome), Vec::new()))
    });
    let waits = Case::new("exhibits::torn-pair::seqlock::waits", "run torn-pair lock=seqlock")
        .word(BETWEEN)
        .says("reads of a round that were repeated: 0\n")
        .run(clean)
        .check(|outcome| same("impossible steps", steps(outcome), vec![WAITS.to_string()]));
    // A reader that waits for a writer is not waited for.
    let meets = ["pair.store", "pair.load"].map(|point| {
        let words =
            format!("run torn-pair lock=seqlock probe=rendezvous={point} writers=5 quanta=5 rounds=2");
        Case::new(format!("exhibits::torn-pair::seqlock::meets::{point}"), words).run(clean)
    });
    let crowd = Case::new(
        "exhibits::torn-pair::seqlock::crowd",
        "run torn-pair lock=seqlock probe=off cpus=2 writers=7 quanta=300 rounds=3",
    );
    let both = [torn("old-and-new", "probe=script"), torn("new-and-old", BETWEEN)];
    both.into_iter().chain(again).chain(meets).chain([waits, crowd.run(clean)]).collect()
}

/// The release that comes second finds the bit clear; in one step the same steps give one owner.
fn bit_lock() -> Vec<Case> {
    const CLEAR: &str = "found the bit clear";
    let case = |name: &str, words: &str| {
        Case::new(format!("exhibits::bit-lock::{name}"), format!("run bit-lock {words}"))
    };
    let no_steps = |outcome: &Outcome| same("impossible steps", steps(outcome), Vec::new());
    let broken = ["cpus=4", "cpus=1"].map(|cpus| {
        let broken = case(&format!("broken::{cpus}"), &format!("probe=script {cpus}"));
        broken
            .says("releases of a round that found the bit clear: 1\n")
            .run(|run| same("owners at once", run.owners, 2))
            .check(no_steps)
    });
    let right = ["cpus=4", "cpus=1"].map(|cpus| {
        case(&format!("test-and-set::{cpus}"), &format!("lock=test-and-set probe=script {cpus}"))
            .never_says(CLEAR)
            .run(clean)
            .check(no_steps)
    });
    let all = case("rendezvous", "writers=6 cpus=2 quanta=1").run(|run| same("owners", run.owners, 6));
    let crowd = case("crowd", "lock=test-and-set probe=off writers=9 cpus=3 quanta=200 rounds=3");
    broken.into_iter().chain(right).chain([all, crowd.never_says(CLEAR).run(clean)]).collect()
}

/// B owns Y, which is the top again; Z was behind X, which is gone.
fn aba() -> Vec<Case> {
    let corrupt = |name: &str, words: &str| {
        Case::new(format!("exhibits::aba::{name}"), format!("run aba probe=script {words}"))
            .says("node 2 is in too many places at once: owners 1, in the stack 1")
            .says("node 3 is lost: nobody has it, and the stack does not lead to it")
            .never_says("node 1 is")
            .run(|run| same("corrupt places", run.lost_updates, 2))
            .check(|outcome| same("impossible steps", steps(outcome), Vec::new()))
    };
    let tagged = Case::new("exhibits::aba::tagged", "run aba lock=tagged probe=script")
        .never_says("node ")
        .run(clean)
        .check(|outcome| same("impossible steps", steps(outcome), Vec::new()));
    let natural =
        Case::new("exhibits::aba::crowd", "run aba lock=tagged writers=9 cpus=3 quanta=500 rounds=3");
    vec![corrupt("none", ""), corrupt("one-cpu", "cpus=1"), tagged, natural.run(clean)]
}

const UNPLUGGED: &str = "after the last unplugging a lookup gives -ENODEV: No such device";

/// Ten times each: two wrong accesses a time, the one that reads poison and the one that writes into it.
fn unplug() -> Vec<Case> {
    let broken = ["none", "spinlock"].map(|lock| {
        let words = format!("run unplug lock={lock} probe=script rounds=10");
        Case::new(format!("exhibits::unplug::{lock}"), words).says(UNPLUGGED).run(|run| {
            same("the verdict", run.verdict, Verdict::Raced)?;
            same("wrong accesses", run.use_after_free, 20)?;
            every_device_was_freed(run, 10)
        })
    });
    let counted = Case::new("exhibits::unplug::counted", "run unplug lock=counted probe=script rounds=10")
        .says(UNPLUGGED)
        .run(clean)
        .run(|run| every_device_was_freed(run, 10))
        .check(|outcome| same("impossible steps", steps(outcome), Vec::new()));
    let crowd = Case::new("exhibits::unplug::crowd", "run unplug lock=counted writers=8 cpus=2 quanta=100")
        .run(clean)
        .run(|run| same("devices alive", run.live.total(), 0));
    // The other end of life: B has plugged a new device in, and A finds it before it works.
    let early = |lock: &str| {
        let words = format!("run unplug lock={lock} quanta=2");
        let script =
            "probe=script=B.slot.store B.unplugged B.slot.store A.slot.load A.found A.uses.load B.plugged";
        Case::new(format!("exhibits::unplug::early::{lock}"), words).word(script)
    };
    let before = early("none").word("expect=raced").run(|run| same("devices", run.allocated.node, 2));
    let after = early("counted").run(clean);
    broken.into_iter().chain([counted, crowd, before, after]).collect()
}

fn every_device_was_freed(run: &Run, devices: u64) -> Answer {
    same("devices", run.allocated.node, devices)?;
    same("devices freed", run.freed.node, devices)?;
    same("freed twice", run.double_free, 0)
}

/// What the driver of the book does wrong with its lock: how often, each time in the same way.
fn book() -> Vec<Case> {
    let case = |name: &str| {
        Case::new(format!("exhibits::{name}::book"), format!("run {name} lock=book rounds=3"))
            .run(|run| same("the verdict", run.verdict, Verdict::Raced))
    };
    // A write past the end of the array, and a trim.
    let geometry = case("book-geometry").run(|run| same("out of bounds", run.out_of_bounds, 3 * 2));
    let dump = case("book-proc").run(|run| same("pointers out of freed memory", run.use_after_free, 3));
    let exchange = case("book-exchange")
        .says("one value was told to 2 tasks")
        .run(|run| same("values that nobody was told of", run.lost_updates, 3));
    // Ten quanta show what was there before; one write divides by zero.
    let quantum = case("book-quantum").run(|run| {
        same("quanta of old bytes", run.use_after_free, 3 * 10)?;
        same("divisions by zero", run.out_of_bounds, 3)
    });
    vec![geometry, dump, exchange, quantum]
}

/// Whatever the tasks meet on their way, each exhibit of the book's mistakes comes to an end, and what is
/// repaired is clean: also where nothing sees to it that the tasks meet, on one CPU, and with more tasks than
/// the exhibit is about.
fn book_by_chance() -> Vec<Case> {
    let table = [
        ("book-pipe-if", "probe=pause lock=repaired cpus=4"),
        ("book-pipe-if", "probe=pause lock=book cpus=1"),
        ("book-pipe-if", "probe=off lock=book cpus=1 writers=5"),
        ("book-pipe-size", "probe=pause lock=repaired cpus=1 writers=3"),
        ("book-quantum", "probe=off lock=repaired cpus=4 writers=5"),
        ("book-proc", "probe=delay=50 lock=repaired cpus=1 writers=5"),
        ("book-geometry", "probe=delay=50 lock=repaired cpus=1 writers=5"),
    ];
    let case = |(name, words)| {
        Case::new(format!("exhibits::{name}::by-chance::{words}"), format!("run {name} {words} timeout=40"))
    };
    table.into_iter().map(case).collect()
}

/// A sequential accelerator says why there is nothing to see; and the fence cures.
fn peterson() -> Vec<Case> {
    const SEQUENTIAL: &str = "the accelerator runs one CPU at a time";
    let sequential = ["tcg-single", "icount"].map(|accel| {
        let words = format!("run peterson accel={accel} quanta=500 rounds=2");
        Case::new(format!("exhibits::peterson::{accel}"), words).says(SEQUENTIAL).run(clean)
    });
    let parallel = Case::new("exhibits::peterson::tcg", "run peterson accel=tcg").never_says(SEQUENTIAL);
    let one = Case::new("exhibits::peterson::one-cpu", "run peterson cpus=1").run(clean);
    let fenced = Case::new("exhibits::peterson::pairs", "run peterson lock=fenced writers=5").run(clean);
    sequential.into_iter().chain([parallel, one, fenced]).collect()
}

/// Ten thousand interrupted waits: the broken form loses the unit once, the others never, whatever the seed.
fn interrupted() -> Vec<Case> {
    const ALL: &str = "10000 waits were ended by a signal";
    let broken =
        Case::new("exhibits::interrupted::broken", "run interrupted lock=broken").says(ALL).run(|run| {
            same("lost units", run.lost_updates, 1)?;
            same("the verdict", run.verdict, Verdict::Raced)
        });
    let right = ["semaphore", "mutex", "completion"].into_iter().flat_map(|lock| {
        [(4, 1), (4, 2), (1, 3)].map(|(cpus, seed)| {
            let words = format!("run interrupted lock={lock} cpus={cpus} seed={seed}");
            let case = Case::new(format!("exhibits::interrupted::{lock}::{cpus}-cpus::{seed}"), words);
            case.says(ALL).run(clean).run(|run| same("owners at once", run.owners, 1))
        })
    });
    [broken].into_iter().chain(right).collect()
}

/// What the devices with access control do wrong as printed, and that crowds find nothing in the repaired
/// ones.
fn access_control() -> Vec<Case> {
    const NOBODY: &str = "an open gave -EBUSY, and nobody had the device";
    let single = Case::new("exhibits::book-single::script", "run book-single").says(NOBODY).run(|run| {
        same("wrong answers", run.lost_updates, 1)?;
        same("owners at once", run.owners, 1)
    });
    let free = Case::new("exhibits::book-single::repaired", "run book-single lock=repaired")
        .never_says(NOBODY)
        .run(clean)
        .check(|outcome| same("impossible steps", steps(outcome), Vec::new()));
    let after = Case::new("exhibits::book-trim::script", "run book-trim probe=script").run(|run| {
        same("writes after free", run.use_after_free, 1)?;
        same("freed twice", run.double_free, 0)
    });
    // One node, one array, ten quanta, three times.
    let twice = Case::new("exhibits::book-trim::rendezvous", "run book-trim quanta=10")
        .run(|run| same("freed twice", run.double_free, 36));
    let alloc = Case::new("exhibits::book-alloc", "run book-alloc")
        .says("is about to sleep at private.rs:")
        .says("with scullpriv.lock held since private.rs:");
    let crowds = [("book-single", 50), ("book-alloc", 50), ("book-trim", 10)].map(|(name, quanta)| {
        let words = format!("run {name} lock=repaired probe=off writers=9 cpus=4 quanta={quanta}");
        Case::new(format!("exhibits::{name}::crowd"), words).run(clean)
    });
    [single, free, after, twice, alloc].into_iter().chain(crowds).collect()
}

/// However the turns are dealt out, there are as many as there were.
fn starvation() -> Case {
    Case::new("exhibits::starvation", "run starvation quanta=100").check(|outcome| {
        let turns =
            |line: &str| -> Option<u64> { line.split_once(": ")?.1.split_once(" turns, ")?.0.parse().ok() };
        let shares: Vec<u64> = outcome.com1.lines().filter_map(turns).collect();
        same("tasks", shares.len(), 4)?;
        holds("all turns were taken", shares.iter().sum::<u64>() == 400)
    })
}

/// Mixed traffic of many tasks for a while, behind each right lock: the account balances, every read is
/// whole, and each round ends, which takes every task. A minute of it is for hosts that have one.
fn soak() -> impl Iterator<Item = Case> {
    let locks = kcore::experiment::find("soak").expect("it is in the catalogue").rows.iter();
    locks.filter(|row| row.is_cure()).map(|row| {
        let words = format!("run soak lock={} writers=64 cpus=4 seconds=2", row.lock);
        Case::new(format!("exhibits::soak::{}", row.lock), words).run(clean).run(|run| {
            same("tasks", run.writers, 64)?;
            holds("there was a round", run.rounds > 0)?;
            same("alive and not reachable", run.live.total() - run.reachable.total(), 0)
        })
    })
}

/// n writers that meet at every store: each pointer costs n - 1 blocks. And with the heap full, all of them
/// hear of it.
fn multithread_write() -> Vec<Case> {
    let exact =
        Case::new("exhibits::multithread-write::exact", "run multithread-write lock=none quanta=1500");
    let exact = exact.run(|run| {
        same("the verdict", run.verdict, Verdict::Raced)?;
        same("reachable", run.reachable, Counts { node: 2, array: 2, quantum: 1500 })?;
        same("leaked", run.leaked, Counts { node: 8, array: 8, quantum: 6000 })?;
        same("-ENOMEM", run.out_of_memory, 0)
    });
    let guarded = ["spinlock", "mutex", "rwsem"].map(|lock| {
        let words = format!("run multithread-write lock={lock} probe=off");
        Case::new(format!("exhibits::multithread-write::{lock}"), words).run(clean).run(|run| {
            same("-ENOMEM", run.out_of_memory, 0)?;
            same("bytes", run.bytes_written, 5 * u64::from(run.quanta) * 4000)
        })
    });
    let side_by_side = Case::new("exhibits::multithread-write", "run multithread-write").check(|outcome| {
        let runs: Vec<_> = outcome.report.runs().collect();
        let forms = runs.iter().map(|run| run.lock.as_str());
        let expected = ["none", "semaphore", "mutex", "spinlock", "none", "semaphore"];
        same("the forms", forms.collect::<Vec<_>>(), expected.to_vec())?;
        for run in runs.iter().filter(|run| run.lock != "none") {
            clean(run)?;
            same("-ENOMEM behind a lock", run.out_of_memory, 0)?;
        }
        let forced = runs[4];
        same("writers that ran out of memory", forced.out_of_memory, 5)?;
        holds("more is lost than one of them writes", forced.leaked_bytes > u64::from(forced.quanta) * 4000)
    });
    [exact, side_by_side].into_iter().chain(guarded).collect()
}
