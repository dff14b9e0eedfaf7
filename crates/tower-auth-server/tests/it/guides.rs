//! The command lines of the guides.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Help is given where every word before it is known: a shell that knows no other program reads the lines.
#[test]
fn every_command_line_of_a_guide_is_one_that_the_program_knows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut guides = vec![
        root.join("README.md"),
        root.join("crates/tower-auth-server/README.md"),
    ];
    add_guides(&root.join("docs"), &mut guides);
    let mut count = 0;
    for guide in guides {
        let text = fs::read_to_string(&guide).unwrap();
        for lines in lines(&text) {
            let answers = asked(&lines);
            let expected = lines.matches("\ntower-auth ").count();
            assert_eq!(answers.len(), expected, "{}: {lines}", guide.display());
            for answer in answers {
                assert_eq!(answer, "good", "{}: {lines}", guide.display());
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}

/// The blocks and the phrases of a guide that call the program.
fn lines(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, part) in text.split("```").enumerate() {
        match part.strip_prefix("sh\n") {
            Some(block) if number % 2 == 1 => found.push(format!("\n{block}")),
            _ if number % 2 == 1 => {}
            _ => {
                let phrases = part.split('`').skip(1).step_by(2);
                // What is in brackets may be left out, and is another line.
                let whole = phrases.filter(|phrase| !phrase.contains('['));
                found.extend(whole.map(|phrase| format!("\n{}\n", phrase.replace('\n', " "))));
            }
        }
    }
    found.retain(|lines| lines.contains("\ntower-auth "));
    found
}

/// What the program said of each of its lines.
fn asked(block: &str) -> Vec<String> {
    let mut shell = Command::new("bash")
        .args(["--noprofile", "--norc", "-s"])
        .env_clear()
        .env("PROGRAM", env!("CARGO_BIN_EXE_tower-auth"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = shell.stdin.take().unwrap();
    input.write_all(PROGRAMS.as_bytes()).unwrap();
    // Ids that a reader puts in.
    let block = block
        .replace("key_01jd…", ID)
        .replace(" ID\n", &format!(" {ID}\n"));
    input.write_all(block.as_bytes()).unwrap();
    drop(input);
    let output = shell.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let answers = said.split_terminator('\0');
    answers.map(|answer| answer.trim().to_owned()).collect()
}

fn add_guides(folder: &Path, guides: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_guides(&path, guides);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            guides.push(path);
        }
    }
}

const ID: &str = "key_01jd0000000000000000000000";

const PROGRAMS: &str = r#"
tower-auth() {
  local help
  help=$("$PROGRAM" "$@" --help 2>&1) && printf 'good\0' || printf '%s: %s\0' "$*" "$help"
}
cargo() { :; }
curl() { :; }
"#;
