//! Lines of all CPUs at once. Whether they arrive whole is judged by who reads COM1.

use super::Answer;
use super::crew;
use crate::arch::smp;
use crate::println;

crate::case! {
    "console::lines-of-all-cpus" => lines;
}

fn lines() -> Answer {
    crew::run(smp::cpus(), |cpu| {
        for number in 0..50 {
            println!("whole line {number} of CPU {cpu}, {:x<40}", "");
        }
    })
}
