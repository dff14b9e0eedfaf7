//! A store that cannot be asked: exit code 1, and a line that says what to do.

use std::{fs, process::Command};

use rusqlite::Connection;

use crate::common::{Folder, Said, text};

#[test]
fn a_file_of_something_else_is_told() {
    let folder = Folder::new();
    folder.write(
        "keys.db",
        "this is a text, and long enough to be looked at as a database: it is none",
    );
    assert_eq!(
        folder.fault(&["keys", "list"]),
        "the key store cannot be asked: the file is no SQLite database: name another one (SQLite's code 26); \
         the store is sqlite:keys.db"
    );
    let other = Connection::open(folder.path().join("other.db")).unwrap();
    other
        .execute_batch("CREATE TABLE people (name TEXT)")
        .unwrap();
    assert_eq!(
        folder.fault(&[
            "keys",
            "create",
            "--name",
            "a",
            "--store",
            "sqlite:other.db"
        ]),
        "the key store cannot be asked: the file is the database of another program: give the keys a file of \
         their own; the store is sqlite:other.db"
    );
}

#[test]
fn a_newer_store_asks_for_a_newer_program() {
    let folder = Folder::new();
    folder.make("a", &[]);
    let connection = Connection::open(folder.file()).unwrap();
    connection.pragma_update(None, "user_version", 9).unwrap();
    assert_eq!(
        folder.fault(&["keys", "list"]),
        "the key store has schema version 9 and this program knows versions up to 3: update the program; the \
         store is sqlite:keys.db"
    );
}

#[test]
fn a_store_that_another_process_holds_is_told() {
    let folder = Folder::new();
    let id = folder.make("a", &[]);
    let connection = Connection::open(folder.file()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = folder.fault(&["keys", "revoke", text(&id, "id")]);
    assert!(
        said.starts_with(
            "the key store cannot be asked: another process holds the database's lock: look \
        for one that hangs"
        ) || said.starts_with(
            "the key store cannot be asked: the database did not answer in \
        time: look for a process that holds its lock"
        ),
        "{said}"
    );
}

#[test]
fn a_file_that_may_not_be_written_is_told() {
    let folder = Folder::new();
    folder.make("a", &[]);
    // A folder in the place of a file: root may do all else.
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert_eq!(
        folder.fault(&["keys", "list", "--store", "sqlite:folder"]),
        "the key store cannot be asked: the database cannot be opened: let this user read and write the file \
         and its folder (SQLite's code 14); the store is sqlite:folder"
    );
}

/// A disk of 96 kB, which only the program sees; else a bound on the size of its files.
#[test]
fn a_full_disk_is_told_and_keeps_what_is_there() {
    let folder = Folder::new();
    let make = "\"$0\" keys create --name a >../made; code=$?";
    let fill = format!(
        "while {{ {make}; [ $code = 0 ]; }}; do true; done; [ ! -s ../made ] || exit 99; exit $code"
    );
    let disk = format!("mount -t tmpfs -o size=512k none disk && cd disk && {{ {fill}; }}");
    let bound = format!("trap '' XFSZ; ulimit -f 512; cd disk && {{ {fill}; }}");
    fs::create_dir(folder.path().join("disk")).unwrap();
    let is_allowed = Command::new("unshare")
        .args(["-rm", "true"])
        .status()
        .is_ok_and(|done| done.success());
    let mut command = match is_allowed {
        true => {
            let mut command = Command::new("unshare");
            command.args(["-rm", "sh", "-c", &disk]);
            command
        }
        false => {
            let mut command = Command::new("sh");
            command.args(["-c", &bound]);
            command
        }
    };
    let program = folder.command(&[]);
    command
        .arg(program.get_program())
        .current_dir(folder.path());
    command
        .env("TOWER_AUTH_KEY_STORE", "sqlite:keys.db")
        .env("USER", "ada");
    let said = Said::from(command.output().unwrap());
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    let last = said.err.lines().last().unwrap();
    let full =
        "tower-auth: the key store cannot be asked: the disk is full: make room (SQLite's code 13)";
    let broken =
        "tower-auth: the key store cannot be asked: the disk does not do its work: look at it";
    assert!(
        last.starts_with(if is_allowed { full } else { broken }),
        "{last}"
    );
    assert!(said.err.lines().count() > 2, "{said:?}");
}

#[test]
fn a_key_that_cannot_be_printed_is_told_with_its_id() {
    let folder = Folder::new();
    let full = || {
        fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .unwrap()
    };
    let said = |arguments: &[&str]| {
        let output = folder.command(arguments).stdout(full()).output().unwrap();
        Said::from(output).fault(1)
    };
    let made = said(&["keys", "create", "--name", "a"]);
    let list = folder.json(&["keys", "list"]);
    let id = text(&list[0], "id");
    assert_eq!(
        made,
        format!(
            "the key {id} was made, but standard output cannot be written (No space left on \
        device (os error 28)): nobody knows it, so revoke it: `tower-auth keys revoke {id}`"
        )
    );
    assert!(!made.contains(text(&list[0], "start")));
    let rotated = said(&["keys", "rotate", id, "--json"]);
    let list = folder.json(&["keys", "list"]);
    let next = text(&list[1], "id");
    assert!(rotated.starts_with(&format!(
        "the key {next} was made, but standard output cannot be written"
    )));
    assert!(rotated.contains(&format!(
        "`tower-auth keys rotate {next} --overlap 0s`; the old key works until 20"
    )));
    assert_eq!(
        said(&["keys", "list"]),
        "standard output cannot be written: No space left on device (os error 28)"
    );
}

#[test]
fn a_key_that_nobody_reads_is_told_with_its_id() {
    let folder = Folder::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = folder.command(&["keys", "create", "--name", "a"]);
    let said = Said::from(command.stdout(writer).output().unwrap()).fault(1);
    let id = text(&folder.json(&["keys", "list"])[0], "id").to_owned();
    assert_eq!(
        said,
        format!(
            "the key {id} was made, but standard output cannot be written (Broken pipe (os error \
        32)): nobody knows it, so revoke it: `tower-auth keys revoke {id}`"
        )
    );
}
