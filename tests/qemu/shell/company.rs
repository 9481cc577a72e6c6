//! Experiments beside other jobs: what these do is no business of the run's, and they go on.

/// A name, how many CPUs there are, the lines of a script that ends well, and what the machine says.
type Beside = (&'static str, u32, &'static str, &'static [&'static str]);

const CLEAN: &str = "verdict: clean (as expected: clean)";
const STUCK: &str = "verdict: stuck (as expected: stuck)";
const DEADLOCK: &str = "verdict: deadlock (as expected: deadlock)";
const RACED: &str = "verdict: raced (as expected: raced)";

/// Runs of more tasks than CPUs, whose holders halt them.
macro_rules! many_meetings {
    () => {
        concat!(
            "run peterson lock=none probe=rendezvous=inside,look writers=44 quanta=2 rounds=2\n",
            "run peterson lock=none probe=rendezvous=inside,look writers=43 quanta=3 rounds=2\n",
            "run peterson lock=none probe=rendezvous=inside,look writers=33 quanta=4 rounds=2\n",
            "run peterson lock=none probe=rendezvous=inside,look writers=64 quanta=2 rounds=2\n",
        )
    };
}

pub(super) const BESIDE: &[Beside] = &[
    // Where tasks lose their CPU at points, time ends the slices of the others all the same.
    (
        "fire-irq",
        2,
        "cat /dev/zero > /dev/null &\nrun irq lock=irqsave\nrun irq lock=spinlock\nkill %1; wait; echo alive\n",
        &[CLEAN, DEADLOCK, "alive"],
    ),
    (
        "fire-softirq",
        2,
        "cat /dev/zero > /dev/null & cat /dev/zero > /dev/null &\nrun softirq lock=bh\nkill %1; kill %2; wait; echo alive\n",
        &[CLEAN, "alive"],
    ),
    (
        "fire-stack-semaphore",
        2,
        "cat /dev/zero > /dev/null & cat /dev/zero > /dev/null &\nrun stack-semaphore lock=completion\n\
         run stack-semaphore lock=semaphore\nkill %1; kill %2; wait; echo alive\n",
        &[CLEAN, RACED, "alive"],
    ),
    (
        "fire-one-cpu",
        1,
        "cat /dev/zero > /dev/null &\nrun preempt lock=none\nrun preempt lock=spinlock\nkill %1; wait; echo alive\n",
        &[RACED, CLEAN, "alive"],
    ),
    // A task that opens a meeting may lose its CPU to one that it has just woken, which halts that CPU at the
    // next point.
    (
        "meeting-beside-busy-jobs",
        3,
        concat!(
            "cat /dev/zero > /dev/null & cat /dev/zero > /dev/null &\n",
            many_meetings!(),
            many_meetings!(),
            many_meetings!(),
            "kill %1; kill %2; wait; echo alive\n",
        ),
        &["alive"],
    ),
    // Tasks that came by themselves are no crew: one that dies in its seat leaves it, and the other goes on.
    (
        "death-in-a-seat",
        4,
        "insmod scull; insmod faulty; echo hello > /dev/scull1\nprobe rendezvous=slot.store 2\n\
         dd if=/dev/zero of=/dev/scull0 bs=10 count=1 | cat &\ndd if=/dev/scull1 of=/dev/faulty\necho $?\nwait\n\
         probe off\nwc -c /dev/scull0\nrmmod scull; echo alive\n",
        &["139", "10 /dev/scull0", "alive"],
    ),
    // Blocks.
    (
        "blocks",
        2,
        "sleep 0.2 &\nrun interrupted lock=semaphore\nwait; run interrupted lock=mutex &\n\
         sleep 0.01; cat /proc/slabinfo | wc -l; sleep 0.1 & sleep 0.1 &\nwait\necho alive\n",
        &[CLEAN, CLEAN, "alive"],
    ),
    // Sleeps: the book's scullpriv allocates under its spinlock.
    (
        "sleep-in-a-driver",
        4,
        "insmod scull edition=book\nrun sleep lock=semaphore quanta=500 rounds=1 &\nsleep 0.1; cat /dev/scullpriv; echo $?\n\
         wait\nrmmod scull; echo alive\n",
        &["0", CLEAN, "alive"],
    ),
    // What sleeps, or reads, or works elsewhere wakes no task of the run.
    (
        "stuck-sleeper",
        2,
        "sleep 1000 &\nrun lost-wakeup lock=none probe=script\nrun forgotten-unlock lock=mutex\nkill %1; wait; echo alive\n",
        &[STUCK, STUCK, "alive"],
    ),
    (
        "stuck-patrol",
        2,
        "echo scan=600 > /sys/kernel/debug/kmemleak\nrun lost-wakeup lock=none probe=script\n\
         echo scan=off > /sys/kernel/debug/kmemleak; echo alive\n",
        &[STUCK, "alive"],
    ),
    (
        "stuck-busy",
        2,
        "cat /dev/zero > /dev/null & cat /dev/zero > /dev/null &\nrun lost-wakeup lock=none probe=script\n\
         run forgotten-unlock lock=semaphore\nkill %1; kill %2; wait; echo alive\n",
        &[STUCK, STUCK, "alive"],
    ),
    (
        "stuck-busy-one-cpu",
        1,
        "cat /dev/zero | cat > /dev/null &\nsleep 1000 &\nrun lost-wakeup lock=none probe=script\nkill %1; kill %2; wait; echo alive\n",
        &[STUCK, "alive"],
    ),
];
