//! What is wrong with the command line is said in one line, and never shows a value.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use crate::common::agent::{example, wait};

const CANARY: &str = "sk-canary-5d3e";

#[test]
fn help_lists_every_option() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--addr",
        "--key",
        "--key-store",
        "--shared",
        "--jwt-secret",
        "--issuer",
        "--audience",
        "--telegram-secret",
        "--telegram-user",
        "--max-attempts",
        "--requests",
        "--trusted-proxy",
        "--audit",
        "--metrics-addr",
        "--no-dev-docs",
        "--config",
        "--check-config",
        "--help",
        "127.0.0.1:8000",
    ] {
        assert!(help.contains(option), "{option} in {help}");
    }
    assert_eq!(output.stderr, b"");
}

#[test]
fn the_compose_file_of_replicas_gives_only_options_that_are_there() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let compose = include_str!("../../../examples/replicas/compose.yaml");
    let given: Vec<&str> = compose
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- --"))
        .filter_map(|option| option.split('=').next())
        .collect();
    assert!(
        given.contains(&"shared") && given.contains(&"key-store"),
        "{given:?}"
    );
    for option in given {
        assert!(help.contains(&format!("--{option} ")), "{option} in {help}");
    }
}

#[test]
fn an_unknown_option_is_named_without_its_value() {
    let fault = refused(&[&format!("--kee={CANARY}")]);
    assert!(fault.contains("--kee"), "{fault}");
    refused(&["--kee", CANARY]);
}

#[test]
fn a_misspelled_option_is_told_which_one_is_meant() {
    for (written, meant) in [
        ("--kee", "--key"),
        ("--jwt-secrets", "--jwt-secret"),
        ("--jwt_secret", "--jwt-secret"),
        ("--audiance", "--audience"),
        ("--no-dev-doc", "--no-dev-docs"),
        ("--chek-config", "--check-config"),
    ] {
        for argument in [written.to_owned(), format!("{written}={CANARY}")] {
            let fault = refused(&[&argument]);
            let said = format!("there is no option {written}: did you mean {meant}?");
            assert!(fault.contains(&said), "{fault}");
        }
    }
}

#[test]
fn an_option_like_no_other_is_told_where_all_are_listed() {
    let fault = refused(&["--quux"]);
    assert!(
        fault.contains("no option --quux: --help lists all"),
        "{fault}"
    );
}

#[test]
fn help_says_what_an_audience_replaces() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "What tokens must name in `aud`; beside --jwt-secret it replaces \"agent-server\"";
    assert!(help.contains(said), "{help}");
}

#[test]
fn an_option_given_twice_is_named() {
    let secret = crate::agent_server::SECRET;
    let fault = refused(&["--jwt-secret", secret, "--jwt-secret", CANARY]);
    assert!(fault.contains("--jwt-secret is given twice"), "{fault}");
}

#[test]
fn messages_name_options_and_no_function_of_the_library() {
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{CANARY}\n-----END PUBLIC KEY-----");
    for arguments in [
        &["--jwt-secret", CANARY][..],
        &["--jwt-secret", &pem],
        &["--key", CANARY, "--key", CANARY],
        &["--key", "  "],
        &["--issuer", CANARY, "--audience", "agents"],
        &["--telegram-secret", "no good", "--telegram-user", "42"],
    ] {
        let fault = refused(arguments);
        assert!(fault.contains(arguments[0]), "{fault}");
        assert!(
            !fault.contains("::") && !fault.contains("insecure_"),
            "{fault}"
        );
    }
}

#[test]
fn a_value_without_its_option_is_not_shown() {
    let fault = refused(&[CANARY]);
    assert!(fault.contains("--key KEY"), "{fault}");
    refused(&["--key", "sk-live-9f03", CANARY]);
    refused(&["-k", CANARY]);
}

#[test]
fn an_option_that_lacks_its_value_says_so() {
    for option in [
        "--addr",
        "--key",
        "--jwt-secret",
        "--issuer",
        "--audience",
        "--telegram-secret",
        "--telegram-user",
        "--config",
        "--check-config",
    ] {
        let fault = refused(&[option]);
        assert!(
            fault.contains(&format!("{option} needs a value")),
            "{fault}"
        );
        refused(&[&format!("{option}=")]);
        refused(&[option, ""]);
        refused(&[option, "--no-dev-docs"]);
    }
}

#[test]
fn a_switch_takes_no_value() {
    let fault = refused(&["--no-dev-docs=false"]);
    assert!(fault.contains("--no-dev-docs takes no value"), "{fault}");
    refused(&[&format!("--help={CANARY}")]);
}

#[test]
fn a_blank_key_is_refused() {
    let fault = refused(&["--key", "  "]);
    assert!(
        fault.contains("--key") && fault.contains("blank"),
        "{fault}"
    );
}

