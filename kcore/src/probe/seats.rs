//! Seats for participants that come by themselves, offered again and again.

/// A participant's place: which one, and of which offer. What is withdrawn and offered anew is another seat, though it has the
/// same number: whoever still acts for the old one is not taken for the one that sits there now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    who: u8,
    offer: u64,
}

/// Bits of the number in the word of a seat.
const WHO: u32 = u8::BITS;

impl Seat {
    /// The number of the participant.
    pub fn who(self) -> u8 {
        self.who
    }

    /// The seat as a word, never [`u64::MAX`]: with an offer each nanosecond it is unique for two years.
    pub fn word(self) -> u64 {
        self.offer << WHO | u64::from(self.who)
    }

    /// The seat with that word.
    pub fn of_word(word: u64) -> Self {
        Seat { who: word as u8, offer: word >> WHO }
    }
}

/// How many seats there are, how many are taken, and which are still good. To be kept under the lock of the
/// [`Engine`](super::Engine), together with who sits where: to take a seat and to be known by it is one step, and each event of
/// a participant is told together with its seat, which may have been withdrawn since.
///
/// ```text
///   newcomer                         prober
///   takes seat 0
///                                    withdraws all, wakes who is known to sit there
///                                    offers anew; another takes seat 0
///   arrives, with an old seat: goes on
/// ```
#[derive(Debug, Default)]
pub struct Seats {
    /// How often seats were offered or withdrawn.
    offer: u64,
    offered: u32,
    taken: u32,
}

impl Seats {
    /// None.
    pub const fn new() -> Self {
        Seats { offer: 0, offered: 0, taken: 0 }
    }

    /// Offers seats 0 to `count`. All that were there before are withdrawn.
    pub fn offer(&mut self, count: u32) {
        self.withdraw();
        self.offered = count;
    }

    /// There are no seats any more, and those that were taken are not good any more.
    pub fn withdraw(&mut self) {
        *self = Seats { offer: self.offer + 1, offered: 0, taken: 0 };
    }

    /// The next free seat: it is the caller's from now on.
    pub fn take(&mut self) -> Option<Seat> {
        if !self.are_free() {
            return None;
        }
        let seat = self.assigned(self.taken as u8);
        self.taken += 1;
        Some(seat)
    }

    /// Seat `who` of those that are not taken but given out by their number, to a crew.
    pub fn assigned(&self, who: u8) -> Seat {
        Seat { who, offer: self.offer }
    }

    /// Whether the seat was not withdrawn.
    pub fn is_good(&self, seat: Seat) -> bool {
        seat.offer == self.offer
    }

    /// Whether somebody is still to come.
    pub fn are_free(&self) -> bool {
        self.taken < self.offered
    }

    /// How many seats there are, and how many of them are taken.
    pub fn count(&self) -> (u32, u32) {
        (self.offered, self.taken)
    }
}
