//! A newcomer's way: an empty folder, `cargo new`, and what the README shows pasted there, to a refused and
//! an accepted request.

use std::{
    env,
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{self, Child, Command},
    thread,
    time::{Duration, Instant},
};

use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;

use crate::common::live::{self, Reply};

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);
const KEY: &str = "sk-live-9f03a51d8c70";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// One test, because each pasted crate is compiled: the claims stand one below the other.
#[test]
fn the_readme_pasted_into_an_empty_crate_refuses_and_accepts() {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let port = free_port();
    paste(&text, port);
    let server = Server::start(port);

    let refused = server.post("/run", &[]);
    assert_eq!(refused.status, 401, "nothing is shown");
    assert_eq!(refused.json()["code"], "missing_credential");
    let refused = server.post("/run", &[("x-api-key", "sk-guessed-4e0a21")]);
    assert_eq!(refused.status, 401, "a wrong key is shown");
    assert_eq!(refused.json()["code"], "invalid_credential");
    let refused = server.post("/run", &[("authorization", &bearer("another"))]);
    assert_eq!(refused.status, 401, "a token for another audience is shown");
    let refused = server.post("/nowhere", &[]);
    assert_eq!(refused.status, 401, "the path is unknown");

    let accepted = server.post("/run", &[("x-api-key", KEY)]);
    assert_eq!(accepted.status, 200, "{}", accepted.body);
    assert!(
        accepted.body.starts_with("hello apikey_"),
        "{}",
        accepted.body
    );
    let accepted = server.post("/run", &[("authorization", &bearer("my-agent"))]);
    assert_eq!((accepted.status, &*accepted.body), (200, "hello ada"));
    let public = live::http("GET", &server.url("/health"), &[], "");
    assert_eq!((public.status, &*public.body), (200, "ok"));
    let public = server.post("/hooks/public", &[]);
    assert_eq!((public.status, &*public.body), (200, "got it"));

    let log = fs::read_to_string(folder().join("log")).unwrap();
    for event in [
        " INFO tower_auth: outcome=\"refused\"",
        "reason=missing_credential",
        "reason=api_key_unknown",
        " DEBUG tower_auth: outcome=\"accepted\"",
    ] {
        assert!(log.contains(event), "{event} in {log}");
    }
    says_which_variable_is_not_set();

    let lines = lines_to_call(&text, port);
    let Some(said) = said_by_shell(&lines) else {
        return;
    };
    let answers = said.split("HTTP/1.1 ").skip(1);
    let codes: Vec<&str> = answers.map(|answer| &answer[..3]).collect();
    assert_eq!(codes, ["401", "200", "200"], "{said}");
    for body in ["missing_credential", "hello apikey_", "hello ada"] {
        assert!(said.contains(body), "{body} in {said}");
    }
}

/// Makes the crate: the code with a `main` is the program, the other blocks are programs of their own.
fn paste(text: &str, port: u16) {
    let folder = folder();
    let sources = folder.join("src");
    let _ = fs::remove_dir_all(&folder);
    // Outside of this repository, which would otherwise take the new crate for a member.
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    let made = Command::new(env!("CARGO"))
        .args(["new", "--quiet", "--vcs", "none", "--name", "pasted"])
        .arg(&folder)
        .current_dir(folder.parent().unwrap())
        .status();
    assert!(made.unwrap().success());
    fs::create_dir_all(sources.join("bin")).unwrap();

    let [dependencies] = &blocks(text, "toml")[..] else {
        panic!("one block of dependencies");
    };
    // Not published yet, and what is to be shown is this code.
    let (name, path) = ("tower-auth = \"0.1\"", root().display().to_string());
    assert_eq!(dependencies.matches(name).count(), 1, "{dependencies}");
    let here = format!("tower-auth = {{ path = {path:?} }}");
    let manifest = folder.join("Cargo.toml");
    let made = fs::read_to_string(&manifest).unwrap();
    let package = made.strip_suffix("[dependencies]\n").unwrap();
    let manifest_text = format!("{package}{}", dependencies.replace(name, &here));
    fs::write(manifest, manifest_text).unwrap();
    // The versions that are here already: nothing is downloaded.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();

    let mut programs = 0;
    for (number, block) in blocks(text, "rust").iter().enumerate() {
        // It needs another crate of this repository; as a test of the documentation it compiles.
        if block.contains("tower_auth_sqlite") {
            continue;
        }
        if block.contains("fn main()") {
            programs += 1;
            // Another server may have that port.
            assert_eq!(block.matches(":8000").count(), 1, "{block}");
            let block = block.replace(":8000", &format!(":{port}"));
            fs::write(sources.join("main.rs"), block).unwrap();
        } else {
            let program = format!("fn main() {{\n{block}}}\n");
            let file = sources.join(format!("bin/block_{number}.rs"));
            fs::write(file, program).unwrap();
        }
    }
    assert_eq!(programs, 1, "one block is a program");
    build();
}

