//! Random histories against a map.

use core::mem::MaybeUninit;
use std::collections::BTreeMap;
use std::vec::Vec;

use proptest::prelude::*;

use super::{Room, addresses, block};
use crate::ledger::*;
use crate::machine::{BadFree, Kind};

const KINDS: [Kind; 4] = [Kind::Node, Kind::Array, Kind::Quantum, Kind::Other];

/// One step against the ledger. Addresses are few, so that they meet again.
#[derive(Clone, Debug)]
enum Step {
    Record { address: usize, size: usize, kind: usize },
    Free { address: usize, at_once: bool },
    Mark { address: usize },
    BeginMarking,
    Retain { since: u64, every: usize },
}

fn step() -> impl Strategy<Value = Step> {
    // In different parts, where there are several.
    let address = || (0..24_usize).prop_map(|n| (n << 16) + n * 16);
    prop_oneof![
        4 => (address(), 1..5000_usize, 0..4_usize)
            .prop_map(|(address, size, kind)| Step::Record { address, size, kind }),
        4 => (address(), any::<bool>()).prop_map(|(address, at_once)| Step::Free { address, at_once }),
        2 => address().prop_map(|address| Step::Mark { address }),
        1 => Just(Step::BeginMarking),
        1 => (0..200_u64, 1..4_usize).prop_map(|(since, every)| Step::Retain { since, every }),
    ]
}

/// What a ledger should be, by address.
#[derive(Default)]
struct Model {
    blocks: BTreeMap<usize, Modelled>,
    counts: Snapshot,
}

struct Modelled {
    serial: u64,
    size: usize,
    kind: Kind,
    live: bool,
    marked: bool,
}

impl Model {
    fn record(&mut self, address: usize, size: usize, kind: Kind, is_full: bool) -> Result<u64, Refused> {
        let refusal = if is_full {
            Some(Refused::Full)
        } else if address == 0 || self.blocks.contains_key(&address) {
            Some(Refused::Taken)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            self.counts.refused += 1;
            return Err(refusal);
        }
        self.counts.serial += 1;
        self.counts.allocated[kind] += 1;
        let serial = self.counts.serial;
        self.blocks.insert(address, Modelled { serial, size, kind, live: true, marked: false });
        Ok(serial)
    }

    fn free(&mut self, address: usize, manner: Manner) -> Result<Freed, BadFree> {
        let Some(block) = self.blocks.get_mut(&address) else {
            self.counts.unknown_free += 1;
            return Err(BadFree::Unknown);
        };
        if !block.live {
            self.counts.double_free += 1;
            return Err(BadFree::Double);
        }
        block.live = false;
        self.counts.freed[block.kind] += 1;
        let freed = Freed { size: block.size, kind: block.kind, serial: block.serial, manner };
        if manner == Manner::AtOnce {
            self.blocks.remove(&address);
        }
        Ok(freed)
    }

    fn retain(&mut self, since: u64, keep: impl Fn(usize) -> bool) {
        let counts = &mut self.counts;
        self.blocks.retain(|&address, block| {
            let stays = block.serial < since || keep(address);
            if !stays && block.live {
                counts.reclaimed[block.kind] += 1;
            }
            stays
        });
    }

    fn by_age(&self, which: impl Fn(&Modelled) -> bool) -> Vec<usize> {
        let mut chosen: Vec<_> = self.blocks.iter().filter(|(_, block)| which(block)).collect();
        chosen.sort_by_key(|(_, block)| block.serial);
        chosen.into_iter().map(|(&address, _)| address).collect()
    }
}

fn play<const N: usize>(ledgers: &mut Ledgers<'_, '_, N>, model: &mut Model, step: &Step) {
    let part = Ledgers::<N>::part;
    match *step {
        Step::Record { address, size, kind } => {
            let ledger = &mut ledgers.0[part(address)];
            let others = model.blocks.keys().filter(|&&other| part(other) == part(address)).count();
            let is_full = others == ledger.capacity();
            let told = ledger.record(block(address, size, KINDS[kind]));
            assert_eq!(told, model.record(address, size, KINDS[kind], is_full));
        }
        Step::Free { address, at_once } => {
            let manner = if at_once { Manner::AtOnce } else { Manner::Quarantine };
            assert_eq!(ledgers.0[part(address)].free(address, manner), model.free(address, manner));
        }
        Step::Mark { address } => {
            let fresh = model.blocks.get_mut(&address).filter(|block| block.live && !block.marked);
            assert_eq!(ledgers.0[part(address)].mark(address), fresh.is_some());
            fresh.into_iter().for_each(|block| block.marked = true);
        }
        Step::BeginMarking => {
            ledgers.begin_marking();
            model.blocks.values_mut().for_each(|block| block.marked = false);
        }
        Step::Retain { since, every } => {
            let keep = |address: usize| !(address / 16 % 4096).is_multiple_of(every);
            ledgers.retain_since(since, |record| keep(record.allocation.address));
            model.retain(since, keep);
        }
    }
}

fn compare<const N: usize>(ledgers: &Ledgers<'_, '_, N>, model: &Model) {
    ledgers.0.iter().for_each(|ledger| ledger.check());
    assert_eq!(ledgers.snapshot(), model.counts);
    assert_eq!(addresses(ledgers.since(0)), model.by_age(|_| true));
    let half = model.counts.serial / 2;
    assert_eq!(
        addresses(ledgers.unmarked_since(half)),
        model.by_age(|block| block.serial >= half && block.live && !block.marked)
    );
    assert_eq!(ledgers.live(), ledgers.live_since(0));
    for kind in KINDS {
        let marked = model.by_age(|block| block.kind == kind && block.live && block.marked);
        assert_eq!(ledgers.marked_since(0)[kind], marked.len() as u64);
    }
}

/// A history of `N` ledgers, which go over to more memory after some of the steps.
fn history<const N: usize>(steps: &[Step], records: usize, spare: usize) {
    let clock = Clock::new(0);
    let mut rooms: [Room; N] = core::array::from_fn(|_| Room::new(records, records + spare));
    let mut more: Vec<_> =
        (1..4).flat_map(|times| [records * 2 * times + 8; N]).map(Ledger::bytes_for).collect();
    let mut more: Vec<_> =
        more.drain(..).map(|bytes| std::vec![MaybeUninit::<u8>::uninit(); bytes.unwrap()]).collect();
    let mut more = more.iter_mut();
    let mut ledgers = rooms.each_mut().map(|room| Ledger::new(&mut room.entries, &mut room.slots, &clock));
    let mut model = Model::default();
    for (number, step) in steps.iter().enumerate() {
        let mut ledgers = Ledgers(ledgers.each_mut());
        play(&mut ledgers, &mut model, step);
        if number % 50 == 49 {
            ledgers.0.iter_mut().zip(more.by_ref().take(N)).for_each(|(ledger, more)| ledger.move_to(more));
        }
        compare(&ledgers, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Any history leaves the ledger as a map would be. With one slot to spare the index is as full as it can
    /// be.
    #[test]
    fn a_ledger_is_a_map_with_an_age(
        steps in prop::collection::vec(step(), 1..200),
        records in 0..20_usize,
        spare in 1..8_usize,
    ) {
        history::<1>(&steps, records, spare);
        history::<3>(&steps, records / 3, spare);
    }
}
