//! What remains in a driver that takes its lock: too late, not everywhere, or around the wrong thing. All but
//! R31 are in drivers of the book as it prints them.

use super::race::Race;

const IOCTL: &str = "LDD3 6, ioctl";
const ACCESS: &str = "LDD3 6.6, Restricting Access to a Single User at a Time";
const PIPE: &str = "LDD3 6.2, A Blocking I/O Example";

pub(super) static R11: Race = Race {
    id: "R11",
    title: "the geometry is read before the lock is taken",
    interleaving: "A begins a call and copies quantum and qset into variables of its own. B changes them and trims the device. \
A takes the lock and goes on with the old numbers.",
    effect: "A makes an array of the old size in a device of the new one. A later access goes past its end, or a trim stops \
before it.",
    proof: "Each block knows its length: an access past the end is counted and refused.",
    sources: &["LDD3 3, read and write", IOCTL],
    unshown: None,
};

pub(super) static R12: Race = Race {
    id: "R12",
    title: "a trim without the lock",
    interleaving: "A opens an access-controlled device write-only, which empties it, and does not take the device's lock for \
that. B writes, with the lock, or opens it in the same way.",
    effect: "R8 and R9, in a driver whose read and write are guarded.",
    proof: "The same: the state of the blocks, and the poison in freed ones.",
    sources: &[ACCESS, "LDD3 5.3, Using Semaphores in scull"],
    unshown: None,
};

pub(super) static R13: Race = Race {
    id: "R13",
    title: "the head is loaded before the lock is taken",
    interleaving: "A reads /proc/scullmem: it loads the head of the list and sleeps for the lock. B, which has it, trims the \
device. A gets the lock and walks.",
    effect: "A walks a list that was freed.",
    proof: "A pointer that is poison was loaded out of a freed block.",
    sources: &["LDD3 4, Using the /proc Filesystem", "LDD3 5.3.3, Using Semaphores in scull"],
    unshown: None,
};

pub(super) static R15: Race = Race {
    id: "R15",
    title: "a free device is refused",
    interleaving: "A device for one file at a time begins at 1; open subtracts 1 and gives it back where the result is not 0. A \
has the device. B subtracts: refused. A closes it, adding 1. C subtracts before B has given its 1 back: refused.",
    effect: "C is told that the device is busy, and no task has it.",
    proof: "A refused open has a moment at which another file was open.",
    sources: &["LDD3 6.6, Single-Open Devices", "LDD3 5.7, Atomic Variables"],
    unshown: None,
};

pub(super) static R16: Race = Race {
    id: "R16",
    title: "if where while belongs",
    interleaving: "A reads from an empty pipe and sleeps, without the lock. A byte comes and A is woken. B takes the lock first, \
and the byte. A gets the lock and does not look again.",
    effect: "A reads a byte that is not in the pipe.",
    proof: "The bytes that are read are those that were written, each once.",
    sources: &[PIPE, "LKD 4, Wait Queues"],
    unshown: None,
};

pub(super) static R18: Race = Race {
    id: "R18",
    title: "one fact in two places",
    interleaving: "A pipe allocates its buffer at the first open and keeps it; each open sets the buffer's bounds from the \
module's size. A opens it and writes. The size is made larger. B opens it.",
    effect: "What A wrote is forgotten, and the end lies past the end of the buffer.",
    proof: "A buffer knows its length: bytes that lie past its end are counted and go nowhere.",
    sources: &[PIPE, "LDD3 6.1, The ioctl Commands"],
    unshown: None,
};

pub(super) static R31: Race = Race {
    id: "R31",
    title: "a device goes while it is in use",
    interleaving: "A looks a device up and has its address. B unplugs it and frees it. A takes the lock in the device. Or: B \
publishes a device before it is set up, and A finds it.",
    effect: "A uses what is freed, or not yet made; a lock inside is part of it. With counted references A works on and the \
next call is -ENODEV, or B is refused with -EBUSY.",
    proof: "The state of the block, and its poison.",
    sources: &["LDD3 5.2, Concurrency and Its Management", "LDD3 14, Kobjects, Ksets, and Subsystems"],
    unshown: None,
};

pub(super) static R32: Race = Race {
    id: "R32",
    title: "an exchange in two steps",
    interleaving: "An ioctl returns the old value and stores a new one. A loads the old value. B loads the same. A stores its \
new one. B stores its own.",
    effect: "Both are told the same old value, and A's new one is told to none.",
    proof: "Each value that was set is told to exactly one caller that sets the next, but for the last.",
    sources: &[IOCTL, "LDD3 5.7.2, Atomic Variables"],
    unshown: None,
};

pub(super) static R33: Race = Race {
    id: "R33",
    title: "an allocation that may sleep, under a spinlock",
    interleaving: "A takes a spinlock and allocates in a way that may sleep until there is memory. Most of the time there is \
some, and it does not sleep.",
    effect: "R28, on the day when memory is short.",
    proof: "The allocator looks whether it may sleep before it looks for memory, so the mistake shows each time.",
    sources: &[
        "LDD3 5.5, Spinlocks and Atomic Context",
        "LDD3 8.1, The Flags Argument",
        "LKD 12, gfp_mask Flags",
    ],
    unshown: None,
};

pub(super) static R34: Race = Race {
    id: "R34",
    title: "old bytes, and a quantum of 0",
    interleaving: "One task is enough. It writes one byte into the middle of a fresh quantum and reads from its beginning. Or \
it sets the quantum to 0, trims the device, and reads.",
    effect: "It reads what the memory held before; or the driver divides by 0.",
    proof: "Fresh bytes are 0x5a here and show in what is read; a division by 0 is counted and refused.",
    sources: &["LDD3 3, Memory Usage", IOCTL],
    unshown: None,
};
