//! Programs that end with the tests, however those end.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A folder of a server's own.
pub(crate) fn folder() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("tower-auth-redis-{}-{count}", process::id());
    let path = env::temp_dir().join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A program that ends with this process, however that ends, and whose folder goes then.
pub(crate) struct Guarded(Child);

impl Guarded {
    /// Starts a program. A shell stands guard: it reads from this process, and what it reads is its end.
    pub(crate) fn start(program: &Path, arguments: &[String], folder: &Path) -> Self {
        const GUARD: &str = r#"
            folder=$1; shift
            "$@" >>"$folder/log" 2>&1 &
            server=$!
            if read -r keep; then
                kill -INT "$server"
                wait "$server"
            else
                kill -KILL "$server"
                wait "$server"
                rm -rf "$folder"
            fi
        "#;
        let mut command = Command::new("sh");
        command.args(["-c", GUARD, "guard"]).arg(folder);
        command.arg(program).args(arguments);
        // Whoever reads what the tests say does not wait for the guard.
        command.stdin(Stdio::piped()).stdout(Stdio::null());
        command.stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Ends the program, and leaves its folder.
    pub(crate) fn end(&mut self) {
        use std::io::Write;

        if let Some(mut guard) = self.0.stdin.take() {
            guard.write_all(b"keep\n").unwrap();
        }
        self.0.wait().unwrap();
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
