//! A lock of the reader's own: the one that docs/TEACHING.md shows, and the one that is handed out.

use kcore::class;
use kcore::event::{Events, LockName, Site};
use kcore::explore::MemoryModel;
use kcore::host::explored::{Allocator, Checked, Explored, check};
use kcore::place::Place;
use kcore::shared::Shared;
use kcore::sync::broken::{FREE, LOCK, TAKEN, Take, WordLock};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

struct Student;

// What the page shows begins here.
impl Take for Student {
    fn take<M: Events>(word: &Shared<usize>, _: Place) -> bool {
        word.compare_exchange::<M>(&LOCK, FREE, TAKEN).is_ok()
    }
}
// It ends here.

#[test]
fn the_page_shows_this_lock() {
    let own = include_str!("student.rs").split("begins here.\n").nth(1).unwrap();
    let shown = own.split("// It ends here.").next().unwrap();
    assert!(include_str!("../../docs/TEACHING.md").contains(shown), "{shown}");
}

#[test]
fn it_lets_one_task_in() {
    for model in [MemoryModel::Sc, MemoryModel::Tso] {
        let checked = explored::<Student>(model);
        assert!(checked.complete && checked.wrong == 0, "{model:?}: {checked:?}");
    }
}

#[test]
fn the_one_that_is_handed_out_lets_two_in() {
    assert!(explored::<kcore::sync::student::Student>(MemoryModel::Sc).wrong > 0);
}

/// All executions of two tasks that count to two each, behind the lock: no count may be lost.
fn explored<T: Take>(model: MemoryModel) -> Checked {
    static NUMBER: Site = Site::new("number");
    check(
        2,
        model,
        u64::MAX,
        || (WordLock::<T>::new(LockName::spins("own", class!("own"))), Shared::<usize>::new(0)),
        |(lock, number), _| {
            for _ in 0..2 {
                lock.acquire::<Explored>();
                number.store::<Explored>(&NUMBER, number.load::<Explored>(&NUMBER) + 1);
                lock.release::<Explored>();
            }
        },
        |(_, number)| number.audit() == 4,
    )
}
