//! A process of the host: its own files for ours, and a real one for the host's.

use std::cell::{Cell, RefCell};
use std::fmt::Arguments;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kcore::dev::{OpenFlags, Whence};
use kcore::errno::Errno;
use kcore::tools::{Ended, STDERR, System};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};

/// What a process finds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    pub(crate) input: Input,
    /// The output is a file with this in it, at this position; else a pipe.
    pub(crate) output: Option<(Vec<u8>, u64)>,
}

/// What it reads.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A file, at a position.
    File(Vec<u8>, u64),
    /// A pipe that gives one of these with each read.
    Pipe(Vec<Vec<u8>>),
}

impl Default for Input {
    fn default() -> Self {
        Input::Pipe(Vec::new())
    }
}

/// What it leaves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) status: i32,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) output: Vec<u8>,
    pub(crate) complaints: Vec<u8>,
    /// Where the input is read next, if it is a file.
    pub(crate) position: Option<u64>,
}

/// A directory with the files of a scene, and open files.
struct Stage {
    directory: tempfile::TempDir,
    input: File,
    output: File,
    /// Of a pipe.
    reader: Option<File>,
}

impl Stage {
    fn of(scene: &Scene) -> io::Result<Self> {
        let directory = tempfile::tempdir()?;
        let path = |name: &str| directory.path().join(name);
        fs::create_dir(path("sub"))?;
        for (name, bytes) in &scene.files {
            fs::write(path(name), bytes)?;
        }
        let at = |name: &str, bytes: &[u8], position| {
            fs::write(path(name), bytes)?;
            let mut file = File::options().read(true).write(true).open(path(name))?;
            file.seek(SeekFrom::Start(position)).map(|_| file)
        };
        let input = match &scene.input {
            Input::File(bytes, position) => at("stdin", bytes, *position)?,
            Input::Pipe(packets) => {
                let (reader, writer) = pipe_with(PipeFlags::DIRECT)?;
                let mut writer = File::from(writer);
                packets.iter().try_for_each(|packet| writer.write_all(packet))?;
                File::from(reader)
            }
        };
        let (output, reader) = match &scene.output {
            Some((bytes, position)) => (at("stdout", bytes, *position)?, None),
            None => {
                let (reader, writer) = pipe_with(PipeFlags::empty())?;
                (File::from(writer), Some(File::from(reader)))
            }
        };
        Ok(Stage { directory, input, output, reader })
    }

    fn left(mut self, status: i32, complaints: Vec<u8>) -> io::Result<Left> {
        drop(self.output);
        let mut output = Vec::new();
        if let Some(reader) = &mut self.reader {
            reader.read_to_end(&mut output)?;
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(self.directory.path())? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                files.push((entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?));
            }
        }
        files.sort();
        Ok(Left { status, files, output, complaints, position: self.input.stream_position().ok() })
    }
}

/// What the host's tool leaves.
pub(crate) fn theirs(program: &str, words: &[&str], scene: &Scene) -> Left {
    let stage = Stage::of(scene).expect("a scene on the host");
    let ended = Command::new(program)
        .args(words)
        .current_dir(stage.directory.path())
        .env("LC_ALL", "C")
        .stdin(Stdio::from(stage.input.try_clone().expect("a descriptor")))
        .stdout(Stdio::from(stage.output.try_clone().expect("a descriptor")))
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .expect("the host has the tool");
    let status = ended.status.code().expect("it ends by itself");
    stage.left(status, ended.stderr).expect("files of the host")
}

/// What ours leaves.
pub(crate) fn ours(name: &str, tool: fn(&Host, &[&str]) -> Ended, words: &[&str], scene: &Scene) -> Left {
    let stage = Stage::of(scene).expect("a scene on the host");
    let host = Host {
        name: name.to_string(),
        directory: stage.directory.path().to_path_buf(),
        files: RefCell::new(vec![
            Some(stage.input.try_clone().expect("a descriptor")),
            Some(stage.output.try_clone().expect("a descriptor")),
            None,
        ]),
        complaints: RefCell::default(),
        clock: Cell::default(),
    };
    let status = tool(&host, words).unwrap_or_else(|why| {
        host.say(format_args!("{why}"));
        // As 1 of grep is that there is no such line.
        if name == "grep" { 2 } else { 1 }
    });
    let complaints = host.complaints.take();
    drop(host);
    stage.left(status, complaints).expect("files of the host")
}

/// A process whose calls are the host's.
pub(crate) struct Host {
    name: String,
    directory: PathBuf,
    files: RefCell<Vec<Option<File>>>,
    complaints: RefCell<Vec<u8>>,
    clock: Cell<u64>,
}

impl Host {
    fn with<T>(&self, descriptor: usize, call: impl FnOnce(&mut File) -> io::Result<T>) -> Result<T, Errno> {
        let mut files = self.files.borrow_mut();
        let file = files.get_mut(descriptor).and_then(Option::as_mut).ok_or(Errno::EBADF)?;
        call(file).map_err(errno)
    }

