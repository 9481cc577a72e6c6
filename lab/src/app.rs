//! What each command does.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use kcore::settings::{FAIL_ALLOCATIONS, Policy};
use tempfile::NamedTempFile;

use crate::build::{self, Executable};
use crate::cli::{self, Answer, Benched, Command, On, Options, Request};
use crate::explore::recorded;
use crate::folder;
use crate::machine::Machine;
use crate::output::{Sink, complain, heed_color, patiently, raw_text_of, say, text_of};
use crate::paint::paint;
use crate::report::Report;
use crate::session::{Outcome, Session};
use crate::status::{Failure, Status};
use crate::symbols::Symbols;
use crate::{
    bench, catalogue, compare, documents::commands, explore, image, manual, matrix, module, scope, signals,
};

/// The program.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    // Without it they end the program alone, and the scripts notice within a second.
    let _ = signals::heed();
    let arguments: Vec<OsString> = arguments.collect();
    heed_color(&arguments);
    let failure = match cli::parse(arguments) {
        Ok(request) => match perform(&request) {
            Ok(status) => return ExitCode::from(status as u8),
            Err(failure) => failure,
        },
        Err(Answer::Text(text)) => match show(&text) {
            Ok(status) => return ExitCode::from(status as u8),
            Err(failure) => failure,
        },
        Err(Answer::Mistake(line)) => Failure::usage(format!("{line} (try --help)")),
    };
    if !failure.message.is_empty() {
        complain(&failure.message);
    }
    ExitCode::from(failure.status as u8)
}

fn perform(request: &Request) -> Result<Status, Failure> {
    let options = &request.options;
    let boot = |words: &[&str]| boot(words, options);
    let command = request.command.as_ref().unwrap_or(&Command::Tour);
    // Where it is explored hangs on the experiment.
    if !matches!(command, Command::Explore { all: false, .. }) {
        scope::check(options, scope::names(command))?;
    }
    match command {
        Command::Tour => boot(&["tour"]),
        Command::List { commands: true, .. } => show(&commands::render()),
        Command::List { long, .. } => show(&catalogue::list(*long)),
        Command::Explain { experiment, hint } => show(&catalogue::explain_word(experiment, *hint)?),
        Command::Run { experiment, svg } => {
            let options = &explore::steered(experiment, options)?;
            let words = ["run", experiment];
            catalogue::check(catalogue::find(experiment)?, &line(&words, options), options.config())?;
            drawn(&words, svg.as_deref(), options, |report| Ok(recorded::of(report.records())))
        }
        Command::Explore { all: true, .. } => show(&explore::all::render()),
        Command::Explore { driver, .. } if driver.module.is_some() => {
            let (script, files) = explore::driver::made(driver, options)?;
            let told = explore::driver::machine(options);
            shell(Some(script.path()), &[], Some(&files), &Options { told, ..options.clone() })
        }
        Command::Explore { experiment, memory_model, on, search, svg, .. } => {
            let experiment = experiment.as_deref().unwrap_or_default();
            match explore::words(experiment, *memory_model, *on, search, options)? {
                Some(words) => {
                    scope::check(options, &["explore", "explore --on kernel"])?;
                    explored(&words, svg.as_deref(), options)
                }
                None => {
                    scope::check(options, scope::names(command))?;
                    explore::main(experiment, *memory_model, search, svg.as_deref(), options)
                }
            }
        }
        Command::Check { module, ioctl, trials } => {
            let (script, files) = explore::driver::checked(module, ioctl, *trials, options)?;
            let told = explore::driver::machine(options);
            shell(Some(script.path()), &[], Some(&files), &Options { told, ..options.clone() })
        }
        Command::Merge { files, into } => explore::merge(files, into.as_deref(), options),
        Command::Replay { string, on, then, svg } => replay(string, *on, *then, svg.as_deref(), options),
        Command::Test { filter, fail_allocations } => {
            let which = fail_allocations.then_some(FAIL_ALLOCATIONS);
            boot(&[&["test"], which.as_slice(), filter.as_deref().as_slice()].concat())
        }
        Command::Bench { what, configs } => measure(*what, *configs, &options.clone().measured()),
        Command::Fault { kind } => boot(&["fault", kind]),
        Command::Matrix { experiment, markdown } => {
            let choice = matrix::Choice { experiment: experiment.as_deref(), markdown: markdown.as_deref() };
            matrix::main(choice, options)
        }
        Command::Module(command) => show(&module::main(command)?),
        Command::Shell { script, mount, module, arguments } => {
            let files = folder::bundle(mount.as_deref(), module)?;
            shell(script.as_deref(), arguments, files.as_ref(), options)
        }
        Command::Completions { shell } => show(&manual::completions(*shell)),
        Command::Man { command } => show(&manual::page(command.as_deref())?),
        Command::Image { out, command } => {
            let command = command.as_deref();
            image::check(command)?;
            let kernel = build::kernel(Executable::Cases, options.config(), options.profile())?;
            image::make(&kernel, out.as_deref(), command).map(|()| Status::Expected)
        }
    }
}

