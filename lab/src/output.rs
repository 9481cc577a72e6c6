//! What is written, and where to.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use anstream::ColorChoice;
use kcore::experiment::page::{self, WIDTH};
use rustix::termios::tcgetwinsize;

use crate::cli::Options;
use crate::status::Failure;

/// Columns of what people read.
pub(crate) fn columns() -> usize {
    room(io::stdout()).map_or(WIDTH, page::width_on)
}

/// Columns of a terminal, if `output` is one that says how many it has.
pub(crate) fn room(output: impl AsFd) -> Option<usize> {
    tcgetwinsize(output).ok().map(|size| size.ws_col.into()).filter(|columns| *columns > 0)
}

/// Heeds `--color`, which is as good for what is said of a mistake in another option: so it is looked for in
/// the arguments as they are.
pub(crate) fn heed_color(arguments: &[OsString]) {
    let mut words = arguments.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        let chosen = match word {
            "--color" => words.next(),
            word => word.strip_prefix("--color="),
        };
        match chosen {
            Some("always") => ColorChoice::Always.write_global(),
            Some("never") => ColorChoice::Never.write_global(),
            _ => {}
        }
    }
}

/// Where people read: stdout, unless the JSON lines go there. Colours are dropped where no terminal shows
/// them.
pub(crate) fn text_of(options: &Options) -> Box<dyn Write> {
    if is_json_on_stdout(options) { Box::new(anstream::stderr()) } else { Box::new(anstream::stdout()) }
}

/// The same with every byte as it is: a terminal's own controls are among them.
pub(crate) fn raw_text_of(options: &Options) -> Box<dyn Write> {
    if is_json_on_stdout(options) { Box::new(io::stderr()) } else { Box::new(io::stdout()) }
}

fn is_json_on_stdout(options: &Options) -> bool {
    options.json.as_deref() == Some(Path::new("-"))
}

/// A line for people. An error when it cannot be written, and a [quiet](Failure::quiet) one when no reader is
/// left (`| head`).
pub(crate) fn say(to: &mut dyn Write, line: &str) -> Result<(), Failure> {
    writeln!(to, "{line}").and_then(|()| to.flush()).map_err(|error| lost("the output", &error))
}

/// What is wrong, in a line on stderr. A caller that does not hear it has the exit status.
pub(crate) fn complain(line: &str) {
    let red = anstyle::AnsiColor::Red.on_default();
    let line = format!("scullery: {line}");
    let line = room(io::stderr()).map_or(line.clone(), |columns| page::fit(&line, page::width_on(columns)));
    let _ = say(&mut anstream::stderr(), &line.replacen("scullery:", &format!("{red}scullery:{red:#}"), 1));
}

/// Writes all of `bytes`, as slowly as the terminal takes them: one that answers at once, as another program
/// may have left it, is an error for us when it is full.
pub(crate) fn patiently(to: &mut dyn Write, bytes: &[u8]) -> Result<(), Failure> {
    write_patiently(to, bytes).map_err(|error| lost("the output", &error))
}

fn write_patiently(to: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
    /// As long as a fast terminal takes for some lines.
    const PAUSE: Duration = Duration::from_millis(1);
    while !bytes.is_empty() {
        match to.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    loop {
        match to.flush() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::sleep(PAUSE),
            done => return done,
        }
    }
}

/// A file that is written at the end, and opened before anything is done for it.
pub(crate) struct Sink {
    name: String,
    to: Box<dyn Write>,
}

impl Sink {
    /// The file `to`, empty, which is to be a `what`; stdout if it is `-`.
    pub(crate) fn open(what: &str, to: &Path) -> Result<Self, Failure> {
        if to == Path::new("-") {
            return Ok(Sink { name: "the output".to_string(), to: Box::new(io::stdout()) });
        }
        let name = format!("the {what} '{}'", to.display());
        let file = File::create(to)
            .map_err(|error| Failure::usage(format!("{name} cannot be written: {error} (try --help)")))?;
        Ok(Sink { name, to: Box::new(file) })
    }

    /// Writes all of it.
    pub(crate) fn write(mut self, text: &str) -> Result<(), Failure> {
        let written = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
        written.map_err(|error| lost(&self.name, &error))
    }

    /// Writes lines.
    pub(crate) fn lines(self, lines: &[String]) -> Result<(), Failure> {
        let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
        self.write(&text)
    }
}

fn lost(what: &str, error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::dead(format!("{what} cannot be written: {error}")),
    }
}