/// The shell lines behind the one that starts the server, which runs with a key and secret of ours.
fn lines_to_call(text: &str, port: u16) -> String {
    let block = blocks(text, "sh").swap_remove(0);
    let (before, after) = block.split_once("cargo run &").unwrap();
    assert!(before.starts_with("export API_KEY="), "{before}");
    let (_, lines) = after.split_once('\n').unwrap();
    lines.replace(":8000", &format!(":{port}"))
}

/// Nothing where this machine lacks what the lines call.
fn said_by_shell(lines: &str) -> Option<String> {
    for tool in ["curl", "openssl"] {
        live::program(tool)?;
    }
    let output = Command::new("sh")
        .args(["-c", lines])
        .env("API_KEY", KEY)
        .env("JWT_SECRET", SECRET)
        .output()
        .expect("sh runs");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The texts between fences that begin with that language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = vec![];
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let body = lines.by_ref().take_while(|line| !line.starts_with("```"));
        let body: String = body.map(|line| format!("{line}\n")).collect();
        if info.split(',').next() == Some(language) {
            found.push(body);
        }
    }
    found
}

fn build() {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--bins", "--quiet", "--offline", "--manifest-path"])
        .arg(folder().join("Cargo.toml"))
        // What this test's own build has compiled need not be compiled again.
        .arg("--target-dir")
        .arg(target_dir())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

fn program() -> Command {
    Command::new(target_dir().join(format!("debug/pasted{}", env::consts::EXE_SUFFIX)))
}

fn says_which_variable_is_not_set() {
    let mut command = program();
    command.env("API_KEY", KEY).env_remove("JWT_SECRET");
    let output = command.output().unwrap();
    let fault = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{fault}");
    assert_eq!(fault, "JWT_SECRET: environment variable not found\n");
}

/// The pasted program; killed when dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(port: u16) -> Self {
        let log = File::create(folder().join("log")).unwrap();
        let child = program()
            .env("API_KEY", KEY)
            .env("JWT_SECRET", SECRET)
            .env("RUST_LOG", "tower_auth=debug")
            .env("NO_COLOR", "1")
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let mut server = Self { child, port };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}");
            thread::park_timeout(Duration::from_millis(5));
        }
        server
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn post(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        live::http("POST", &self.url(path), headers, "")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(folder().parent().unwrap());
    }
}

fn bearer(audience: &str) -> String {
    let exp = jsonwebtoken::get_current_timestamp() + 60;
    let claims = json!({"sub": "ada", "aud": audience, "exp": exp});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
    format!("Bearer {token}")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn folder() -> PathBuf {
    env::temp_dir().join(format!("tower-auth-newcomer-{}/pasted", process::id()))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// This test is `<target>/debug/deps/it-…`.
fn target_dir() -> PathBuf {
    let this = env::current_exe().unwrap();
    this.ancestors().nth(3).unwrap().to_owned()
}