#[test]
fn the_same_key_twice_is_refused_and_not_shown() {
    let fault = refused(&["--key", CANARY, "--key", CANARY]);
    assert!(fault.contains("twice"), "{fault}");
}

#[test]
fn a_short_secret_is_refused_and_not_shown() {
    let fault = refused(&["--jwt-secret", CANARY]);
    assert!(
        fault.contains("--jwt-secret") && fault.contains("openssl"),
        "{fault}"
    );
}

#[test]
fn a_bad_secret_is_refused_beside_a_good_key() {
    refused(&["--key", "sk-live-9f03a51d8c70", "--jwt-secret", CANARY]);
}

#[test]
fn an_issuer_without_an_audience_is_refused() {
    let fault = refused(&["--issuer", "https://issuer.example"]);
    assert!(fault.contains("--issuer needs --audience"), "{fault}");
    let secret = crate::agent_server::SECRET;
    let fault = refused(&["--issuer", "https://issuer.example", "--jwt-secret", secret]);
    assert!(fault.contains("--issuer needs --audience"), "{fault}");
}

#[test]
fn an_audience_without_tokens_is_refused() {
    for arguments in [
        &["--audience", CANARY][..],
        &["--audience", CANARY, "--key", "sk-live-9f03a51d8c70"],
    ] {
        let fault = refused(arguments);
        let said = "--audience needs --issuer URL or --jwt-secret SECRET";
        assert!(fault.contains(said), "{fault}");
    }
}

#[test]
fn an_issuer_that_cannot_be_asked_is_refused_and_not_shown() {
    for url in [
        CANARY,
        &format!("http://{CANARY}.example"),
        &format!("https://user:{CANARY}@issuer.example"),
        &format!("https://issuer.example/?key={CANARY}"),
        &format!("https://issuer.example/#{CANARY}"),
        &format!("ftp://issuer.example/{CANARY}"),
        "https://",
        "  ",
    ] {
        let fault = refused(&["--issuer", url, "--audience", "agents"]);
        assert!(
            fault.contains("--issuer") && fault.contains("https://HOST/PATH"),
            "{fault}"
        );
    }
}

#[test]
fn a_bot_without_a_list_of_users_is_refused() {
    let fault = refused(&["--telegram-secret", CANARY]);
    assert!(
        fault.contains("--telegram-secret needs --telegram-user"),
        "{fault}"
    );
    let fault = refused(&["--telegram-user", "42"]);
    assert!(
        fault.contains("--telegram-user needs --telegram-secret"),
        "{fault}"
    );
}

#[test]
fn a_secret_or_user_that_telegram_has_not_is_refused_and_not_shown() {
    for secret in [&format!("{CANARY} and more"), "  "] {
        let fault = refused(&["--telegram-secret", secret, "--telegram-user", "42"]);
        assert!(fault.contains("--telegram-secret"), "{fault}");
    }
    for user in [CANARY, "@ada", "42x", " "] {
        let fault = refused(&["--telegram-secret", "tg_1", "--telegram-user", user]);
        assert!(fault.contains("--telegram-user is no id"), "{fault}");
    }
}

#[test]
fn a_blank_audience_is_refused() {
    let fault = refused(&["--issuer", "https://issuer.example", "--audience", "  "]);
    assert!(fault.contains("--audience is blank"), "{fault}");
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let fault = refused(&["--addr", &addr]);
    assert!(fault.contains(&addr) && fault.contains("--addr"), "{fault}");
}

#[test]
fn without_options_it_listens_on_port_8000() {
    // Whoever has the port now, this test or a server of somebody else, it is taken.
    let _taken = TcpListener::bind("127.0.0.1:8000");
    let fault = refused(&[]);
    assert!(fault.contains("127.0.0.1:8000"), "{fault}");
}

#[test]
fn an_address_that_is_none_is_refused() {
    for addr in ["nowhere", "127.0.0.1", "127.0.0.1:99999", ":"] {
        refused(&["--addr", addr]);
    }
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_no_text_is_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut command = example("agent_server");
    command.args([OsStr::new("--key"), OsStr::from_bytes(b"sk-\xff")]);
    assert_eq!(finished(&mut command).status.code(), Some(2));
}

/// The one line with which it refuses to start.
pub fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    let fault = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {fault}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    assert!(fault.starts_with("agent_server: "), "{fault}");
    assert_eq!(fault.matches('\n').count(), 1, "{fault}");
    assert!(!fault.contains(CANARY), "{fault}");
    fault
}

pub fn run(arguments: &[&str]) -> Output {
    finished(example("agent_server").args(arguments))
}

/// Waits with a watchdog: a fault that it overlooks would leave a server that never ends.
fn finished(command: &mut Command) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts");
    wait(&mut child);
    child.wait_with_output().unwrap()
}
