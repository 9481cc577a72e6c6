//! Lines of all CPUs at once, and what is typed. Whether they arrive whole is judged by who reads COM1.

use alloc::string::String;

use super::Answer;
use super::crew;
use crate::arch::smp;
use crate::console::com1;
use crate::println;

crate::case! {
    "console::lines-of-all-cpus" => lines;
    "console::echo" => echo, hidden = true;
}

fn lines() -> Answer {
    crew::run(smp::cpus(), |cpu| {
        for number in 0..50 {
            println!("whole line {number} of CPU {cpu}, {:x<40}", "");
        }
    })
}

/// Says what is typed, line by line, up to an empty one. The reader sleeps between the bytes, on a CPU that the interrupt
/// does not come to.
fn echo() -> Answer {
    let reader = crew::start(smp::cpus() - 1, || {
        println!("type a line");
        loop {
            let line = line();
            println!("typed: {line}");
            if line.is_empty() {
                return;
            }
        }
    })?;
    reader.join();
    Ok(())
}

fn line() -> String {
    let mut line = String::new();
    loop {
        match com1::read_byte() {
            b'\n' => return line,
            byte => line.push(byte.into()),
        }
    }
}
