//! What is typed over a serial line: by a person, or by a pipe, which has an end.
//!
//! A line knows no end of what comes over it, so that of a pipe stands in the stream itself: `qemu-run.sh`
//! sends [`BEGIN`], the bytes of the pipe as they are, and [`END`], once. No clock of the host is in it.
#![forbid(unsafe_code)]

use crate::settings::Input;

/// Before this, a pipe has sent nothing but what the port may drop while it is set up.
pub const BEGIN: u8 = 0x01;
/// After this nothing comes any more. Its first byte is nowhere else in it. (An application's own control
/// string, ECMA-48 8.3.2; what it ends with is a Ctrl-D for a guest that does not know it.)
pub const END: &[u8] = b"\x1b_scullery: end of input\x04";

/// Where in a stream the next byte is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// A person types: every byte is one.
    Typed,
    /// A pipe, before its begin.
    Before,
    /// A pipe, so many bytes into what may be its end.
    Inside(usize),
    /// Behind the end.
    Ended,
}

impl Stream {
    /// The stream of an `input`.
    pub const fn new(input: Input) -> Self {
        match input {
            Input::Terminal => Stream::Typed,
            Input::Pipe => Stream::Before,
            Input::None => Stream::Ended,
        }
    }

    /// Takes a byte. Those that were sent, at most as many as [`END`] has, go to `sent`.
    pub fn push(&mut self, byte: u8, mut sent: impl FnMut(u8)) {
        *self = match *self {
            Stream::Typed => {
                sent(byte);
                Stream::Typed
            }
            Stream::Before if byte == BEGIN => Stream::Inside(0),
            Stream::Inside(matched) if byte == END[matched] && matched + 1 == END.len() => Stream::Ended,
            Stream::Inside(matched) if byte == END[matched] => Stream::Inside(matched + 1),
            Stream::Inside(matched) => {
                // It was none: the bytes up to here were sent.
                END[..matched].iter().for_each(|&byte| sent(byte));
                if byte == END[0] {
                    Stream::Inside(1)
                } else {
                    sent(byte);
                    Stream::Inside(0)
                }
            }
            Stream::Before | Stream::Ended => *self,
        };
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn through(mut stream: Stream, bytes: &[u8]) -> (Vec<u8>, Stream) {
        let mut sent = Vec::new();
        bytes.iter().for_each(|&byte| stream.push(byte, |byte| sent.push(byte)));
        (sent, stream)
    }

    #[test]
    fn what_a_pipe_sends_arrives_as_it_is() {
        let half = &END[..END.len() - 1];
        let almost = [half, half, b"\x1b\x1b_\0\x01\n", half, b"!"].concat();
        for text in [&b""[..], b"a", b"a\n", b"\0\x01\x04\x1b", b"\xff\xfe", &almost] {
            let all = [b"\0\0x\0", &[BEGIN][..], text, END].concat();
            assert_eq!(through(Stream::new(Input::Pipe), &all), (text.to_vec(), Stream::Ended), "{text:?}");
        }
    }

    #[test]
    fn behind_the_end_is_nothing() {
        let all = [&[BEGIN][..], b"a", END, b"b", &[BEGIN], b"c"].concat();
        assert_eq!(through(Stream::new(Input::Pipe), &all), (b"a".to_vec(), Stream::Ended));
        assert_eq!(through(Stream::new(Input::None), b"a\x04"), (Vec::new(), Stream::Ended));
    }

    #[test]
    fn a_person_may_type_everything() {
        let all = [&[0, BEGIN][..], END, b"a"].concat();
        assert_eq!(through(Stream::new(Input::Terminal), &all), (all.clone(), Stream::Typed));
    }
}
