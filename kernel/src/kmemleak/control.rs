//! What is written to `/sys/kernel/debug/kmemleak`.

use kcore::errno::Errno;

use crate::mm::heap;
use crate::observe::run;
use crate::println;

use super::roots::Roots;
use super::{clear_stack_below, object, patrol, report, state};

/// Seconds from one search of `scan=on` to the next, as in Linux.
const DEFAULT_SECONDS: u64 = 600;

/// Does what is written to `/sys/kernel/debug/kmemleak`: `scan`, `clear`, `off`, `stack=on`, `stack=off`,
/// `scan=on`, `scan=off`, `scan=SECS`, `dump=ADDR` (Linux: Documentation/dev-tools/kmemleak.rst).
/// [`Errno::EINVAL`] for anything else, and for an address that lies in no block; [`Errno::EPERM`] after
/// `off`, which only [`enable`](super::enable) takes back; [`Errno::ENOMEM`] without memory for the tables;
/// [`Errno::EBUSY`] when a CPU does not stop.
pub fn control(words: &str) -> Result<(), Errno> {
    clear_stack_below();
    obey(words.trim())
}

#[inline(never)]
fn obey(words: &str) -> Result<(), Errno> {
    match words {
        "clear" => return state::lock().clear(),
        "off" => return off(),
        _ if state::lock().off => return Err(Errno::EPERM),
        "scan" => return scan(),
        "stack=on" => state::lock().roots = Roots::ALL,
        "stack=off" => state::lock().roots = Roots::DATA,
        "scan=on" => return patrol::every(DEFAULT_SECONDS),
        "scan=off" => patrol::stop(),
        _ => return obey_with_number(words),
    }
    Ok(())
}

fn obey_with_number(words: &str) -> Result<(), Errno> {
    match words.split_once('=').ok_or(Errno::EINVAL)? {
        ("scan", seconds) => match seconds.parse().map_err(|_| Errno::EINVAL)? {
            0 => patrol::stop(),
            seconds => return patrol::every(seconds),
        },
        ("dump", address) => {
            let digits = address.strip_prefix("0x").unwrap_or(address);
            return dump(usize::from_str_radix(digits, 16).map_err(|_| Errno::EINVAL)?);
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(())
}

/// Searches, and says so if there is something to report.
pub(super) fn scan() -> Result<(), Errno> {
    let mut state = state::lock();
    let roots = state.roots;
    let found = state.search(roots, &[], &[])?;
    if found.unreferenced > 0 {
        let objects = report::objects(found.unreferenced);
        println!("kmemleak: {objects} (see /sys/kernel/debug/kmemleak)");
    }
    Ok(())
}

fn off() -> Result<(), Errno> {
    patrol::stop();
    run::trace(false);
    let mut state = state::lock();
    state.off = true;
    state.forget();
    Ok(())
}

/// Prints what is known of the block that has `address` in it, whether it is referenced or not.
fn dump(address: usize) -> Result<(), Errno> {
    let record = heap::with_ledger(|ledger| {
        let within = |start: usize, size: usize| (start..start + size.max(1)).contains(&address);
        let mut records = ledger.since(0);
        records.find(|record| within(record.allocation.address, record.allocation.size)).copied()
    });
    match record {
        Some(record) => println!("{}{}", object::text(&record, None), state::lock().holders(address)),
        None => println!("kmemleak: Unknown object at {address:#018x}"),
    }
    record.map(drop).ok_or(Errno::EINVAL)
}
