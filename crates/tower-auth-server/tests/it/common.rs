//! Folders, and the program with its answers.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::{self, Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use serde_json::Value;

/// Long enough for a busy machine; reached only when something hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of a test's own, and the key store in it. It goes with the test.
pub(crate) struct Folder {
    path: PathBuf,
    /// The store that commands find in their environment.
    url: String,
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tower-auth-server-{}-{count}", process::id());
        let path = env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        let url = "sqlite:keys.db".to_owned();
        Self { path, url }
    }

    /// A folder whose commands find another store.
    pub(crate) fn with_store(url: &str) -> Self {
        let mut folder = Self::new();
        folder.url = url.to_owned();
        folder
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database's file.
    pub(crate) fn file(&self) -> PathBuf {
        self.path.join("keys.db")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path.join(name), text).unwrap();
    }

    /// The program in this folder, with the store in the environment and nothing else there.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tower-auth"));
        command
            .args(arguments)
            .current_dir(&self.path)
            .env_clear()
            .env("USER", "ada")
            .env("TOWER_AUTH_KEY_STORE", &self.url)
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// What it prints where all goes well.
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{arguments:?}: {said:?}");
        said.out
    }

    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let out = self.good(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// A new key's document.
    pub(crate) fn make(&self, name: &str, more: &[&str]) -> Value {
        self.json(&[&["keys", "create", "--name", name], more].concat())
    }

    /// The one line that it says where something goes wrong.
    pub(crate) fn fault(&self, arguments: &[&str]) -> String {
        self.run(arguments).fault(1)
    }

    pub(crate) fn usage(&self, arguments: &[&str]) -> String {
        self.run(arguments).fault(2)
    }

    pub(crate) fn with_input(&self, arguments: &[&str], input: &str) -> Said {
        let mut command = self.command(arguments);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
        // A program that needs no input may have ended before.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Said {
    /// The line, without the program's name, of an end with that code; nothing is printed.
    pub(crate) fn fault(&self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        let line = self.err.strip_prefix("tower-auth: ").unwrap();
        let line = line.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "more than one line: {self:?}");
        line.to_owned()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A text of a document.
pub(crate) fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} of {document}"))
}
