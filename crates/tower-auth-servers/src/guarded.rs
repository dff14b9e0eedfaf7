//! Programs that end with the tests, however those end, and that are not root.

use std::{
    env, fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder of a server's own.
pub fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("tower-auth-servers-{}-{count}", process::id());
    let path = env::temp_dir().join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A program that ends with this process, however that ends, and whose folder goes then.
#[derive(Debug)]
pub struct Guarded(Child);

impl Guarded {
    /// Starts a program as a user that is not root. A shell stands guard: it reads from this process, and
    /// what it reads is its end. `now` is the signal on which the program ends without waiting for anybody.
    pub fn start(program: &Path, arguments: &[String], folder: &Path, now: &str) -> Self {
        const GUARD: &str = r#"
            folder=$1; now=$2; shift 2
            "$@" >>"$folder/log" 2>&1 &
            server=$!
            if read -r keep; then
                kill -INT "$server"
                wait "$server"
            else
                kill "-$now" "$server"
                wait "$server"
                rm -rf "$folder"
            fi
        "#;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(folder).arg(now);
        command.args(as_user()).arg(program).args(arguments);
        // Whoever reads what the tests say does not wait for the guard.
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Ends the program, and leaves its folder.
    pub fn end(&mut self) {
        use std::io::Write;

        if let Some(mut guard) = self.0.stdin.take() {
            guard.write_all(b"keep\n").unwrap();
        }
        self.0.wait().unwrap();
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// The servers refuse to be root.
fn as_user() -> Vec<String> {
    match fs::metadata("/proc/self").unwrap().uid() {
        0 => [
            "setpriv",
            "--reuid=postgres",
            "--regid=postgres",
            "--clear-groups",
        ]
        .map(String::from)
        .into(),
        _ => Vec::new(),
    }
}

/// Runs a program to its end, as a user that is not root.
pub fn run(program: impl AsRef<Path>, arguments: &[&str]) {
    let user = as_user();
    let mut command = match user.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(program.as_ref());
            command
        }
        None => Command::new(program.as_ref()),
    };
    let output = command.args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Gives a folder to a user that is not root.
pub fn give(folder: &Path) {
    if !as_user().is_empty() {
        let status = Command::new("chown")
            .arg("-R")
            .arg("postgres:")
            .arg(folder)
            .status();
        assert!(status.unwrap().success());
    }
}
