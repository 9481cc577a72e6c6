//! `cargo run -- ...` as a user types it, and what must come of it.

use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use lab::status::Status;
use lab::workspace;
use libtest_mimic::Trial;

use crate::ensure::{self, Answer, same};

/// `cargo run --`, whose arguments are to follow. The program has been built, so that what a user waits for
/// it is no longer than it takes.
pub fn cargo_run() -> Result<Command, String> {
    static BUILT: OnceLock<Answer> = OnceLock::new();
    BUILT.get_or_init(build).clone()?;
    let mut command = cargo()?;
    command.args(["run", "--quiet", "--"]);
    Ok(command)
}

/// Builds what `cargo run` starts. Other features may be on there than where a test was built with all
/// others.
fn build() -> Answer {
    let output = cargo()?.args(["build", "--quiet", "--package", "lab"]).output();
    let output = output.map_err(|error| format!("cargo could not be started: {error}"))?;
    ensure::holds("the program can be built", output.status.success())
        .map_err(|why| format!("{why}\n{}", String::from_utf8_lossy(&output.stderr)))
}

fn cargo() -> Result<Command, String> {
    let root = workspace::root().map_err(|failure| failure.to_string())?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    Ok(command)
}

/// What is left of the program.
#[derive(Debug)]
pub struct Ended {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// How long it took, with Cargo's own time.
    pub elapsed: Duration,
}

type Check = Box<dyn Fn(&Ended) -> Answer + Send>;

/// One call of the program: its arguments, and the demands on what comes of it. A builder.
pub struct Program {
    name: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    status: Status,
    checks: Vec<Check>,
}

impl Program {
    /// A test called `name` of `cargo run -- ARGUMENTS`.
    pub fn new(name: impl Into<String>, arguments: &[&str]) -> Self {
        Program {
            name: name.into(),
            arguments: arguments.iter().map(ToString::to_string).collect(),
            environment: Vec::new(),
            status: Status::Expected,
            checks: Vec::new(),
        }
    }

    /// Sets a variable of its environment.
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.environment.push((name.to_string(), value.into()));
        self
    }

    /// How it must end.
    pub fn ends(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// `check` must hold for what it said.
    pub fn check(mut self, check: impl Fn(&Ended) -> Answer + Send + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }

    /// The test.
    pub fn trial(self) -> Trial {
        Trial::test(self.name.clone(), move || self.call().map_err(Into::into))
    }

    fn call(&self) -> Answer {
        let mut command = cargo_run()?;
        command.args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        let began = Instant::now();
        let output = command.output().map_err(|error| format!("cargo could not be started: {error}"))?;
        let elapsed = began.elapsed();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let ended = Ended { stdout: text(output.stdout), stderr: text(output.stderr), elapsed };
        let all = std::iter::once(same("the exit status", output.status.code(), Some(self.status as i32)))
            .chain(self.checks.iter().map(|check| check(&ended)));
        all.into_iter().collect::<Answer>().map_err(|why| {
            format!(
                "{why}\narguments: {:?}\n--- stdout\n{}--- stderr\n{}",
                self.arguments, ended.stdout, ended.stderr
            )
        })
    }
}
