//! An integer that is changed as a whole (LDD3 ch. 5, "Atomic Variables"; LKD ch. 10, "Atomic Operations").
//!
//! | Linux | here | returns |
//! |---|---|---|
//! | `atomic_read`, `atomic_set` | [`read`](AtomicT::read), [`set`](AtomicT::set) | the value; nothing |
//! | `atomic_add`, `_sub`, `_inc`, `_dec` | [`add`](AtomicT::add), ... | nothing |
//! | `atomic_inc_and_test`, `_dec_`, `_sub_` | [`inc_and_test`](AtomicT::inc_and_test), ... | whether it is 0 now |
//! | `atomic_add_negative` | [`add_negative`](AtomicT::add_negative) | whether it is below 0 now |
//! | `atomic_add_return`, ... | [`add_return`](AtomicT::add_return), ... | the value now |
//!
//! Each change is one locked instruction of the CPU, as the book's is (x86: `lock xadd`; Intel SDM vol. 3A,
//! 10.1.2.2). It acquires and releases, so a CPU that reads by a *change* what another change wrote also sees
//! what was done before it: the last `dec_and_test` of a reference count may free. [`read`](AtomicT::read) is
//! a plain load and orders nothing.

use core::fmt;
use core::sync::atomic::AtomicUsize;

use crate::machine::Cpu;
use crate::sync::atomic_word::{AtomicWord, Update, change, look, put};

/// An `int` that wraps round, as the kernel's does.
#[doc(alias = "atomic_t")]
pub struct AtomicT<M: Cpu> {
    /// The value is its lower half; what is carried out of that is not looked at.
    word: M::Word,
}

impl<M: Cpu<Word = AtomicUsize>> AtomicT<M> {
    /// A variable that holds `value`.
    #[doc(alias = "ATOMIC_INIT")]
    pub const fn new(value: i32) -> Self {
        AtomicT { word: AtomicUsize::new(to_word(value)) }
    }
}

impl<M: Cpu> AtomicT<M> {
    /// [`new`](AtomicT::new) for machines whose words no `const` can make.
    pub fn of(value: i32) -> Self {
        AtomicT { word: M::Word::new(to_word(value)) }
    }

    /// The value at this moment.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_read")]
    pub fn read(&self) -> i32 {
        to_int(look::<M>(&self.word))
    }

    /// Writes `value`. A store is as whole as a change.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_set")]
    pub fn set(&self, value: i32) {
        put::<M>(&self.word, to_word(value));
    }

    /// Adds `i`.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_add")]
    pub fn add(&self, i: i32) {
        self.add_return(i);
    }

    /// Subtracts `i`.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_sub")]
    pub fn sub(&self, i: i32) {
        self.sub_return(i);
    }

    /// Adds 1.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_inc")]
    pub fn inc(&self) {
        self.inc_return();
    }

    /// Subtracts 1.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_dec")]
    pub fn dec(&self) {
        self.dec_return();
    }

    /// Adds 1 and says whether that made 0.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_inc_and_test")]
    pub fn inc_and_test(&self) -> bool {
        self.inc_return() == 0
    }

    /// Subtracts 1 and says whether that made 0.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_dec_and_test")]
    pub fn dec_and_test(&self) -> bool {
        self.dec_return() == 0
    }

    /// Subtracts `i` and says whether that made 0.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_sub_and_test")]
    pub fn sub_and_test(&self, i: i32) -> bool {
        self.sub_return(i) == 0
    }

    /// Adds `i` and says whether the sum is below 0.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_add_negative")]
    pub fn add_negative(&self, i: i32) -> bool {
        self.add_return(i) < 0
    }

    /// Adds `i` and returns the sum.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_add_return")]
    pub fn add_return(&self, i: i32) -> i32 {
        to_int(change::<M>(&self.word, Update::Add, to_word(i))).wrapping_add(i)
    }

    /// Subtracts `i` and returns the difference.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_sub_return")]
    pub fn sub_return(&self, i: i32) -> i32 {
        self.add_return(i.wrapping_neg())
    }

    /// Adds 1 and returns the sum.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_inc_return")]
    pub fn inc_return(&self) -> i32 {
        self.add_return(1)
    }

    /// Subtracts 1 and returns the difference.
    #[inline]
    #[track_caller]
    #[doc(alias = "atomic_dec_return")]
    pub fn dec_return(&self) -> i32 {
        self.sub_return(1)
    }
}

impl<M: Cpu> fmt::Debug for AtomicT<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AtomicT").field(&self.read()).finish()
    }
}

/// The value's 32 bits, in the lower half of the word.
const fn to_word(value: i32) -> usize {
    value.cast_unsigned() as usize
}

/// The reverse.
const fn to_int(word: usize) -> i32 {
    (word as u32).cast_signed()
}
