//! What each command does.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::cli::{self, Answer, Command, Options, Request};
use crate::machine::Machine;
use crate::session::Outcome;
use crate::status::{Failure, Status};
use crate::symbols::Symbols;
use crate::{bench, build, catalogue, compare, image, matrix};

/// The program.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let failure = match cli::parse(arguments) {
        Ok(request) => match perform(&request) {
            Ok(status) => return ExitCode::from(status as u8),
            Err(failure) => failure,
        },
        Err(Answer::Text(text)) => {
            say(&mut anstream::stdout(), text.trim_end());
            return ExitCode::SUCCESS;
        }
        Err(Answer::Mistake(line)) => Failure::usage(format!("{line} (try --help)")),
    };
    complain(&failure.message);
    ExitCode::from(failure.status as u8)
}

fn perform(request: &Request) -> Result<Status, Failure> {
    let options = &request.options;
    let boot = |words: &[&str]| boot(words, options);
    match request.command.as_ref().unwrap_or(&Command::Tour) {
        Command::Tour => boot(&["tour"]),
        Command::List { long } => Ok(show(&catalogue::list(*long))),
        Command::Explain { experiment } => Ok(show(&catalogue::explain(catalogue::find(experiment)?))),
        Command::Run { experiment } => {
            let words = ["run", experiment];
            catalogue::check(catalogue::find(experiment)?, &line(&words, options), options.config())?;
            boot(&words)
        }
        Command::Test { filter } => boot(&[&["test"], filter.as_deref().as_slice()].concat()),
        Command::Bench { configs: true } => Ok(show(&compare::configurations(&options.words())?)),
        Command::Bench { configs: false } => {
            say(
                &mut *text_of(options),
                bench::outside(&build::kernel(options.config())?, &options.words())?.trim_end(),
            );
            boot(&["bench"])
        }
        Command::Fault { kind } => boot(&["fault", kind]),
        Command::Matrix { experiment, markdown } => {
            let choice = matrix::Choice { experiment: experiment.as_deref(), markdown: markdown.as_deref() };
            matrix::main(choice, options)
        }
        Command::Shell { script } => shell(script.as_deref(), options),
        Command::Image { out } => {
            image::make(&build::kernel(options.config())?, out.as_deref()).map(|()| Status::Expected)
        }
    }
}

fn show(text: &str) -> Status {
    say(&mut anstream::stdout(), text.trim_end());
    Status::Expected
}

/// The kernel's command line, word by word.
fn line(words: &[&str], options: &Options) -> Vec<String> {
    words.iter().map(ToString::to_string).chain(options.words()).collect()
}

/// Boots a shell, and connects it with the terminal, or with whatever our stdin and stdout are.
fn shell(script: Option<&Path>, options: &Options) -> Result<Status, Failure> {
    if let Some(script) = script
        && let Err(error) = File::open(script)
    {
        return Err(Failure::usage(format!("the script '{}' cannot be read: {error}", script.display())));
    }
    boot_and(&["shell"], options, |machine| {
        let machine = script.into_iter().fold(machine.input(true), |machine, script| machine.script(script));
        let mut session = machine.start()?;
        // A prompt is no line, and who types wants to see each byte.
        while let Some(bytes) = session.bytes() {
            let _ = patiently(&mut *raw_text_of(options), &bytes);
        }
        session.finish()
    })
}

/// Builds the kernel, boots it with `words` and the options, and passes on what it says.
fn boot(words: &[&str], options: &Options) -> Result<Status, Failure> {
    boot_and(words, options, |machine| watch(&machine, &mut text_of(options)))
}

/// Builds the kernel, has `run` boot it with `words` and the options, and does what the options want done with what is left.
fn boot_and(
    words: &[&str],
    options: &Options,
    run: impl FnOnce(Machine) -> Result<Outcome, Failure>,
) -> Result<Status, Failure> {
    catalogue::settings(&line(words, options))?;
    let start = Instant::now();
    let kernel = build::kernel(options.config())?;
    let built = start.elapsed();
    let outcome = run(machine(&kernel, words, options)?)?;
    for problem in &outcome.report.problems {
        complain(problem);
    }
    if let Some(to) = &options.json {
        write_json(to, &outcome.report.json(&Symbols::of(kernel)))?;
    }
    if options.verbose {
        eprintln!("{}", times(built, &outcome));
    }
    Ok(outcome.verdict())
}

fn machine(kernel: &Path, words: &[&str], options: &Options) -> Result<Machine, Failure> {
    let mut machine = Machine::new(kernel).verbose(options.verbose).gdb(options.gdb);
    if let Some(door @ ("bios" | "uefi")) = options.boot.as_deref() {
        machine = machine.image(&image::find(options.disk.as_deref(), door, kernel)?);
    }
    Ok(line(words, options).into_iter().fold(machine, Machine::word))
}

/// Boots `machine` and writes each line of COM1 to `text` as it comes, with the symbols of its addresses.
fn watch(machine: &Machine, text: &mut dyn Write) -> Result<Outcome, Failure> {
    let symbols = Symbols::of(machine.kernel());
    let mut session = machine.start()?;
    while let Some(line) = session.line() {
        say(text, &symbols.annotate(&line));
    }
    session.finish()
}

/// Where people read: stdout, unless the JSON lines go there. Colours are dropped where nobody sees them.
pub(crate) fn text_of(options: &Options) -> Box<dyn Write> {
    match &options.json {
        Some(to) if to == Path::new("-") => Box::new(anstream::stderr()),
        _ => Box::new(anstream::stdout()),
    }
}

/// The same with every byte as it is: a terminal's own controls are among them.
fn raw_text_of(options: &Options) -> Box<dyn Write> {
    match &options.json {
        Some(to) if to == Path::new("-") => Box::new(io::stderr()),
        _ => Box::new(io::stdout()),
    }
}

/// Writes all of `bytes`, as slowly as the terminal takes them. QEMU makes the terminal on its stdin answer at once instead of
/// waiting, and a terminal is one for all who have it open, so that a full one is an error for us.
fn patiently(to: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
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

pub(crate) fn write_json(to: &Path, lines: &[String]) -> Result<(), Failure> {
    let mut sink: Box<dyn Write> = match to.to_str() {
        Some("-") => Box::new(io::stdout().lock()),
        _ => Box::new(File::create(to).map_err(|error| unwritable(to, &error))?),
    };
    lines.iter().try_for_each(|line| writeln!(sink, "{line}")).map_err(|error| unwritable(to, &error))
}

/// Writes `text` to the file `to`.
pub(crate) fn write_file(to: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(to, text).map_err(|error| unwritable(to, &error))
}

fn unwritable(to: &Path, error: &io::Error) -> Failure {
    Failure::dead(format!("the report cannot be written to '{}': {error}", to.display()))
}

/// Somebody who has stopped reading (`| head`) has no bearing on the verdict, so that error is let go.
pub(crate) fn say(to: &mut dyn Write, line: &str) {
    let _ = writeln!(to, "{line}").and_then(|()| to.flush());
}

pub(crate) fn complain(line: &str) {
    let red = anstyle::AnsiColor::Red.on_default();
    say(&mut anstream::stderr(), &format!("{red}scullery:{red:#} {line}"));
}

fn times(built: Duration, outcome: &Outcome) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let first = outcome.first_line.map_or("never".to_string(), |time| format!("after {:.0} ms", ms(time)));
    format!(
        "kernel ready after {:.0} ms; QEMU started; first line {first}, exit after {:.0} ms",
        ms(built),
        ms(outcome.elapsed)
    )
}
