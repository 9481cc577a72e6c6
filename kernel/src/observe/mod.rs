//! What is observed of the machine, and what is made of it: who may go on at a point, who waits for whom and that it is for
//! ever, which stores there were.
//!
//! | module | noun |
//! |---|---|
//! | `hooks` | where events arrive |
//! | `seats` | for tasks that come to a probe by themselves, at the prompt |
//! | `fire` | the interrupt that comes at a point |
//! | `stores` | the log of stores to shared memory |
//! | `watchdog` | who waits for whom, and that it is for ever |

pub mod fire;
pub mod hooks;
pub mod seats;
pub mod stores;
pub mod watchdog;
