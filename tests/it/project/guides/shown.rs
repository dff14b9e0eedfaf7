//! What a document shows in other languages than Rust is well-formed, and its command lines are those of our programs.

use std::{
    env,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tower_auth::config::AuthConfig;

use super::{Block, Document, root, scratch};
use crate::common::live;

#[test]
fn every_json_block_is_json() {
    each("json", 4, |block| {
        let read = serde_json::from_str::<Value>(&block.text);
        read.map(drop).map_err(|error| error.to_string())
    });
}

#[test]
fn every_yaml_block_of_another_program_is_yaml() {
    each("yaml", 3, |block| {
        if block.text.lines().any(|line| line.starts_with("auth:")) {
            return Ok(());
        }
        // Members beside ours are ignored, and have to be YAML.
        let text = format!("{}auth: {{enabled: false}}\n", block.text);
        let built = AuthConfig::from_yaml(text).build();
        built.map(drop).map_err(|faults| faults.to_string())
    });
}

#[test]
fn every_toml_block_is_a_manifest_with_features_that_this_crate_has() {
    let ours = manifest(&root().join("Cargo.toml")).unwrap();
    let folder = scratch("shown_manifests");
    std::fs::create_dir(folder.join("src")).unwrap();
    std::fs::write(folder.join("src/lib.rs"), "").unwrap();
    each("toml", 3, |block| {
        let package =
            "[package]\nname = \"shown\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
        let file = folder.join("Cargo.toml");
        std::fs::write(&file, format!("{package}{}", block.text)).unwrap();
        let shown = manifest(&file)?;
        let dependencies = shown["dependencies"].as_array().unwrap();
        let this = dependencies.iter().find(|one| one["name"] == "tower-auth");
        let this = this.ok_or("it does not name this crate")?;
        let version = ours["version"].as_str().unwrap();
        let wanted = this["req"].as_str().unwrap().trim_start_matches('^');
        if !version.starts_with(wanted) {
            return Err(format!("this crate is {version}"));
        }
        for feature in this["features"].as_array().unwrap() {
            if ours["features"].get(feature.as_str().unwrap()).is_none() {
                return Err(format!("there is no feature {feature}"));
            }
        }
        Ok(())
    });
}

/// A package, as cargo reads it. It looks at no dependency.
pub(super) fn manifest(file: &Path) -> Result<Value, String> {
    let arguments = [
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ];
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .arg("--manifest-path")
        .arg(file)
        .output()
        .unwrap();
    let read = said(output)?;
    let mut read: Value = serde_json::from_str(&read).unwrap();
    let packages = read["packages"].as_array_mut().unwrap();
    let here = file.to_str().unwrap();
    let mut packages = packages.iter_mut();
    Ok(packages
        .find(|one| one["manifest_path"] == here)
        .unwrap()
        .take())
}

#[test]
fn every_python_block_is_python() {
    if live::program("python3").is_none() {
        return;
    }
    each("python", 2, |block| {
        let parse = "import ast, sys; ast.parse(sys.stdin.read())";
        let mut python = live::program("python3").unwrap();
        answered(python.args(["-c", parse]), &block.text).map(drop)
    });
}

/// Every line runs in a shell that knows, instead of the programs that the guides call, how they are called: ours are
/// asked whether they know these options.
#[test]
fn every_shell_block_runs_and_names_options_that_the_programs_have() {
    if live::program("bash").is_none() {
        return;
    }
    let folder = scratch("shown_commands");
    let this = env::current_exe().unwrap();
    let examples = this.ancestors().nth(2).unwrap().join("examples");
    each("sh", 12, |block| {
        let mut shell = live::program("bash").unwrap();
        shell
            .args(["--noprofile", "--norc", "-s"])
            .current_dir(&folder)
            .env_clear()
            .env("EXAMPLES", &examples)
            .env("ROOT", root());
        let said = answered(&mut shell, &format!("{PROGRAMS}{}\nwait\n", block.text))?;
        match said.is_empty() {
            true => Ok(()),
            false => Err(said),
        }
    });
}

/// Nothing else is found: a program that is not here is a fault.
const PROGRAMS: &str = r#"
exec 2>&1
PATH=/nowhere
# `tower-auth` is asked by the tests of its own package.
tower-auth() { :; }
curl() { :; }
oauth2-proxy() { :; }
openssl() { echo 00; }
date() { echo 0; }
tr() { :; }
scripts/setup() { [ -x "$ROOT/scripts/setup" ] || echo 'there is no scripts/setup'; }
scripts/check() { [ -x "$ROOT/scripts/check" ] || echo 'there is no scripts/check'; }
scripts/test() { [ -x "$ROOT/scripts/test" ] || echo 'there is no scripts/test'; }
cargo() {
  case "$1 $2" in
    'run ' | 'install tower-auth-server') ;;
    'run --example')
      local name=$3
      shift 3
      [ "$1" != -- ] || shift
      # Options are read before help is given.
      local help
      help=$("$EXAMPLES/$name" "$@" --help 2>&1) || echo "$name $*: $help" ;;
    *) echo "cargo $*: what is that?" ;;
  esac
}
"#;

/// Asks about each block of a language, of which there are so many at least.
fn each(language: &str, at_least: usize, mut ask: impl FnMut(&Block<'_>) -> Result<(), String>) {
    let (mut count, mut faults) = (0, Vec::new());
    for document in Document::all() {
        for block in document.blocks() {
            if block.info.split([',', ' ']).next() != Some(language) {
                continue;
            }
            count += 1;
            if let Err(fault) = ask(&block) {
                faults.push(format!("{}:{}: {fault}", document.path, block.line));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count >= at_least, "{count}");
}

/// What a program prints when it gets that text.
fn answered(program: &mut Command, text: &str) -> Result<String, String> {
    let piped = [Stdio::piped(), Stdio::piped(), Stdio::piped()];
    let [input, output, errors] = piped;
    let child = program.stdin(input).stdout(output).stderr(errors).spawn();
    let mut child = child.unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    said(child.wait_with_output().unwrap())
}

fn said(output: Output) -> Result<String, String> {
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
