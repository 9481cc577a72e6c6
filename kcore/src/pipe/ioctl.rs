//! The commands of a pipe: those of the whole family, of which two are about pipes.
#![forbid(unsafe_code)]

use crate::dev::Caller;
use crate::errno::Errno;
use crate::machine::Machine;
use crate::pipe::device::Pipe;
use crate::scull::ioctl::{P_IOCQSIZE, P_IOCTSIZE};

pub(super) fn ioctl<M: Machine>(
    pipe: &Pipe<M>,
    command: u32,
    argument: usize,
    caller: &Caller<'_>,
) -> Result<usize, Errno> {
    let size = &pipe.parameters().pipe_buffer;
    match command {
        P_IOCTSIZE if !caller.credentials.sys_admin => Err(Errno::EPERM),
        P_IOCTSIZE => {
            size.poke(argument);
            Ok(0)
        }
        P_IOCQSIZE => Ok(size.peek()),
        _ => Err(Errno::ENOTTY),
    }
}
