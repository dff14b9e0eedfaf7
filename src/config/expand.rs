//! `${VAR}`, `${VAR:-default}` and `${file:PATH}` in the texts of a file, after parsing.

use std::path::Path;

use zeroize::Zeroizing;

use super::{
    environment::{Environment, Variable},
    fault::{Faults, Place},
    node::{At, Kind, Node, Text},
    source::{FileDigest, read_secret},
};
use crate::{error::ConfigErrorKind, secret::Secret};

/// The sources of the values in a text.
pub(super) struct Sources<'a> {
    pub(super) env: &'a Environment,
    /// The folder that relative paths start from.
    pub(super) folder: &'a Path,
    pub(super) files: &'a mut Vec<FileDigest>,
}

/// Expands every text below a node that is from the file.
///
/// The value of a variable or a file is never expanded again, and neither is a value from the
/// environment or the program: a secret may hold a dollar.
pub(super) fn expand(
    node: &mut Node,
    place: &Place,
    sources: &mut Sources<'_>,
    faults: &mut Faults,
) {
    match &mut node.kind {
        Kind::Text(text)
            if matches!(node.at, At::Line { .. }) && text.secret.expose().contains('$') =>
        {
            match expanded(text.secret.expose(), sources) {
                Ok(expanded) => *text = expanded,
                Err(Unexpanded::Fault(message)) => {
                    faults.add(ConfigErrorKind::Unknown, place, message);
                    node.kind = Kind::Faulty;
                }
                Err(Unexpanded::Unset(name)) => node.kind = Kind::Unset(name),
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let place = place.item(index, &item.at);
                expand(item, &place, sources, faults);
            }
        }
        Kind::Map(members) => {
            for member in members {
                let place = place.unknown_member(&member.name, &member.node.at);
                expand(&mut member.node, &place, sources, faults);
            }
        }
        _ => {}
    }
}

/// The reason why a text cannot be expanded.
enum Unexpanded {
    Fault(String),
    /// This variable is not set.
    Unset(String),
}

impl From<String> for Unexpanded {
    fn from(message: String) -> Self {
        Self::Fault(message)
    }
}

impl From<&str> for Unexpanded {
    fn from(message: &str) -> Self {
        Self::Fault(message.to_owned())
    }
}

fn expanded(text: &str, sources: &mut Sources<'_>) -> Result<Text, Unexpanded> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut empty_variables = Vec::new();
    let mut is_raw = false;
    let mut is_file = false;
    let mut rest = text;
    while let Some((plain, after)) = rest.split_once('$') {
        out.push_str(plain);
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some(after) = after.strip_prefix('{') else {
            return Err(
                "a dollar stands alone: write ${NAME} for a variable, or $$ for a dollar".into(),
            );
        };
        let Some((inside, after)) = after.split_once('}') else {
            return Err("a variable does not end: write ${NAME}, or $$ for a dollar".into());
        };
        rest = after;
        if let Some(path) = inside.strip_prefix("file:") {
            is_raw = true;
            is_file = text.len() == inside.len() + "${}".len();
            out.push_str(sources.file(path)?.expose());
            continue;
        }
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_name(name) {
            return Err(
                "between ${ and } stands no name of a variable: write ${NAME}, \
                 ${NAME:-default} or ${file:PATH}"
                    .into(),
            );
        }
        is_raw = true;
        match (sources.env.get(name), default) {
            (Variable::NotText, _) => {
                return Err(format!("the variable {name} is not UTF-8: set it to a text").into());
            }
            // As in a shell, the default also replaces an empty variable.
            (Variable::Set(value), Some(default)) if value.expose().is_empty() => {
                out.push_str(default);
            }
            (Variable::Set(value), _) => {
                if value.expose().trim().is_empty() {
                    empty_variables.push(name.to_owned());
                }
                out.push_str(value.expose());
            }
            (Variable::Unset, Some(default)) => {
                if default.is_empty() {
                    empty_variables.push(name.to_owned());
                }
                out.push_str(default);
            }
            (Variable::Unset, None) => {
                return Err(Unexpanded::Unset(name.to_owned()));
            }
        }
    }
    out.push_str(rest);
    Ok(Text {
        secret: std::mem::take(&mut *out).into(),
        is_raw,
        is_file,
        empty_variables,
    })
}

impl Sources<'_> {
    /// The content of the file. The error does not repeat its path: a secret may be there by mistake.
    fn file(&mut self, path: &str) -> Result<Secret, String> {
        if path.trim().is_empty() {
            return Err("the file has no name: write ${file:PATH}".into());
        }
        read_secret(&self.folder.join(path), self.files).map_err(|why| {
            let default = match path.contains(":-") {
                true => "; a file has no default",
                false => "",
            };
            format!("${{file:…}}: {why} (a relative path starts from this file's folder){default}")
        })
    }
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}
