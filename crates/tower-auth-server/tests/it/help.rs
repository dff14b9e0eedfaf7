//! The help texts as they are kept, the completions and the manual.

use std::{fs, process::Command};

use crate::common::Folder;

const COMMANDS: [&[&str]; 16] = [
    &[],
    &["keys"],
    &["keys", "create"],
    &["keys", "list"],
    &["keys", "show"],
    &["keys", "rotate"],
    &["keys", "revoke"],
    &["keys", "update"],
    &["keys", "delete"],
    &["keys", "import"],
    &["keys", "renew-epoch"],
    &["revoke"],
    &["audit"],
    &["check"],
    &["completions"],
    &["man"],
];

#[test]
fn the_help_is_as_it_is_kept() {
    let folder = Folder::new();
    let mut all = String::new();
    for command in COMMANDS {
        let arguments = [command, &["--help"]].concat();
        let help = folder.good(&arguments);
        assert!(!help.contains('\u{1b}'), "{help}");
        assert!(
            help.lines().all(|line| line.chars().count() <= 100),
            "{help}"
        );
        all += &format!("$ tower-auth {}\n{help}\n", arguments.join(" "));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/help.expected");
    if std::env::var_os("REWRITE").is_some() {
        fs::write(path, &all).unwrap();
    }
    assert_eq!(
        all,
        fs::read_to_string(path).unwrap(),
        "REWRITE=1 writes it anew"
    );
}

#[test]
fn the_version_is_that_of_the_package() {
    let folder = Folder::new();
    assert_eq!(
        folder.good(&["--version"]),
        format!("tower-auth {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn each_shell_has_completions() {
    let folder = Folder::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = folder.good(&["completions", shell]);
        assert!(
            script.contains("first-admin") && script.contains("audit"),
            "{shell}"
        );
    }
    // bash reads its own.
    folder.write("completions", &folder.good(&["completions", "bash"]));
    let read = Command::new("bash")
        .args(["-n", "completions"])
        .current_dir(folder.path())
        .status();
    assert!(read.unwrap().success());
}

#[test]
fn each_command_has_a_page_of_the_manual() {
    let folder = Folder::new();
    for command in COMMANDS {
        let page = folder.good(&[&["man"], command].concat());
        let name = [&["tower-auth"], command].concat().join("-");
        let name = name.replace('-', "\\-");
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains(&name),
            "{page}"
        );
    }
    assert!(
        folder
            .good(&["man", "keys", "create"])
            .contains("first\\-admin")
    );
}
