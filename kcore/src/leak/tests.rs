//! The search against a naive one, and twins of it that are broken.

use core::ops::Range;
use std::format;
use std::string::ToString;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::machine::Kind;

mod stores;

const BASE: usize = 0xffff_8000_0010_0000;
const KINDS: [Kind; 4] = [Kind::Node, Kind::Array, Kind::Quantum, Kind::Other];

/// A little memory: words from BASE on, blocks in it, and roots outside of it.
#[derive(Clone, Debug)]
struct World {
    words: Vec<usize>,
    blocks: Vec<Block>,
    roots: Vec<usize>,
}

/// Where the roots lie.
const ROOTS: usize = 0x1000;

impl Memory for World {
    type Words = Range<usize>;

    fn word(&self, address: usize) -> usize {
        assert!(address.is_multiple_of(8));
        match address.checked_sub(BASE) {
            Some(offset) => self.words[offset / 8],
            None => self.roots[(address - ROOTS) / 8],
        }
    }
}

/// A twin that does not know pointers into the middle of a block.
struct NoInterior<'w>(&'w World);

impl Memory for NoInterior<'_> {
    type Words = Range<usize>;

    fn word(&self, address: usize) -> usize {
        let word = self.0.word(address);
        let is_start = self.0.blocks.iter().any(|block| block.start == word);
        if is_start { word } else { 0 }
    }
}

impl World {
    fn naive(&self) -> Vec<usize> {
        let holder = |word: usize| {
            self.blocks
                .iter()
                .position(|block| (block.start..block.start + block.size.max(1)).contains(&word))
        };
        let mut reached = std::vec![false; self.blocks.len()];
        self.roots.iter().filter_map(|&word| holder(word)).for_each(|place| reached[place] = true);
        loop {
            let before = reached.clone();
            for (block, _) in self.blocks.iter().zip(&before).filter(|(_, reached)| **reached) {
                let links = match block.kind {
                    Kind::Quantum => 0,
                    Kind::Node => (block.size / 8).min(2),
                    Kind::Array | Kind::Other => block.size / 8,
                };
                for link in (0..links).filter(|_| !block.ignored) {
                    if let Some(place) = holder(self.word(block.start + 8 * link)) {
                        reached[place] = true;
                    }
                }
            }
            if before == reached {
                break;
            }
        }
        let lost = self.blocks.iter().zip(&reached).filter(|(_, reached)| !**reached);
        let mut lost: Vec<usize> = lost.map(|(block, _)| block.start).collect();
        lost.sort_unstable();
        lost
    }

    fn roots(&self) -> Range<usize> {
        ROOTS..ROOTS + 8 * self.roots.len()
    }

    fn search<M: Memory<Words = Range<usize>>>(&self, memory: &M) -> Vec<usize> {
        self.with_blocks(|blocks| {
            let mut marking = Marking::new(blocks, memory);
            marking.root(self.roots(), Held::Data);
            marking.finish();
            blocks.unreferenced().map(|block| block.start).collect()
        })
    }

