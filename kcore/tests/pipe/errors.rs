//! Every error, and every rule about what is open and how large it is.

use std::sync::Arc;

use kcore::dev::{Caller, Cdev, CharDevice, Credentials, Module, NoUser, OpenFlags, Registry, Whence};
use kcore::errno::Errno;
use kcore::host::{Host, HostMachine};
use kcore::machine::Sched;
use kcore::pipe::{PIPES, Pipe, text};
use kcore::scull::ioctl::{IOCTQUANTUM, P_IOCQSIZE, P_IOCTSIZE};
use kcore::scull::{Edition, Parameters};

use crate::stage::Stage;

#[test]
fn there_are_four_pipes() {
    let parameters = Arc::new(Parameters::default());
    let new = |index| Pipe::<HostMachine>::new(index, &parameters, Edition::Repaired);
    for index in 0..PIPES {
        assert_eq!(new(index).unwrap().name(), format!("scullpipe{index}"));
    }
    assert_eq!(new(PIPES).err(), Some(Errno::ENODEV));
}

#[test]
fn what_would_sleep_is_eagain_with_o_nonblock() {
    for edition in [Edition::Book, Edition::Repaired] {
        let stage = Stage::new(edition, 4);
        let file = stage.open_nonblock();
        stage.host.run(|| {
            assert_eq!(file.read(&mut [0; 9]), Err(Errno::EAGAIN));
            assert_eq!(file.write(b"abcdef"), Ok(3), "one byte is never used");
            assert_eq!(file.write(b"d"), Err(Errno::EAGAIN));
            drop(file);
        });
        stage.assert_nothing_left();
    }
}

#[test]
fn short_counts_at_the_end_of_the_buffer() {
    let stage = Stage::new(Edition::Repaired, 10);
    let file = stage.open_nonblock();
    stage.host.run(|| {
        let mut into = [0; 10];
        assert_eq!(file.write(b"0123456"), Ok(7));
        assert_eq!(file.read(&mut into[..5]), Ok(5));
        assert_eq!(file.write(b"789abcdef"), Ok(3), "to the end");
        assert_eq!(file.write(b"abcdef"), Ok(4), "and from the start to one byte before the next");
        assert_eq!(file.read(&mut into), Ok(5), "to the end");
        assert_eq!(&into[..5], b"56789");
        assert_eq!(file.read(&mut into), Ok(4));
        assert_eq!(&into[..4], b"abcd");
    });
}

#[test]
fn a_pipe_cannot_be_sought_in() {
    let stage = Stage::new(Edition::Repaired, 10);
    let file = stage.open_both();
    for whence in [Whence::Set, Whence::Current, Whence::End] {
        assert_eq!(file.llseek(whence, 0), Err(Errno::ESPIPE));
    }
}

#[test]
fn who_only_writes_does_not_read() {
    let host = Host::new();
    host.run(|| {
        let registry = Registry::<HostMachine>::new();
        let parameters = Arc::new(Parameters::default());
        let region = registry.claim("scullp", None, 1).unwrap();
        let pipe = Pipe::new(0, &parameters, Edition::Repaired).unwrap();
        registry.add(Cdev::new(region.first, "scullpipe0", &Module::new("scull"), pipe)).unwrap();
        let open = |flags| registry.open(region.first, flags, &Credentials::ROOT).unwrap();
        let (reads, writes) = (open(OpenFlags::READ), open(OpenFlags::WRITE));
        assert_eq!(writes.read(&mut [0]), Err(Errno::EBADF));
        assert_eq!(reads.write(b"x"), Err(Errno::EBADF));
        assert_eq!(writes.write(b"x"), Ok(1));
        assert_eq!(reads.read(&mut [0]), Ok(1));
    });
}

#[test]
fn no_memory_no_pipe() {
    let stage = Stage::new(Edition::Repaired, 4000);
    stage.host.allow_allocations(Some(0));
    assert_eq!(stage.open(OpenFlags::READ).err(), Some(Errno::ENOMEM));
    stage.host.allow_allocations(None);
    // A negative size, as the book's int takes it.
    stage.parameters.pipe_buffer.set_up(usize::MAX);
    assert_eq!(stage.open(OpenFlags::READ).err(), Some(Errno::ENOMEM));
    for size in [0, 1] {
        stage.parameters.pipe_buffer.set_up(size);
        assert_eq!(stage.open(OpenFlags::READ).err(), Some(Errno::EINVAL));
    }
    stage.parameters.pipe_buffer.set_up(2);
    assert_eq!(stage.open(OpenFlags::empty()).err(), Some(Errno::EINVAL));
    stage.host.run(|| drop(stage.open(OpenFlags::READ).unwrap()));
    stage.assert_nothing_left();
}

