//! Many at once: no byte is lost, doubled or changed.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use kcore::dev::OpenFlags;
use kcore::pipe::Damage;
use kcore::scull::Edition;

use crate::stage::{Stage, write_all};

const WRITERS: usize = 3;
const READERS: usize = 3;
const BYTES: usize = if cfg!(miri) { 200 } else { 60_000 };

/// Each writer has a byte of its own. What is read has as many of each as were written.
#[test]
fn three_writers_and_three_readers_lose_no_byte() {
    for size in [2, 3, 17, 4000] {
        let bytes = if size < 10 { BYTES / 20 } else { BYTES };
        let stage = Stage::new(Edition::Repaired, size);
        let all = stage.open_both();
        let left = AtomicUsize::new(WRITERS * bytes);
        let mut counts = [0; WRITERS];
        stage.host.scope(|tasks| {
            for writer in 0..WRITERS {
                let file = stage.open(OpenFlags::WRITE).unwrap();
                tasks.spawn(move || {
                    let stamps = vec![writer as u8; bytes];
                    stamps.chunks(1 + 7 * writer).for_each(|chunk| write_all(&file, chunk));
                });
            }
            let readers: Vec<_> = (0..READERS)
                .map(|reader| {
                    let (file, left, stage) = (stage.open(OpenFlags::READ).unwrap(), &left, &stage);
                    tasks.spawn(move || {
                        let mut counts = [0; WRITERS];
                        let mut into = vec![0; 1 + 5 * reader];
                        while let Ok(count) = file.read(&mut into) {
                            into[..count].iter().for_each(|&stamp| counts[usize::from(stamp)] += 1);
                            if left.fetch_sub(count, SeqCst) == count {
                                // No more is written: the others would sleep for ever.
                                kcore::dev::CharDevice::unplugged(&*stage.pipe);
                            }
                        }
                        counts
                    })
                })
                .collect();
            for reader in readers {
                let part = reader.join().unwrap();
                counts.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            }
            drop(all);
        });
        assert_eq!(counts, [bytes; WRITERS], "with {size} bytes");
        assert_eq!(stage.pipe.damage(), Damage::default());
        stage.assert_nothing_left();
    }
}
