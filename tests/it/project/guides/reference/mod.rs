//! Pages that are made from the code, as they are kept.

mod configuration;
mod errors_and_log;

use std::fs;

use super::root;

#[test]
fn the_reference_of_configuration_is_as_the_code_has_it() {
    keep("configuration", &configuration::page());
}

#[test]
fn the_reference_of_errors_and_of_the_log_is_as_the_code_has_it() {
    keep("errors-and-log", &errors_and_log::page());
}

#[test]
fn every_field_of_an_event_is_in_the_table() {
    let missing = errors_and_log::undescribed_fields();
    assert!(
        missing.is_empty(),
        "describe these in src/lib.rs: {missing:?}"
    );
}

fn keep(name: &str, page: &str) {
    let path = root().join(format!("docs/reference/{name}.md"));
    if std::env::var_os("REWRITE").is_some() {
        fs::write(&path, page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "{}: REWRITE=1 writes it anew", path.display());
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
