//! `/proc/meminfo` and `/proc/slabinfo`: the memory as the frame allocator, the heap and its ledger know it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use kcore::errno::Errno;
use kcore::machine::Kind;
use kcore::place::Place;

use crate::frames;
use crate::mm::Text;
use crate::mm::heap;
use crate::task::shortage;
use kcore::sort;

/// The machine's memory, and the heap in it.
pub(super) fn meminfo() -> String {
    let total: u64 = frames::memory().iter().map(|range| range.end - range.start).sum();
    let room = heap::room();
    let line = |name: &str, bytes: u64| format!("{:<15}{:>10} kB\n", format!("{name}:"), bytes >> 10);
    [
        ("MemTotal", total),
        ("MemFree", frames::free_bytes()),
        ("HeapTotal", (room.used + room.free) as u64),
        ("HeapUsed", room.used as u64),
        ("HeapFree", room.free as u64),
    ]
    .map(|(name, bytes)| line(name, bytes))
    .concat()
}

/// The blocks that one line of source has asked for, or all of one kind.
#[derive(Clone, Copy)]
struct Group {
    kind: Kind,
    at: Place,
    objects: u64,
    bytes: u64,
}

/// Most lines of source that are told apart: what asks for memory beyond that is one group more.
const GROUPS: usize = 256;

/// The live blocks: by kind, and by the line of source that has asked for them.
pub(super) fn slabinfo() -> Result<String, Errno> {
    let (groups, rest) = groups()?;
    Text::of(|text| write_slabs(text, &groups, &rest))
}

fn write_slabs(text: &mut Text, groups: &[Group], rest: &[Group]) -> fmt::Result {
    writeln!(text, "# live blocks, by kind\n# name            objects        bytes")?;
    for kind in [Kind::Node, Kind::Array, Kind::Quantum, Kind::Other] {
        let of_kind = groups.iter().chain(rest).filter(|group| group.kind == kind);
        let (objects, bytes) =
            of_kind.fold((0, 0), |sum: (u64, u64), group| (sum.0 + group.objects, sum.1 + group.bytes));
        writeln!(text, "{:<12} {objects:>12} {bytes:>12}", format!("{kind}"))?;
    }
    writeln!(text, "# by allocation site\n# kind           objects        bytes  site")?;
    for Group { kind, at, objects, bytes } in groups {
        let kind = format!("{kind}");
        writeln!(text, "{kind:<12} {objects:>12} {bytes:>12}  {}:{}", at.file(), at.line())?;
    }
    for Group { kind, objects, bytes, .. } in rest {
        writeln!(text, "{:<12} {objects:>12} {bytes:>12}  elsewhere", format!("{kind}"))?;
    }
    Ok(())
}

/// The groups, those with the most bytes first, and what did not fit, by kind. The heap is locked meanwhile,
/// so nothing is allocated: the room is there before.
fn groups() -> Result<(Vec<Group>, Vec<Group>), Errno> {
    let mut groups: Vec<Group> = shortage::with_room_for(GROUPS)?;
    let mut rest: Vec<Group> = shortage::with_room_for(4)?;
    heap::with_ledger(|ledger| {
        for record in ledger.all().filter(|record| record.is_live()) {
            let block = record.allocation;
            let key = |kind: Kind, at: Place| (at.file(), at.line(), kind as u8);
            let wanted = key(block.kind, block.allocated_at);
            let place = groups.binary_search_by(|group| key(group.kind, group.at).cmp(&wanted));
            let new = Group { kind: block.kind, at: block.allocated_at, objects: 0, bytes: 0 };
            let group = match place {
                Ok(index) => &mut groups[index],
                Err(index) if groups.len() < GROUPS => {
                    groups.insert(index, new);
                    &mut groups[index]
                }
                Err(_) => of_kind(&mut rest, new),
            };
            group.objects += 1;
            group.bytes += block.size as u64;
        }
    });
    let key = |group: &Group| (core::cmp::Reverse(group.bytes), group.at.line());
    sort::any(&mut groups, |a, b| key(a) < key(b));
    Ok((groups, rest))
}

/// The group of `new.kind`, which there is one of for each of the four kinds at most.
fn of_kind(rest: &mut Vec<Group>, new: Group) -> &mut Group {
    let index = rest.iter().position(|group| group.kind == new.kind).unwrap_or_else(|| {
        rest.push(new);
        rest.len() - 1
    });
    &mut rest[index]
}
