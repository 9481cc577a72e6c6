//! The numbers of ioctl commands (LDD3 ch. 6, "Choosing the ioctl Commands"; Linux:
//! `include/uapi/asm-generic/ioctl.h`).
//!
//! ```text
//! 31 30 29        16 15     8 7       0
//! +----+------------+--------+--------+
//! |dir |    size    |  type  | number |
//! +----+------------+--------+--------+
//! ```

/// The argument is copied to the driver (`_IOC_WRITE`: user space writes).
pub const WRITE: u32 = 1;
/// The driver copies something to the argument's address (`_IOC_READ`: user space reads).
pub const READ: u32 = 2;

/// The command that only terminals know (`isatty`).
pub const TCGETS: u32 = 0x5401;

/// Where the three upper fields begin.
const TYPE_SHIFT: u32 = 8;
const SIZE_SHIFT: u32 = 16;
const DIRECTION_SHIFT: u32 = 30;
/// The largest size of an argument, in bytes.
const SIZE_MAX: usize = (1 << (DIRECTION_SHIFT - SIZE_SHIFT)) - 1;

/// A command without an argument in memory (`_IO`): `kind` is the driver's magic letter, `number` the
/// command's own.
pub const fn io(kind: u8, number: u8) -> u32 {
    command(0, kind, number, 0)
}

/// A command that answers with a `T` at the argument's address (`_IOR`).
pub const fn ior<T>(kind: u8, number: u8) -> u32 {
    command(READ, kind, number, size_of::<T>())
}

/// A command that takes a `T` from the argument's address (`_IOW`).
pub const fn iow<T>(kind: u8, number: u8) -> u32 {
    command(WRITE, kind, number, size_of::<T>())
}

/// A command that does both (`_IOWR`).
pub const fn iowr<T>(kind: u8, number: u8) -> u32 {
    command(READ | WRITE, kind, number, size_of::<T>())
}

const fn command(direction: u32, kind: u8, number: u8, size: usize) -> u32 {
    assert!(size <= SIZE_MAX, "the argument of an ioctl is at most 16383 bytes long");
    direction << DIRECTION_SHIFT | (size as u32) << SIZE_SHIFT | (kind as u32) << TYPE_SHIFT | number as u32
}

/// [`READ`], [`WRITE`], both or none (`_IOC_DIR`).
pub const fn direction(command: u32) -> u32 {
    command >> DIRECTION_SHIFT
}

/// The driver's magic letter (`_IOC_TYPE`).
pub const fn kind(command: u32) -> u8 {
    (command >> TYPE_SHIFT) as u8
}

/// The number among the driver's commands (`_IOC_NR`).
pub const fn number(command: u32) -> u8 {
    command as u8
}

/// Bytes of the argument in memory (`_IOC_SIZE`).
pub const fn size(command: u32) -> usize {
    (command >> SIZE_SHIFT) as usize & SIZE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_linux() {
        assert_eq!(io(b'k', 0), 0x6b00);
        assert_eq!(ior::<i32>(b'k', 5), 0x8004_6b05);
        assert_eq!(iow::<i32>(b'k', 1), 0x4004_6b01);
        assert_eq!(iowr::<i32>(b'k', 9), 0xc004_6b09);
    }

    #[test]
    fn a_command_can_be_taken_apart() {
        let command = iow::<u64>(b'x', 200);
        let parts = (direction(command), kind(command), number(command), size(command));
        assert_eq!(parts, (WRITE, b'x', 200, 8));
    }
}