    fn with_blocks<R>(&self, f: impl FnOnce(&mut Blocks<'_>) -> R) -> R {
        let groups = groups_for(8 * self.words.len());
        let (mut starts, mut before) = (std::vec![u64::MAX; groups], std::vec![7; groups]);
        let mut pending = std::vec![3; groups];
        let mut entries = std::vec![Entry::EMPTY; self.blocks.len()];
        let mut blocks = Blocks::new(&mut starts, &mut before, &mut pending, &mut entries);
        blocks.gather(BASE, &|visit| self.blocks.iter().rev().for_each(|block| visit(*block))).unwrap();
        f(&mut blocks)
    }
}

fn world() -> impl Strategy<Value = World> {
    let block = (1..200_usize, 0..8_usize, 0..4_usize, prop::bool::weighted(0.1));
    (prop::collection::vec(block, 1..60), any::<u64>()).prop_map(|(shapes, seed)| {
        let mut blocks = Vec::new();
        let mut end = BASE;
        for (size, gap, kind, ignored) in shapes {
            let start = end + GRANULE * gap;
            blocks.push(Block { start, size, kind: KINDS[kind], serial: 0, ignored, kept: false });
            end = (start + size).next_multiple_of(GRANULE);
        }
        let mut random = fastrand(seed);
        let mut word = || match random() % 4 {
            0 => BASE + random() as usize % (end - BASE + 64),
            1 => blocks[random() as usize % blocks.len()].start,
            2 => random() as usize,
            _ => 0,
        };
        let words = (0..(end - BASE) / 8).map(|_| word()).collect();
        let roots = (0..4).map(|_| word()).collect();
        World { words, blocks, roots }
    })
}

/// Knuth's MMIX generator.
fn fastrand(mut state: u64) -> impl FnMut() -> u64 {
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 17
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn it_finds_what_a_naive_search_finds(world in world()) {
        prop_assert_eq!(world.search(&world), world.naive());
    }

    #[test]
    fn every_address_is_found_in_its_block_and_in_no_other(world in world(), address in 0..10_000_usize) {
        let address = BASE - 100 + address;
        let wanted = world.blocks.iter().position(|block| {
            (block.start..block.start + block.size).contains(&address)
        });
        prop_assert_eq!(world.with_blocks(|blocks| blocks.find(address)), wanted);
    }
}

/// A root leads into the middle of the first block, which leads to the second.
fn interior() -> World {
    let block = |start, kind| Block { start, size: 64, kind, serial: 0, ignored: false, kept: false };
    let mut words = std::vec![0; 32];
    words[3] = BASE + 128 + 63;
    World {
        words,
        blocks: std::vec![block(BASE, Kind::Other), block(BASE + 128, Kind::Quantum)],
        roots: std::vec![BASE + 17],
    }
}

#[test]
fn pointers_into_the_middle_count() {
    let world = interior();
    assert!(world.search(&world).is_empty());
}

#[test]
fn a_twin_without_pointers_into_the_middle_is_noticed() {
    let world = interior();
    assert_eq!(world.search(&NoInterior(&world)), [BASE, BASE + 128]);
}

#[test]
fn a_twin_without_a_root_is_noticed() {
    let mut world = interior();
    world.roots.clear();
    assert_eq!(world.search(&world), [BASE, BASE + 128]);
}

#[test]
fn what_is_held_by_a_stack_alone_is_told_from_the_rest() {
    let world = interior();
    let held = world.with_blocks(|blocks| {
        let mut marking = Marking::new(blocks, &world);
        marking.found(1, Held::Data);
        marking.finish();
        marking.root(world.roots(), Held::Stack);
        marking.finish();
        assert_eq!(marking.words(), 1 + 8);
        marking.blocks().entries().iter().map(|entry| entry.held).collect::<Vec<_>>()
    });
    assert_eq!(held, [Held::Stack, Held::Data]);
}

#[test]
fn a_chain_of_200_000_blocks_is_followed_without_recursion() {
    const BLOCKS: usize = 200_000;
    let start = |number: usize| BASE + 16 * number;
    let block = |number| Block {
        start: start(number),
        size: 16,
        kind: Kind::Node,
        serial: 0,
        ignored: false,
        kept: false,
    };
    let mut words = std::vec![0; 2 * BLOCKS];
    for number in 1..BLOCKS {
        words[2 * (number - 1) + 1] = start(number);
    }
    let mut world = World { words, blocks: (0..BLOCKS).map(block).collect(), roots: std::vec![start(0)] };
    assert!(world.search(&world).is_empty());
    world.words[2 * (BLOCKS - 11) + 1] = 0;
    assert_eq!(world.search(&world).len(), 10);
}

#[test]
fn what_does_not_fit_is_refused() {
    let world = interior();
    let (mut starts, mut before, mut pending) = ([0; 1], [0; 1], [0; 1]);
    let mut entries = [Entry::EMPTY; 1];
    let mut blocks = Blocks::new(&mut starts, &mut before, &mut pending, &mut entries);
    let all = |visit: &mut dyn FnMut(Block)| world.blocks.iter().for_each(|block| visit(*block));
    assert_eq!(blocks.gather(BASE, &all), Err(TooMany));
    assert_eq!(blocks.gather(BASE + 64, &all), Err(TooMany));
    assert_eq!(blocks.gather(BASE - 4096, &|visit| visit(world.blocks[0])), Err(TooMany));
    assert_eq!(blocks.entries().len(), 0);
    assert_eq!(blocks.gather(BASE, &|visit| visit(world.blocks[1])), Ok(()));
    assert_eq!(blocks.find(BASE + 130), Some(0));
}

#[test]
fn a_heap_may_begin_between_two_granules() {
    let block = |start| Block { start, size: 16, kind: Kind::Other, serial: 0, ignored: false, kept: false };
    let all = [block(BASE + 16), block(BASE + 32), block(BASE + 64)];
    for offset in 0..32 {
        let (mut starts, mut before, mut pending) = ([0; 1], [0; 1], [0; 1]);
        let mut entries = [Entry::EMPTY; 3];
        let mut blocks = Blocks::new(&mut starts, &mut before, &mut pending, &mut entries);
        assert_eq!(blocks.gather(BASE + offset, &|visit| all.into_iter().for_each(visit)), Ok(()));
        for address in BASE..BASE + 100 {
            let wanted = all.iter().position(|block| (block.start..block.start + 16).contains(&address));
            assert_eq!(blocks.find(address), wanted, "{offset} {address:#x}");
        }
    }
}

#[test]
fn a_word_that_leads_to_what_was_found_is_passed_over() {
    let world = interior();
    world.with_blocks(|blocks| {
        assert_eq!(blocks.next_hit(&world, world.roots()), Some((ROOTS, BASE + 17)));
        assert!(blocks.hold(1, Held::Data, 0, blocks::NONE));
        assert!(blocks.hold(0, Held::Data, ROOTS, blocks::NONE));
        assert!(!blocks.hold(0, Held::Stack, ROOTS, blocks::NONE), "it is held");
        assert_eq!(blocks.next_hit(&world, world.roots()), None);
    });
}

#[test]
fn a_hidden_address_lies_in_no_block() {
    let hidden = Hidden::new(BASE + 16);
    assert_eq!(hidden.address(), BASE + 16);
    assert!(format!("{hidden:?}").len() > 8);
    let mut world = interior();
    world.roots[0] = !(BASE + 16);
    assert_eq!(world.search(&world), [BASE, BASE + 128]);
}

#[test]
fn each_kind_is_searched_as_it_is_typed() {
    let words = |kind, size| Policy::of(kind).words(size);
    assert_eq!(KINDS.map(|kind| words(kind, 100)), [2, 12, 0, 12]);
    assert_eq!(words(Kind::Node, 8), 1);
    assert!(KINDS.iter().all(|&kind| !Policy::of(kind).to_string().is_empty()));
}
