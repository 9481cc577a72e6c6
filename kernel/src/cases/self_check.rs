//! A case that must fail: it shows that the harness can.

use alloc::string::ToString;

use super::Answer;

crate::case! {
    "self-check-fails" => fails, hidden = true;
}

fn fails() -> Answer {
    Err("this case fails on purpose".to_string())
}
