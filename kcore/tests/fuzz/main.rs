//! Every device of the family by the rules that all have in common, and calls at random: no panic, no wrong
//! answer, nothing leaked, an account that balances.

mod calls;
mod rules;
mod world;
