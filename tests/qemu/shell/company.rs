//! Experiments beside other jobs: what these do is no business of the run's, and they go on.

/// A name, how many CPUs there are, the lines of a script that ends well, and what the machine says.
type Beside = (&'static str, u32, &'static str, &'static [&'static str]);

const CLEAN: &str = "verdict: clean (as expected: clean)";
const DEADLOCK: &str = "verdict: deadlock (as expected: deadlock)";
const RACED: &str = "verdict: raced (as expected: raced)";

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
    // Blocks.
    (
        "blocks",
        2,
        "sleep 0.2 &\nrun interrupted lock=semaphore\nwait; run interrupted lock=mutex &\n\
         sleep 0.01; cat /proc/slabinfo | wc -l; sleep 0.1 & sleep 0.1 &\nwait\necho alive\n",
        &[CLEAN, CLEAN, "alive"],
    ),
];
