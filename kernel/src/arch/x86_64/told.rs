//! Functions that compiled code calls at each access to memory, and that are told of only while that is
//! wanted.

/// Defines functions of C with the address of an access. Each does nothing, unless the word `wanted` has one
/// of the bits `mask`: then it calls `tell` with the address, the size, and where it returns to.
macro_rules! told {
    ($seen:vis, $wanted:path; $mask:expr; $tell:path; $($name:ident $size:literal)+) => {$(
        /// Tells of the access of this size.
        #[unsafe(naked)]
        $seen unsafe extern "C" fn $name(_at: *const core::ffi::c_void) {
            core::arch::naked_asm!(
                "test word ptr [rip + {wanted}], {mask}",
                "jnz 2f",
                "ret",
                "2:",
                "mov esi, {size}",
                "mov rdx, [rsp]",
                "jmp {tell}",
                wanted = sym $wanted,
                mask = const $mask,
                size = const $size,
                tell = sym $tell,
            )
        }
    )+};
}

pub(crate) use told;
