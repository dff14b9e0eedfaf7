//! The dashboard and the alert rules: they name metrics that are there.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use tower_auth::metrics::ALL;

use crate::common::live;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/dashboard");

fn text(name: &str) -> String {
    fs::read_to_string(Path::new(FOLDER).join(name)).unwrap()
}

/// The metrics that a text names.
fn named(text: &str) -> BTreeSet<&str> {
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let names = text.match_indices("tower_auth_").map(|(at, _)| {
        let len = text[at..].bytes().take_while(|byte| is_name(*byte)).count();
        text[at..at + len].trim_end_matches("_bucket")
    });
    names.collect()
}

#[test]
fn each_metric_of_the_dashboard_and_the_alerts_is_recorded_and_each_recorded_one_is_shown() {
    let known: BTreeSet<&str> = ALL.iter().map(|metric| metric.name()).collect();
    let (dashboard, alerts) = (text("grafana.json"), text("alerts.yaml"));
    assert_eq!(named(&dashboard), known);
    assert_eq!(named(&alerts).difference(&known).next(), None);
}

#[test]
fn the_dashboard_is_json_with_a_query_in_each_panel() {
    let dashboard: serde_json::Value = serde_json::from_str(&text("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() >= 10);
    for panel in panels {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{}", panel["title"]);
    }
}

#[test]
fn promtool_accepts_the_alerts_and_each_query_of_the_dashboard() {
    if Command::new("promtool").arg("--version").output().is_err() {
        return live::missing("promtool").unwrap_or_default();
    }
    let run = |arguments: &[&str]| {
        let output = Command::new("promtool")
            .args(arguments)
            .current_dir(FOLDER)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&said)
        );
    };
    run(&["check", "rules", "alerts.yaml"]);
    run(&["test", "rules", "alerts_test.yaml"]);
    // A rule for each query, with the variables of the dashboard in it.
    let dashboard: serde_json::Value = serde_json::from_str(&text("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let queries = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let rules: Vec<_> = queries
        .enumerate()
        .map(|(number, target)| {
            let query = target["expr"].as_str().unwrap();
            let query = query
                .replace("$__rate_interval", "5m")
                .replace("$instance", ".*");
            serde_json::json!({"record": format!("query_{number}"), "expr": query})
        })
        .collect();
    let file = std::env::temp_dir().join(format!("tower-auth-queries-{}.yaml", std::process::id()));
    let groups = serde_json::json!({"groups": [{"name": "queries", "rules": rules}]});
    fs::write(&file, groups.to_string()).unwrap();
    run(&["check", "rules", file.to_str().unwrap()]);
    fs::remove_file(&file).unwrap();
}
