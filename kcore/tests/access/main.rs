//! The devices that do not let every user in, on a machine of threads.
//!
//! Under Miri: `MIRIFLAGS="-Zmiri-strict-provenance -Zmiri-disable-isolation" cargo +nightly miri test -p
//! kcore --test access`

mod private;
mod single;
mod stage;
mod trim;
mod uid;
mod wuid;
