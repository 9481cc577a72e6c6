//! Scripts that load a driver and unload it, of the kind that LDD3's sources have, from a folder of the host.

use std::fs;

use lab::folder;
use lab::status::Status;
use libtest_mimic::Trial;
use tests::ensure::{Answer, lacks};

use super::{follow, judge, machine, told};

/// Loads `scull`: in the manner of the newer scripts, and of the older ones.
pub(super) const LOAD: &str = r#"#!/bin/sh
module="scull"
device=scull
mode=664   # users may look

if grep -q '^staff:' /etc/group; then
    group=staff
else
    group="wheel"
fi

# The arguments are the module's parameters.
insmod ./$module.ko $* || exit 1

major=$(awk "\$2==\"$module\" {print \$1}" /proc/devices)
older=`cat /proc/devices | awk "\\$2==\"$module\" {print \\$1}"`
[ "$major" = "$older" ] || { echo "$major is not $older"; exit 1; }

rm -f /dev/${device}[0-3] /dev/${device}nothing
for minor in 0 1 2 3; do
    mknod /dev/${device}$minor c $major $minor
done
ln -sf ${device}0 /dev/${device}
chgrp $group /dev/${device}[0-3]
chmod $mode \
    /dev/${device}[0-3]
"#;

/// Unloads it.
pub(super) const UNLOAD: &str = r#"module="scull"
if [ $# -gt 0 ]; then echo "usage: $0"; exit 1; fi
rmmod $module $* || exit 1
rm -f /dev/${module} /dev/${module}[0-3] /dev/scullnothing
"#;

pub(super) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("shell::load::mounted", || Ok(mounted()?)),
        Trial::test("shell::load::as-the-script", || Ok(as_the_script()?)),
        Trial::test("shell::load::refused-before-it-runs", || Ok(refused()?)),
    ]
}

fn no_file(error: std::io::Error) -> String {
    error.to_string()
}

/// A folder with files, shown at `/mnt` while the machine follows `script`.
pub(super) fn beside(
    files: &[(&str, &str)],
    script: &str,
    status: Status,
    says: &[&str],
) -> Result<String, String> {
    let folder = tempfile::tempdir().map_err(no_file)?;
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(no_file)?;
        fs::write(path, text).map_err(no_file)?;
    }
    let bundle = folder::bundle(Some(folder.path()), &[]).map_err(told)?.ok_or("there is a folder")?;
    let outcome = follow(machine("shell timeout=100")?.mount(bundle.path()), script)?;
    judge(&outcome, status, says)?;
    lacks(&outcome.com1, "never")?;
    Ok(outcome.com1)
}

fn mounted() -> Answer {
    let script = "cd /mnt; ls . bin; sh load quantum=64 || echo never\n\
                  ls -l /dev/scull /dev/scull[0-3] | grep -q 'scull -> scull0' && echo linked\n\
                  ls -l /dev/scull[0-3] | grep 'crw-rw-r--  root  staff' | wc -l; cat /sys/kernel/debug/kmemleak | wc -l\n\
                  lsmod | grep -q quantum=64 && echo told; echo hello > /dev/scull; cat /dev/scull0\n\
                  sh load; echo $?; bin/unload now; bin/unload; echo $?; ls /dev/scull* ; echo x > load; echo $?; true\n";
    let says = [
        ".:",
        "bin/  load",
        "bin:",
        "unload",
        "linked",
        "4",
        "told",
        "hello",
        "insmod: scull: File exists",
        "1",
        "usage: bin/unload",
        "0",
        "ls: /dev/scull*: No such file or directory",
        "echo: load: Permission denied",
        "1",
    ];
    let files = [("load", LOAD), ("bin/unload", UNLOAD), (".hidden", "never")];
    beside(&files, script, Status::Expected, &says).map(drop)
}

/// `--script FILE ARGUMENTS`
fn as_the_script() -> Answer {
    let path = std::path::Path::new("scripts/load");
    let arguments = folder::arguments(path, &["lock=none".into(), "qset=7".into()]).map_err(told)?;
    let script = LOAD.to_string()
        + "echo $0 $#; lsmod | grep -q lock=none || echo never; lsmod | grep -q qset=7 || echo never; rmmod scull\n";
    let outcome = follow(machine("shell timeout=100")?.arguments(arguments.path()), &script)?;
    judge(&outcome, Status::Expected, &["scripts/load 2"])?;
    lacks(&outcome.com1, "never\n")
}

fn refused() -> Answer {
    let script = "sh /mnt/a; echo $?; sh /mnt/b; echo $?; sh /mnt/nope; echo $?; lsmod | wc -l; exit 0\n";
    let says = [
        "sh: /mnt/a, line 2: functions are not offered here",
        "2",
        "sh: /mnt/b, line 3: 'case' is not offered here",
        "2",
        "sh: /mnt/nope: No such file or directory",
        "127",
        "1",
    ];
    let files =
        [("a", "echo never; insmod scull\nf() { :; }\n"), ("b", "echo never\n\ncase $1 in x) ;; esac\n")];
    beside(&files, script, Status::Expected, &says).map(drop)
}
