//! Calls at random, on every device of the family: no panic, no wrong answer, nothing leaked, an account that balances.

mod calls;
mod world;
