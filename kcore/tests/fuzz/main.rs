//! Calls at random, on every device of the family: no panic, nothing leaked, an account that balances, an answer to each.

mod drive;
mod family;
mod scull;
