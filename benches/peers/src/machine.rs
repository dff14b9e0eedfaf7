//! What was measured, and on what: figures without it say nothing.

use std::{fs, process::Command, thread};

use crate::report::csv;

/// The surroundings of a run, as names and values.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine(pub Vec<(String, String)>);

impl Machine {
    /// This machine, this day, these versions.
    pub fn this() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let cpu = cpu_model(&cpu).unwrap_or("unknown").to_owned();
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let mut all = vec![
            ("processor".to_owned(), cpu),
            ("cores".to_owned(), cores.to_string()),
            ("system".to_owned(), output("uname", &["-sm"])),
            ("date".to_owned(), output("date", &["-u", "+%F"])),
            (
                "compiler".to_owned(),
                compiler(&output("rustc", &["--version"])),
            ),
        ];
        for name in MEASURED {
            let mut versions = versions(LOCK_FILE, name);
            if name != BOTH {
                versions = versions.split_off(versions.len().saturating_sub(1));
            }
            all.push((name.to_owned(), versions.join(" and ")));
        }
        Self(all)
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The crates among the names, with their versions.
    pub fn crates(&self) -> impl Iterator<Item = (&str, &str)> {
        let crates = self
            .0
            .iter()
            .filter(|(name, _)| MEASURED.contains(&name.as_str()));
        crates.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As a file.
    pub fn to_csv(&self) -> String {
        let lines = self.0.iter().cloned();
        csv::write(
            &["what", "value"],
            lines.map(|(name, value)| vec![name, value]),
        )
    }

    /// From a file; none where it is not one of [`to_csv`](Self::to_csv).
    pub fn from_csv(text: &str) -> Option<Self> {
        let pair = |fields: Vec<String>| <[String; 2]>::try_from(fields).ok();
        let pairs = csv::read(text).into_iter().map(pair);
        let pairs = pairs.map(|pair| pair.map(|[name, value]| (name, value)));
        pairs.collect::<Option<_>>().map(Self)
    }
}

fn cpu_model(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

/// `rustc 1.95.0 (…)` without what stands in brackets.
fn compiler(version: &str) -> String {
    version.split(" (").next().unwrap_or(version).to_owned()
}

fn output(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).output();
    let text = output
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok());
    text.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}

/// The versions of a crate that a lock file names, the newest last.
fn versions(lock_file: &str, name: &str) -> Vec<String> {
    let wanted = format!("name = \"{name}\"");
    let mut lines = lock_file.lines();
    let mut found = Vec::new();
    while lines.any(|line| line == wanted) {
        let version = lines
            .next()
            .and_then(|line| line.strip_prefix("version = "));
        found.extend(version.map(|version| version.trim_matches('"').to_owned()));
    }
    found
}

const LOCK_FILE: &str = include_str!("../Cargo.lock");

/// Peers stand on either of its versions; of others the older one is a peer's own affair.
const BOTH: &str = "jsonwebtoken";

/// Whose versions tell what was compared.
const MEASURED: [&str; 11] = [
    "tower-auth",
    "tower-http",
    "jsonwebtoken",
    "jwt-authorizer",
    "axum-jwt",
    "tower-oauth2-resource-server",
    "oauth-resource-server",
    "axum-oidc-layer",
    "aws-lc-rs",
    "ring",
    "axum",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_names_whatever_is_measured() {
        for name in MEASURED {
            assert!(!versions(LOCK_FILE, name).is_empty(), "{name}");
        }
    }

    #[test]
    fn two_versions_of_a_crate_are_both_told() {
        let lock_file = "\
[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"ab\"\nversion = \"3.0.0\"\n
[[package]]\nname = \"a\"\nversion = \"2.0.0\"\n";
        assert_eq!(versions(lock_file, "a"), ["1.0.0", "2.0.0"]);
        assert_eq!(versions(lock_file, "b"), [""; 0]);
    }

    #[test]
    fn the_processor_is_named_as_the_system_names_it() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nflags\t: fpu\n";
        assert_eq!(cpu_model(cpuinfo), Some("Some CPU @ 2 GHz"));
        assert_eq!(cpu_model(""), None);
    }

    #[test]
    fn a_file_keeps_every_value() {
        let machine = Machine::this();
        assert_eq!(Machine::from_csv(&machine.to_csv()).unwrap(), machine);
        assert!(machine.get("cores").unwrap().parse::<usize>().unwrap() > 0);
        assert_eq!(machine.crates().count(), MEASURED.len());
    }
}
