//! Every example that runs to its end does so: each asserts what it shows.

use crate::common;

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use common::agent::example;
use tower_auth::testing::{TestIssuer, TestToken};

#[test]
fn api_key_runs() {
    runs("api_key");
}

#[test]
fn managed_keys_runs() {
    runs("managed_keys");
}

#[test]
fn websocket_runs() {
    runs("websocket");
}

#[test]
fn throttling_runs() {
    runs("throttling");
}

#[test]
fn jwt_runs() {
    runs("jwt");
}

#[test]
fn oauth2_issuer_runs() {
    runs("oauth2_issuer");
}

#[test]
fn oauth2_issuer_names_every_kind() {
    let output = example("oauth2_issuer").output().expect("it starts");
    let said = String::from_utf8(output.stdout).unwrap();
    for kind in ["auth0", "keycloak", "entra", "firebase"] {
        assert!(said.lines().any(|line| line == kind), "{kind} in {said}");
    }
}

#[test]
fn oauth2_issuer_looks_at_a_token() {
    let issuer = TestIssuer::start();
    let look = |audience, token: TestToken<'_>| {
        example("oauth2_issuer")
            .args(["keycloak", issuer.url(), audience])
            .env("TOKEN", token.mint())
            .output()
            .expect("it starts")
    };
    let roles = serde_json::json!({"roles": ["admin"]});
    let token = issuer.token().with_scope("agents:invoke");
    let seen = look(
        TestIssuer::AUDIENCE,
        token.with_claim("realm_access", roles),
    );
    let said = String::from_utf8(seen.stdout).unwrap();
    assert!(said.contains("accepted test-user"), "{said}");
    assert!(
        said.contains("agents:invoke") && said.contains(r#"["admin"]"#),
        "{said}"
    );

    let refused = look("another", issuer.token());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        !refused.status.success() && said.contains("jwt_aud_mismatch"),
        "{said}"
    );
}

#[test]
fn allowlist_runs() {
    runs("allowlist");
}

#[test]
fn composite_runs() {
    runs("composite");
}

#[test]
fn custom_provider_runs() {
    runs("custom_provider");
}

#[test]
fn second_factor_runs() {
    runs("second_factor");
}

#[test]
fn telegram_bot_asks_itself() {
    asks_itself("telegram_bot");
}

#[test]
fn discord_interactions_asks_itself() {
    asks_itself("discord_interactions");
}

#[test]
fn github_webhook_asks_itself() {
    asks_itself("github_webhook");
}

#[test]
fn line_that_a_webhook_example_prints_works_when_it_is_pasted() {
    for (name, said, body) in [
        ("telegram_bot", "user 42, you said: /start", "/start"),
        ("discord_interactions", "asked for weather", "weather"),
        ("github_webhook", "github sent ping of hook 7", "7}"),
    ] {
        let server = Server::start(name);
        let Some(answer) = paste(&server.line) else {
            return;
        };
        assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
        assert!(answer.contains(said), "{name}: {answer}");
        // Not what was signed; Telegram's secret is what is shown.
        let changed = match name {
            "telegram_bot" => server.line.replace("test-secret-token", "guessed"),
            _ => server.line.replace(body, "8}"),
        };
        let answer = paste(&changed).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{name}: {answer}");
        let log = server.log();
        assert!(log.contains("outcome=\"refused\""), "{name}: {log}");
        assert!(!log.contains('\u{1b}'), "{name}: colours in {log}");
    }
}

#[test]
fn example_that_cannot_go_on_says_why_in_a_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (name, arguments, said) in [
        ("telegram_bot", &[&*taken][..], &*taken),
        ("discord_interactions", &[&*taken], &*taken),
        ("github_webhook", &[&*taken], &*taken),
        ("github_webhook", &["nowhere"], "`-- HOST:PORT`"),
        ("oauth2_issuer", &["keycloak"], "name the kind"),
        (
            "oauth2_issuer",
            &["keycloak", "https://issuer.example", "agents"],
            "set TOKEN",
        ),
        ("oauth2_issuer", &["keycloak", "issuer", "agents"], "https"),
        ("managed_keys", &[], "cannot make /nowhere/"),
    ] {
        let mut command = example(name);
        command.args(arguments);
        if arguments.is_empty() {
            command.env("TMPDIR", "/nowhere");
        }
        if arguments.get(1) == Some(&"issuer") {
            command.env("TOKEN", "x");
        }
        let output = command.output().expect("it starts");
        let fault = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}: {fault}");
        assert!(fault.starts_with(&format!("{name}: ")), "{fault}");
        assert!(fault.contains(said), "{fault}");
        assert_eq!(fault.matches('\n').count(), 1, "{fault}");
        for sign in ["Os {", "kind:", "\""] {
            assert!(!fault.contains(sign), "{fault}");
        }
    }
}

/// An example that serves; killed when dropped.
struct Server {
    child: Child,
    /// What it prints.
    line: String,
}

impl Server {
    fn start(name: &str) -> Self {
        let mut child = example(name)
            .arg("127.0.0.1:0")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the example starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).unwrap();
        assert!(line.starts_with("curl "), "{line}");
        Self { child, line }
    }

    /// Ends it; what it logged.
    fn log(mut self) -> String {
        let _ = self.child.kill();
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("it is piped");
        stderr.read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the shell prints for a line; nothing where this machine has no curl.
fn paste(line: &str) -> Option<String> {
    if Command::new("curl").arg("--version").output().is_err() {
        return common::live::missing("curl");
    }
    let output = Command::new("sh").args(["-c", line]).output().expect("sh");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn runs(name: &str) {
    ends_well(name, &[]);
}

/// A server, unless it is told to end.
fn asks_itself(name: &str) {
    ends_well(name, &["--once"]);
}

fn ends_well(name: &str, options: &[&str]) {
    let output = example(name)
        .args(options)
        .output()
        .expect("the example starts");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {shown}");
    assert!(!output.stdout.is_empty(), "{name} says what it shows");
}
