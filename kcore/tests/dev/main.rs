//! Character devices on a machine of threads: which driver has which numbers, which user opens what, when a
//! module may go, and that no call is left in a device that is gone.

mod driver;
mod files;
mod modules;
mod numbers;
mod unplug;