/// Measures what was asked for.
fn measure(what: Option<Benched>, configs: bool, options: &Options) -> Result<Status, Failure> {
    match what {
        Some(Benched::Explore) => build::bench("kcore", "explore").map(|()| Status::Expected),
        Some(Benched::Heap) => boot(&["bench", "heap"], options),
        None if configs => show(&compare::configurations(options)?),
        None => {
            let outside = bench::outside(&options.kernel(&["bench"])?, &options.told.words())?;
            say(&mut *text_of(options), outside.trim_end())?;
            boot(&["bench"], options)
        }
    }
}

/// Makes an execution again: here, and then on the CPUs of a machine, which must come to the same verdict.
/// What was explored in the kernel is made there alone.
fn replay(
    string: &str,
    on: On,
    then: Policy,
    svg: Option<&Path>,
    options: &Options,
) -> Result<Status, Failure> {
    let recipe = explore::given(string)?;
    if !recipe.in_kernel {
        let (status, run) = explore::replay(&recipe, then, svg, options)?;
        return if on == On::Host || status != Status::Expected { Ok(status) } else { repeat(run, options) };
    }
    let why = "its steps are the kernel's, and it is made there alone";
    let words = explore::kernels(&recipe, then, options)?;
    match on {
        On::Host => return Err(Failure::usage(format!("not made on this host: {why} (try --on kernel)"))),
        On::Both => say(&mut *text_of(options), &format!("Not made on this host: {why}."))?,
        On::Kernel => {}
    }
    explored(&words, svg, options)
}

/// Makes an execution again on the CPUs of a machine, if a kernel can be made to.
fn repeat(run: Option<explore::Run>, options: &Options) -> Result<Status, Failure> {
    let not_made = |why: &str| show(&format!("\nNot made in the kernel: {why}."));
    let Some((entry, told)) = run else { return not_made(explore::UNSTEERED) };
    let (words, options) =
        (["run", entry.name], Options { told: options.told.with(told), ..options.clone() });
    match catalogue::check(entry, &line(&words, &options), options.config()) {
        Ok(()) => boot(&words, &options),
        Err(why) => not_made(&why.message),
    }
}

/// Boots the kernel with `words`, has it explore, and draws what it finds.
fn explored(words: &[String], svg: Option<&Path>, options: &Options) -> Result<Status, Failure> {
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    drawn(&words, svg, options, |report| explore::picture::reported(report.records()))
}

/// Boots the kernel with `words`, passes on what it says, and draws what it reports.
fn drawn(
    words: &[&str],
    svg: Option<&Path>,
    options: &Options,
    picture: impl FnOnce(&Report) -> Result<String, Failure>,
) -> Result<Status, Failure> {
    let svg = svg.map(recorded::open).transpose()?;
    boot_and(words, options, |machine| {
        let outcome = watch(&machine, options)?;
        svg.map_or(Ok(()), |svg| svg.write(&picture(&outcome.report)?))?;
        Ok(outcome)
    })
}

/// Shows a text. A reader that does not read it to its end has read enough.
fn show(text: &str) -> Result<Status, Failure> {
    match say(&mut anstream::stdout(), text.trim_end()) {
        Err(failure) if failure != Failure::quiet() => Err(failure),
        _ => Ok(Status::Expected),
    }
}

/// The kernel's command line, word by word.
fn line(words: &[&str], options: &Options) -> Vec<String> {
    words.iter().map(ToString::to_string).chain(options.told.words()).collect()
}

