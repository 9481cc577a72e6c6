//! Seats: each is taken once, and what is offered anew is another.

use kcore::probe::{Seat, Seats};

#[test]
fn each_is_taken_once_and_in_order() {
    let mut seats = Seats::new();
    assert_eq!((seats.take(), seats.are_free(), seats.count()), (None, false, (0, 0)));
    seats.offer(2);
    assert!(seats.are_free());
    let taken = [seats.take(), seats.take()].map(|seat| seat.expect("there are two").who());
    assert_eq!((taken, seats.take()), ([0, 1], None));
    assert_eq!((seats.are_free(), seats.count()), (false, (2, 2)));
}

#[test]
fn a_seat_that_is_offered_anew_is_another() {
    let mut seats = Seats::new();
    seats.offer(1);
    let old = seats.take().expect("there is one");
    assert!(seats.is_good(old));
    seats.withdraw();
    assert!(!seats.is_good(old));
    assert_eq!((seats.take(), seats.count()), (None, (0, 0)));
    seats.offer(1);
    let new = seats.take().expect("there is one");
    assert_eq!(new.who(), old.who());
    assert!(seats.is_good(new) && !seats.is_good(old));
    seats.offer(3);
    assert!(!seats.is_good(new), "an offer takes the last one back");
    assert_eq!(seats.assigned(2).who(), 2);
    assert!(seats.is_good(seats.assigned(2)));
}

#[test]
fn a_seat_fits_into_a_word() {
    let mut seats = Seats::new();
    for _ in 0..300 {
        seats.offer(2);
        for seat in [seats.assigned(0), seats.assigned(1), seats.assigned(u8::MAX)] {
            assert_eq!(Seat::of_word(seat.word()), seat);
            assert_ne!(seat.word(), u64::MAX);
        }
    }
}
