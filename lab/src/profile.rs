//! How Cargo compiles the kernel: to be small and fast, or to be there soon.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// A profile of the workspace's `Cargo.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// What is measured and tested: whole, small and fast.
    Release,
    /// What is tried: in parts, of which a change compiles few.
    Fast,
}

/// What the kernel is made of, below the root.
const PARTS: [&str; 7] = ["kcore", "kernel", "boot", "include", "Cargo.toml", "Cargo.lock", ".cargo"];

impl Profile {
    /// [`Fast`](Profile::Fast) where the kernel below `root` is not that of the last commit, as Git has it.
    pub fn of(root: &Path) -> Self {
        let mut git = Command::new("git");
        // It looks, and takes no lock that another one may want.
        git.args(["--no-optional-locks", "status", "--porcelain", "--"]).args(PARTS).current_dir(root);
        let changes = git.stdin(Stdio::null()).stderr(Stdio::null()).output();
        let differs = changes.is_ok_and(|output| output.status.success() && !output.stdout.is_empty());
        if differs { Profile::Fast } else { Profile::Release }
    }
}

impl fmt::Display for Profile {
    /// As Cargo calls it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Profile::Release => "release",
            Profile::Fast => "fast",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn git(dir: &Path, words: &[&str]) -> bool {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]).args(words);
        git.current_dir(dir).output().is_ok_and(|output| output.status.success())
    }

    #[test]
    fn a_change_of_the_kernel_makes_it_fast() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let write = |name: &str, text: &str| {
            let file = root.join(name);
            std::fs::create_dir_all(file.parent().unwrap())
                .and_then(|()| std::fs::write(file, text))
                .unwrap();
        };
        write("kcore/src/lib.rs", "old");
        assert_eq!(Profile::of(root), Profile::Release, "without Git");
        if !git(root, &["init", "-q"]) {
            return;
        }
        assert_eq!(Profile::of(root), Profile::Fast, "a file that Git does not know");
        assert!(git(root, &["add", "."]) && git(root, &["commit", "-qm", "first"]));
        assert_eq!(Profile::of(root), Profile::Release);
        write("docs/README.md", "a page is no part of the kernel");
        assert_eq!(Profile::of(root), Profile::Release);
        write("kcore/src/lib.rs", "new");
        assert_eq!(Profile::of(root), Profile::Fast);
        assert!(git(root, &["commit", "-qam", "second"]));
        assert_eq!(Profile::of(root), Profile::Release);
    }
}
