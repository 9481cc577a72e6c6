//! A variable of compiled code that is set when that is about to read it.

/// Defines the function of C that is called before each load of a size, with its address: that of `variable` is
/// `set`, of all others `otherwise` hears.
macro_rules! set_when_read {
    ($seen:vis $name:ident: $variable:path, $set:path; $otherwise:path) => {
        #[unsafe(naked)]
        $seen unsafe extern "C" fn $name(_at: *const core::ffi::c_void) {
            core::arch::naked_asm!(
                "lea rax, [rip + {variable}]",
                "cmp rdi, rax",
                "je {set}",
                "jmp {otherwise}",
                variable = sym $variable,
                set = sym $set,
                otherwise = sym $otherwise,
            )
        }
    };
}

pub(crate) use set_when_read;
