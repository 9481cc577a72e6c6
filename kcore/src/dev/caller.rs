//! Who makes a call.

use super::user::UserMemory;

/// As which user a process acts (LDD3 ch. 6, "Capabilities and Restricted Operations" and "Access Control on
/// a Device File").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The real user.
    pub uid: u32,
    /// The user whose rights it has.
    pub euid: u32,
    /// May override who a device belongs to (`CAP_DAC_OVERRIDE`).
    pub dac_override: bool,
    /// May change how a device works (`CAP_SYS_ADMIN`).
    pub sys_admin: bool,
    /// Its controlling terminal, if it has one.
    pub terminal: Option<u32>,
}

impl Credentials {
    /// The superuser at the console.
    pub const ROOT: Credentials =
        Credentials { uid: 0, euid: 0, dac_override: true, sys_admin: true, terminal: Some(0) };

    /// User `uid` without privileges, at terminal `terminal`.
    pub const fn user(uid: u32, terminal: u32) -> Self {
        Credentials { uid, euid: uid, dac_override: false, sys_admin: false, terminal: Some(terminal) }
    }
}

/// Who makes a call, and where the addresses lead that it passes.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// As which user.
    pub credentials: Credentials,
    /// Its memory.
    pub memory: &'a dyn UserMemory,
}
