//! The table of docs/metrics.md.

use std::fs;

use tower_auth::metrics::ALL;

#[test]
fn the_documented_table_is_what_the_code_records() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/metrics.md");
    let text = fs::read_to_string(path).unwrap();
    let rows = ALL.iter().map(|metric| {
        let labels = match metric.labels() {
            [] => String::new(),
            labels => format!("`{}`", labels.join("`, `")),
        };
        let (name, kind, unit) = (
            metric.name(),
            metric.kind(),
            metric.unit().unwrap_or_default(),
        );
        format!(
            "| `{name}` | {kind} | {unit} | {labels} | {} |\n",
            metric.help()
        )
    });
    let table: String = rows.collect();
    let head = "| name | kind | unit | labels | tells |\n|---|---|---|---|---|\n";
    let begin = text.find(head).unwrap() + head.len();
    let end = text[begin..]
        .find("\n\n")
        .map_or(text.len(), |end| begin + end + 1);
    if std::env::var_os("REWRITE").is_some() {
        let text = format!("{}{table}{}", &text[..begin], &text[end..]);
        return fs::write(path, text).unwrap();
    }
    assert_eq!(text[begin..end], table, "REWRITE=1 writes it anew");
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for metric in ALL {
        let name = metric.name();
        assert!(name.starts_with("tower_auth_"), "{name}");
        assert_eq!(
            metric.kind().to_string() == "counter",
            name.ends_with("_total"),
            "{name}"
        );
        assert_eq!(
            metric.unit().is_some(),
            name.ends_with("_seconds"),
            "{name}"
        );
        assert!(metric.help().ends_with('.'), "{name}");
    }
}
