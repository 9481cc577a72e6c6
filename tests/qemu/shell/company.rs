//! Experiments beside other jobs: what these do is no business of the run's, and they go on.

/// A name, how many CPUs there are, the lines of a script that ends well, and what the machine says.
type Beside = (&'static str, u32, &'static str, &'static [&'static str]);

const CLEAN: &str = "verdict: clean (as expected: clean)";

pub(super) const BESIDE: &[Beside] = &[
    // Blocks.
    (
        "blocks",
        2,
        "sleep 0.2 &\nrun interrupted lock=semaphore\nwait; run interrupted lock=mutex &\n\
         sleep 0.01; cat /proc/slabinfo | wc -l; sleep 0.1 & sleep 0.1 &\nwait\necho alive\n",
        &[CLEAN, CLEAN, "alive"],
    ),
];
