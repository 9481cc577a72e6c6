//! How long a machine has.

/// Seconds until a machine is given up, where no others are told: those of `qemu-run.sh`.
const PATIENCE: u32 = 60;

/// Milliseconds for which a machine that is given up after `timeout` seconds goes on with a search: then there is
/// time left to tell what is known.
pub fn time_to_search(timeout: Option<u32>) -> u64 {
    u64::from(timeout.unwrap_or(PATIENCE)) * 750
}
