//! Functions of C with any number of arguments (System V ABI, AMD64 supplement, 3.5.7).
//!
//! Rust defines none. So a stub saves the six registers that hold arguments, makes a `va_list` of them, and
//! calls a function with its address: all arguments come out of that, the named ones first.

/// A `va_list` of C.
#[derive(Debug)]
#[repr(C)]
pub struct VaList {
    /// How far into the saved registers the next argument is; 48 and more: on the stack.
    registers: u32,
    /// The same for floating point, of which the kernel has none.
    _floats: u32,
    stack: *const u64,
    saved: *const u64,
}

/// Bytes of the registers that are saved.
const REGISTERS: u32 = 48;

impl VaList {
    /// The next argument.
    ///
    /// # Safety
    /// It is a list that a call is made of, with one argument more.
    pub unsafe fn next(&mut self) -> u64 {
        let from = if self.registers < REGISTERS {
            let index = self.registers as usize / 8;
            self.registers += 8;
            self.saved.wrapping_add(index)
        } else {
            let from = self.stack;
            self.stack = from.wrapping_add(1);
            from
        };
        // SAFETY: the caller's promise.
        unsafe { from.read() }
    }
}

/// Defines functions of C that call `to` with a `&mut VaList` of their arguments, and return what it returns.
macro_rules! variadic {
    ($($name:ident => $to:path;)+) => {$(
        /// All arguments are in the list that its successor gets.
        #[unsafe(naked)]
        pub(crate) unsafe extern "C" fn $name() {
            core::arch::naked_asm!(
                "push rbp",
                "mov rbp, rsp",
                "sub rsp, 80",
                "mov [rsp + 24], rdi",
                "mov [rsp + 32], rsi",
                "mov [rsp + 40], rdx",
                "mov [rsp + 48], rcx",
                "mov [rsp + 56], r8",
                "mov [rsp + 64], r9",
                "mov dword ptr [rsp], 0",
                "mov dword ptr [rsp + 4], 48",
                // Above the frame pointer and the return address.
                "lea rax, [rbp + 16]",
                "mov [rsp + 8], rax",
                "lea rax, [rsp + 24]",
                "mov [rsp + 16], rax",
                "mov rdi, rsp",
                "call {to}",
                "leave",
                "ret",
                to = sym $to,
            )
        }
    )+};
}
pub(crate) use variadic;