/// Boots a shell, and connects it with the terminal, or with whatever our stdin and stdout are.
fn shell(
    script: Option<&Path>,
    arguments: &[String],
    files: Option<&NamedTempFile>,
    options: &Options,
) -> Result<Status, Failure> {
    script.map(readable).transpose()?;
    let arguments = script.map(|script| folder::arguments(script, arguments)).transpose()?;
    boot_and(&["shell"], options, |mut machine| {
        machine = script.into_iter().fold(machine.input(true), Machine::script);
        machine = arguments.iter().fold(machine, |machine, file| machine.arguments(file.path()));
        machine = files.into_iter().fold(machine, |machine, file| machine.mount(file.path()));
        let mut session = machine.start()?;
        // A prompt is no line, and a user that types wants to see each byte.
        loop {
            listened_to(&session, options)?;
            let Some(bytes) = session.bytes() else { return session.finish() };
            passed_on(patiently(&mut *raw_text_of(options), &bytes), options)?;
        }
    })
}

/// Whether the script can be read, before a machine is started for nothing.
fn readable(script: &Path) -> Result<(), Failure> {
    let is_directory = File::open(script).and_then(|file| Ok(file.metadata()?.is_dir()));
    let why = match is_directory {
        Ok(false) => return Ok(()),
        Ok(true) => "it is a directory".to_string(),
        Err(error) => error.to_string(),
    };
    Err(Failure::usage(format!("the script '{}' cannot be read: {why} (try --help)", script.display())))
}

/// Builds the kernel, boots it with `words` and the options, and passes on what it says.
fn boot(words: &[&str], options: &Options) -> Result<Status, Failure> {
    boot_and(words, options, |machine| watch(&machine, options))
}

/// Builds the kernel, has `run` boot it with `words` and the options, and does what the options want done
/// with what is left.
fn boot_and(
    words: &[&str],
    options: &Options,
    run: impl FnOnce(Machine) -> Result<Outcome, Failure>,
) -> Result<Status, Failure> {
    catalogue::read(&line(words, options))?;
    let json = options.json.as_deref().map(|to| Sink::open("report", to)).transpose()?;
    let start = Instant::now();
    let kernel = options.kernel(words)?;
    let built = start.elapsed();
    let outcome = run(machine(&kernel, words, options)?)?;
    for problem in &outcome.report.problems {
        complain(problem);
    }
    if let Some(json) = json {
        json.lines(&outcome.report.json(&Symbols::of(kernel)))?;
    }
    if options.verbose {
        eprintln!("{}", times(built, &outcome));
    }
    Ok(outcome.verdict())
}

fn machine(kernel: &Path, words: &[&str], options: &Options) -> Result<Machine, Failure> {
    let mut machine = Machine::new(kernel).verbose(options.verbose).gdb(options.gdb);
    let door = options.told.word("boot").filter(|_| options.is_from_disk());
    let image = door.map(|door| image::find(options.disk.as_deref(), door, kernel)).transpose()?;
    if let (Some(config), true) = (options.config, image.is_some() || build::is_given()) {
        build::check(config, image.as_deref().unwrap_or(kernel))?;
    }
    if let Some(image) = image {
        machine = machine.image(&image);
    }
    Ok(line(words, options).into_iter().fold(machine, Machine::word))
}

/// What begins a line of the kernel's that is no report, but says what is wrong with its words.
const MISTAKE: &str = "scullery: ";

/// Boots `machine` and passes each line of COM1 on as it comes, with the symbols of its addresses.
fn watch(machine: &Machine, options: &Options) -> Result<Outcome, Failure> {
    let text = &mut *text_of(options);
    let symbols = Symbols::of(machine.kernel());
    let mut session = machine.start()?;
    loop {
        listened_to(&session, options)?;
        let Some(line) = session.line() else { return session.finish() };
        // What the kernel says of a mistake in its words is one line, as ours is.
        match line.strip_prefix(MISTAKE) {
            Some(why) => complain(why),
            None => passed_on(say(text, &paint(&symbols.annotate(&line))), options)?,
        }
    }
}

/// Waits until the machine has more to say. When no reader is left, and no report is wanted either, the
/// machine is to be stopped.
fn listened_to(session: &Session, options: &Options) -> Result<(), Failure> {
    match options.json {
        None if session.outlasts(&io::stdout()) => Err(Failure::quiet()),
        _ => Ok(()),
    }
}

/// What came of passing something on. That it has no reader is no matter when a report is wanted.
fn passed_on(said: Result<(), Failure>, options: &Options) -> Result<(), Failure> {
    match said {
        Err(failure) if options.json.is_some() && failure == Failure::quiet() => Ok(()),
        said => said,
    }
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
