//! What is wrong with the command line is said in one line, and never shows a value.

use std::process::Output;

use crate::common::agent::example;

const CANARY: &str = "sk-canary-5d3e";

fn run(arguments: &[&str]) -> Output {
    example("mcp_server")
        .args(arguments)
        .output()
        .expect("it starts")
}

/// The fault of a command line that never opens a port.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    let fault = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {fault}");
    assert!(fault.starts_with("mcp_server: "), "{fault}");
    assert_eq!(fault.lines().count(), 1, "{fault}");
    assert!(!fault.contains(CANARY), "{fault}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    fault
}

#[test]
fn help_lists_every_option() {
    let output = run(&["--help"]);
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for option in [
        "--addr",
        "--issuer",
        "--audience",
        "--public-url",
        "--api-key",
        "--origin",
        "--help",
        "127.0.0.1:8020",
    ] {
        assert!(help.contains(option), "{option} in {help}");
    }
}

#[test]
fn a_fault_names_the_option_and_what_to_write() {
    for (arguments, says) in [
        (&["--api-key"][..], "--api-key needs a value behind it"),
        (
            &["--api-key", "--issuer"],
            "--api-key needs a value behind it",
        ),
        (&["--api-keys", CANARY], "did you mean --api-key?"),
        (&["--public_url", CANARY], "did you mean --public-url?"),
        (&[CANARY], "a value stands without its option"),
        (
            &["--issuer", "https://a.example", "--issuer", CANARY],
            "--issuer is given twice",
        ),
        (&["--audience", CANARY], "add --issuer URL"),
        (
            &["--issuer", CANARY],
            "--issuer is no address that can be asked",
        ),
        (
            &["--issuer", "http://issuer.example"],
            "--issuer is no address that can be asked",
        ),
        (
            &["--public-url", "https://api.example.com/mcp"],
            "add --issuer URL",
        ),
        (
            &["--public-url", "http://api.example.com/mcp"],
            "--public-url is no address",
        ),
        (&["--addr", "0.0.0.0:0"], "add --public-url"),
        (
            &["--addr", "nowhere.invalid:80"],
            "--addr HOST:PORT names another address",
        ),
        (&["--origin", CANARY], "--origin is no origin"),
        (&["--api-key", " "], "--api-key is blank"),
    ] {
        let arguments = match arguments.contains(&"--addr") {
            true => arguments.to_vec(),
            false => [&["--addr", "127.0.0.1:0"], arguments].concat(),
        };
        let fault = refused(&arguments);
        assert!(fault.contains(says), "{arguments:?}: {fault}");
    }
    let twice = [
        "--addr",
        "127.0.0.1:0",
        "--api-key",
        CANARY,
        "--api-key",
        CANARY,
    ];
    assert!(refused(&twice).contains("--api-key gives one key twice"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_while_a_client_holds_a_stream() {
    use std::{io::Write, net::TcpStream, process::Command, time::Instant};

    let mut server = crate::common::mcp::McpServer::start(&[]);
    let address = server.at("").replace("http://", "");
    let mut stream = TcpStream::connect(address).unwrap();
    // A request that never ends.
    write!(
        stream,
        "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{{"
    )
    .unwrap();
    let started = Instant::now();
    let status = Command::new("sh")
        .args(["-c", &format!("kill -INT {}", server.id())])
        .status();
    assert!(status.unwrap().success());
    assert!(server.ended().success());
    assert!(started.elapsed().as_secs() < 30);
}