#[test]
fn a_signal_ends_what_sleeps_and_what_waits_for_the_lock() {
    for edition in [Edition::Book, Edition::Repaired] {
        let stage = Stage::new(edition, 2);
        let file = stage.open_both();
        stage.host.run(|| {
            stage.host.interrupt(HostMachine::task());
            assert_eq!(file.read(&mut [0]), Err(Errno::ERESTARTSYS));
            assert_eq!(file.write(b"x"), Ok(1), "there is room, so nothing is to be ended");
            assert_eq!(file.write(b"x"), Err(Errno::ERESTARTSYS));
            assert_eq!(file.read(&mut [0]), Ok(1));
            HostMachine::take_signal();
            drop(file);
        });
        stage.assert_nothing_left();
    }
}

#[test]
fn the_size_of_buffers_is_asked_for_and_set() {
    let stage = Stage::new(Edition::Repaired, 4000);
    let file = stage.open_both();
    let caller = |credentials| Caller { credentials, memory: &NoUser };
    let (root, user) = (caller(Credentials::ROOT), caller(Credentials::user(1000, 1)));
    assert_eq!(file.ioctl(P_IOCQSIZE, 0, &user), Ok(4000));
    assert_eq!(file.ioctl(P_IOCTSIZE, 8000, &user), Ok(0), "as in the book, anybody may");
    assert_eq!(file.ioctl(P_IOCQSIZE, 0, &user), Ok(8000));
    assert_eq!(file.ioctl(P_IOCTSIZE, 1, &root), Err(Errno::EINVAL), "nothing would fit");
    assert_eq!(file.ioctl(IOCTQUANTUM, 100, &user), Err(Errno::EPERM), "the others are here, too");
    assert_eq!(file.ioctl(0xdead_beef, 0, &root), Err(Errno::ENOTTY));
    let other = stage.open(OpenFlags::READ).unwrap();
    stage.host.run(|| {
        assert_eq!(stage.pipe.snapshot().unwrap().ring.size, 4000, "the pipe is open");
        drop((file, other));
    });
    stage.assert_nothing_left();
    let file = stage.open_both();
    assert_eq!(stage.pipe.snapshot().unwrap().buffer, Some(8000));
    stage.host.run(|| drop(file));
}

#[test]
fn what_proc_shows() {
    let stage = Stage::new(Edition::Repaired, 4000);
    let other = Pipe::<HostMachine>::new(1, &stage.parameters, Edition::Repaired).unwrap();
    stage.host.run(|| {
        let files = [stage.open(OpenFlags::READ).unwrap(), stage.open_both()];
        files[1].write(b"hello").unwrap();
        files[0].read(&mut [0; 2]).unwrap();
        stage.parameters.pipe_buffer.set_up(100);
        let expected = "Default buffersize is 100\n\n\
                        Device 0: scullpipe0\n   Buffer: 0 to 4000 (4000 bytes)\n   rp 2   wp 5\n   readers 2   writers 1\n\n\
                        Device 1: scullpipe1\n   Buffer: none\n   rp 0   wp 0\n   readers 0   writers 0\n";
        assert_eq!(text(&stage.parameters, &[stage.pipe.clone(), other]), Ok(expected.to_string()));
    });
}

/// A pipe that is gone cannot be opened any more, and it needs no memory then.
#[test]
fn what_is_gone_is_enodev() {
    let stage = Stage::new(Edition::Repaired, 10);
    let file = stage.open_both();
    stage.host.run(|| {
        file.write(b"x").unwrap();
        stage.pipe.unplugged();
        assert_eq!(file.read(&mut [0]), Err(Errno::ENODEV));
        assert_eq!(file.write(b"x"), Err(Errno::ENODEV));
        assert_eq!(stage.open(OpenFlags::READ).err(), Some(Errno::ENODEV));
        drop(file);
    });
    stage.assert_nothing_left();
}
