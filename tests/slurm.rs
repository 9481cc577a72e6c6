//! `contrib/slurm/explore` on a real cluster of one node, which the test starts for itself.
//!
//! Where Slurm is not installed (`./setup.sh --slurm`) it is left out, unless it is asked for:
//! `cargo test -p tests --test slurm -- --include-ignored`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, sleep};
use std::time::Duration;

use kcore::report::{Explore, Record};
use lab::workspace;
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;

fn main() {
    let is_there = |program: &str| on_path(program).is_some();
    let left_out = !["sbatch", "slurmctld", "slurmd", "munged"].into_iter().all(is_there);
    let trial = |name: &str, runner: fn() -> Result<(), Failed>| {
        Trial::test(format!("slurm::{name}"), runner).with_ignored_flag(left_out)
    };
    let trials = vec![
        trial("shards-come-to-the-certificate-of-one-run", shards_come_to_the_certificate_of_one_run),
        trial("killed-shards-are-gone-on-with", killed_shards_are_gone_on_with),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn shards_come_to_the_certificate_of_one_run() -> Result<(), Failed> {
    let cluster = Cluster::start()?;
    let program = ["broken-lock", "--writers", "3"];
    let status = cluster.explore("3", &program)?.wait()?;
    same(&cluster.certificate()?, &alone(&program)?)?;
    if status.success() { Ok(()) } else { Err(format!("explore ended with {status}").into()) }
}

fn killed_shards_are_gone_on_with() -> Result<(), Failed> {
    let cluster = Cluster::start()?;
    let program = ["multithread-write", "--memory-model", "tso"];
    let mut running = cluster.explore("2", &program)?;
    while !cluster.directory.path().join("work/round1.1").exists() && running.try_wait()?.is_none() {
        sleep(Duration::from_millis(20));
    }
    cluster.slurm("scancel", &["--full", "--signal=KILL", "--state=RUNNING"])?;
    let mut status = running.wait()?;
    // Those that were hit left their shards unmade, which the script says; then it is started again.
    if status.code() == Some(2) {
        status = cluster.explore("2", &program)?.wait()?;
    }
    same(&cluster.certificate()?, &alone(&program)?)?;
    if status.success() { Ok(()) } else { Err(format!("explore ended with {status}").into()) }
}

/// Both must say the same of all executions.
fn same(here: &Explore, there: &Explore) -> Result<(), Failed> {
    let said = |it: &Explore| {
        (it.executions, it.raced, it.complete, it.deepest, it.verdict, it.replay.clone(), it.outcomes.clone())
    };
    if said(here) == said(there) && here.complete {
        Ok(())
    } else {
        Err(format!("{here:?} {there:?}").into())
    }
}

/// What one run says.
fn alone(program: &[&str]) -> Result<Explore, Failed> {
    let output = Command::new(scullery()?).arg("explore").args(program).args(["--json", "-"]).output()?;
    record(&String::from_utf8(output.stdout)?)
}

fn record(line: &str) -> Result<Explore, Failed> {
    match serde_json::from_str(line)? {
        Record::Explore(explore) => Ok(explore),
        other => Err(format!("{other:?}").into()),
    }
}

/// The program, as it was built for the tests.
fn scullery() -> Result<PathBuf, Failed> {
    let root = workspace::root()?;
    let built =
        Command::new(env!("CARGO")).current_dir(&root).args(["build", "--quiet", "-p", "lab"]).status()?;
    if !built.success() {
        return Err("the program could not be built".into());
    }
    let test = std::env::current_exe()?;
    let beside = test.parent().and_then(Path::parent).ok_or("the test has no directory")?;
    Ok(beside.join("scullery"))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').map(|directory| Path::new(directory).join(program)).find(|file| file.exists())
}

/// A controller and a node on this machine, with a directory of their own.
struct Cluster {
    directory: TempDir,
    daemons: Vec<Child>,
}

impl Cluster {
    fn start() -> Result<Self, Failed> {
        let mut cluster = Cluster { daemons: Vec::new(), directory: TempDir::new()? };
        let at = |name: &str| cluster.at(name);
        fs::write(at("key"), (0..128).map(|_| fastrand::u8(..)).collect::<Vec<_>>())?;
        fs::set_permissions(at("key"), fs::Permissions::from_mode(0o400))?;
        fs::create_dir(at("state"))?;
        fs::create_dir(at("spool"))?;
        fs::write(at("slurm.conf"), configuration(&at("")))?;
        let (socket, key, pid) = (at("munge"), at("key"), at("munge.pid"));
        let (seed, log, configuration) = (at("seed"), at("munge.log"), at("slurm.conf"));
        let munged = ["--foreground", "--force", "--socket", &socket, "--key-file", &key, "--pid-file", &pid];
        cluster.daemon("munged", &[&munged[..], &["--seed-file", &seed, "--log-file", &log]].concat())?;
        cluster.daemon("slurmctld", &["-D", "-f", &configuration])?;
        cluster.daemon("slurmd", &["-D", "-f", &configuration, "-N", "node"])?;
        cluster.wait_for_node()?;
        Ok(cluster)
    }

    /// The path of a file of its own.
    fn at(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn daemon(&mut self, program: &str, arguments: &[&str]) -> Result<(), Failed> {
        let program = on_path(program).ok_or("Slurm is not installed: ./setup.sh --slurm")?;
        let daemon =
            Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        self.daemons.push(daemon);
        Ok(())
    }

    /// Waits until the node is idle; a daemon that ends is an error.
    fn wait_for_node(&mut self) -> Result<(), Failed> {
        loop {
            if self.slurm("sinfo", &["--noheader", "--format=%t"])?.contains("idle") {
                return Ok(());
            }
            for daemon in &mut self.daemons {
                if let Some(status) = daemon.try_wait()? {
                    let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                    return Err(format!("a daemon of the cluster ended: {status}\n{log}").into());
                }
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// What a command of Slurm says.
    fn slurm(&self, program: &str, arguments: &[&str]) -> Result<String, Failed> {
        let output =
            Command::new(program).args(arguments).env("SLURM_CONF", self.at("slurm.conf")).output()?;
        Ok(String::from_utf8(output.stdout)?)
    }

    fn explore(&self, shards: &str, program: &[&str]) -> Result<Child, Failed> {
        let script = workspace::root()?.join("contrib/slurm/explore");
        let log = fs::File::create(self.directory.path().join("said"))?;
        Ok(Command::new(script)
            .args([shards, &self.at("work")])
            .args(program)
            .env("SLURM_CONF", self.at("slurm.conf"))
            .env("SCULLERY", scullery()?)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?)
    }

    fn certificate(&self) -> Result<Explore, Failed> {
        let file = self.directory.path().join("work/certificate.json");
        let said = || fs::read_to_string(self.directory.path().join("said")).unwrap_or_default();
        record(&fs::read_to_string(file).map_err(|error| format!("{error}: {}", said()))?)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The node first: what runs there is to end with it.
        for daemon in self.daemons.iter_mut().rev() {
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let _ = daemon.wait();
        }
    }
}

/// Of a cluster of this machine alone, whose files lie in `directory`.
fn configuration(directory: &str) -> String {
    let port =
        || TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).map_or(0, |at| at.port());
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let user = Command::new("id").arg("-un").output().map(|output| output.stdout).unwrap_or_default();
    let (name, user) = (name.trim(), String::from_utf8_lossy(&user));
    let (user, cpus) = (user.trim(), thread::available_parallelism().map_or(1, usize::from));
    let (controller, node) = (port(), port());
    format!(
        "ClusterName=alone\nSlurmctldHost={name}(127.0.0.1)\nSlurmUser={user}\nSlurmdUser={user}\n\
         AuthType=auth/munge\nAuthInfo=socket={directory}munge\nSlurmctldPort={controller}\nSlurmdPort={node}\n\
         StateSaveLocation={directory}state\nSlurmdSpoolDir={directory}spool\n\
         SlurmctldPidFile={directory}slurmctld.pid\nSlurmdPidFile={directory}slurmd.pid\n\
         SlurmctldLogFile={directory}log\nSlurmdLogFile={directory}log.node\n\
         ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nMailProg=/bin/true\nReturnToService=2\n\
         SelectType=select/cons_tres\nSelectTypeParameters=CR_CPU\nSchedulerType=sched/builtin\n\
         SchedulerParameters=batch_sched_delay=0,sched_min_interval=0\n\
         NodeName=node NodeHostname={name} NodeAddr=127.0.0.1 Port={node} CPUs={cpus} State=UNKNOWN\n\
         PartitionName=all Nodes=node Default=YES MaxTime=INFINITE State=UP\n"
    )
}