    fn path(&self, name: &str) -> PathBuf {
        // Nothing is not the directory.
        if name.is_empty() { PathBuf::new() } else { self.directory.join(Path::new(name)) }
    }
}

impl System for Host {
    fn open(&self, path: &str, flags: OpenFlags) -> Result<usize, Errno> {
        let mut how = match (flags.contains(OpenFlags::READ), flags.contains(OpenFlags::WRITE)) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            _ => OFlags::RDONLY,
        };
        for (flag, bit) in FLAGS {
            how.set(bit, flags.contains(flag));
        }
        let opened = rustix::fs::open(self.path(path), how, Mode::from(0o666));
        let file: OwnedFd = opened.map_err(|error| errno(error.into()))?;
        let mut files = self.files.borrow_mut();
        files.push(Some(file.into()));
        Ok(files.len() - 1)
    }

    fn close(&self, descriptor: usize) -> Result<(), Errno> {
        self.files.borrow_mut()[descriptor].take().map(drop).ok_or(Errno::EBADF)
    }

    fn read(&self, descriptor: usize, into: &mut [u8]) -> Result<usize, Errno> {
        self.with(descriptor, |file| file.read(into))
    }

    fn write(&self, descriptor: usize, from: &[u8]) -> Result<usize, Errno> {
        match descriptor {
            STDERR => self.complaints.borrow_mut().write(from).map_err(errno),
            _ => self.with(descriptor, |file| file.write(from)),
        }
    }

    fn llseek(&self, descriptor: usize, whence: Whence, offset: i64) -> Result<usize, Errno> {
        let to = match whence {
            Whence::Set => SeekFrom::Start(offset as u64),
            Whence::Current => SeekFrom::Current(offset),
            Whence::End => SeekFrom::End(offset),
        };
        self.with(descriptor, |file| file.seek(to).map(|at| at as usize))
    }

    fn size(&self, descriptor: usize) -> Option<i64> {
        let metadata = self.with(descriptor, |file| file.metadata()).ok()?;
        metadata.is_file().then_some(metadata.len() as i64)
    }

    fn truncate(&self, descriptor: usize, length: i64) -> Result<(), Errno> {
        self.with(descriptor, |file| file.set_len(length as u64))
    }

    fn sync(&self, descriptor: usize) -> Result<(), Errno> {
        self.with(descriptor, |file| file.sync_all())
    }

    fn add_flags(&self, descriptor: usize, flags: OpenFlags) -> Result<(), Errno> {
        self.with(descriptor, |file| {
            let mut all = fcntl_getfl(&*file)?;
            FLAGS.iter().filter(|(flag, _)| flags.contains(*flag)).for_each(|(_, bit)| all |= *bit);
            Ok(fcntl_setfl(&*file, all)?)
        })
    }

    fn are_same(&self, one: &str, other: &str) -> bool {
        let paths = [one, other].map(|path| fs::canonicalize(self.path(path)).ok());
        paths[0].is_some() && paths[0] == paths[1]
    }

    fn microseconds(&self) -> u64 {
        self.clock.replace(self.clock.get() + 1)
    }

    /// The first time a line comes meanwhile, the second time a signal.
    fn pause(&self, _microseconds: u64) -> Result<(), Errno> {
        let mut file = File::options().append(true).open(self.path("a")).map_err(errno)?;
        match self.clock.replace(self.clock.get() + 1) {
            0 => file.write_all(b"more\n").map_err(errno),
            _ => Err(Errno::EINTR),
        }
    }

    fn reserve(&self, buffer: &mut Vec<u8>, more: usize) -> Result<(), Errno> {
        buffer.try_reserve_exact(more).map_err(|_| Errno::ENOMEM)
    }

    fn say(&self, what: Arguments<'_>) {
        self.complaints.borrow_mut().extend(format!("{}: {what}\n", self.name).bytes());
    }

    fn complain(&self, about: &str, errno: Errno) {
        self.say(format_args!("{about}: {}", errno.message()));
    }
}

const FLAGS: [(OpenFlags, OFlags); 5] = [
    (OpenFlags::APPEND, OFlags::APPEND),
    (OpenFlags::CREATE, OFlags::CREATE),
    (OpenFlags::EXCLUSIVE, OFlags::EXCL),
    (OpenFlags::NONBLOCK, OFlags::NONBLOCK),
    (OpenFlags::TRUNCATE, OFlags::TRUNC),
];

fn errno(error: io::Error) -> Errno {
    use Errno::*;
    let all = [
        ENOENT, EINTR, EIO, EBADF, EAGAIN, ENOMEM, EACCES, EBUSY, EEXIST, ENOTDIR, EISDIR, EINVAL, ENOSPC,
        ESPIPE,
    ];
    let code = error.raw_os_error();
    let known = all.into_iter().find(|errno| Some(-errno.code()) == code);
    known.unwrap_or_else(|| panic!("{error} is no error of a tool's calls here"))
}
