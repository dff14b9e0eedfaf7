//! `${VAR}` and `${VAR:-default}` in the texts of a file, after parsing.

use zeroize::Zeroizing;

use super::{
    environment::{Environment, Variable},
    fault::{Faults, Place},
    node::{At, Kind, Node, Text},
};
use crate::ConfigErrorKind;

/// Expands every text below a node that stands in the file.
///
/// What a variable holds is never expanded again, and nor is what the environment or the program
/// put into the document: a secret may hold a dollar.
pub(super) fn expand(node: &mut Node, place: &Place, env: &Environment, faults: &mut Faults) {
    match &mut node.kind {
        Kind::Text(text)
            if matches!(node.at, At::Line { .. }) && text.secret.expose().contains('$') =>
        {
            match expanded(text.secret.expose(), env) {
                Ok(expanded) => *text = expanded,
                Err(message) => {
                    faults.add(ConfigErrorKind::Unknown, place, message);
                    node.kind = Kind::Told;
                }
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let place = place.item(index, &item.at);
                expand(item, &place, env, faults);
            }
        }
        Kind::Map(members) => {
            for member in members {
                let place = place.unknown_member(&member.name, &member.node.at);
                expand(&mut member.node, &place, env, faults);
            }
        }
        _ => {}
    }
}

fn expanded(text: &str, env: &Environment) -> Result<Text, String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut empty_variables = Vec::new();
    let mut is_raw = false;
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
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        if !is_name(name) {
            return Err(
                "between ${ and } stands no name of a variable: write ${NAME} or \
                 ${NAME:-default}"
                    .into(),
            );
        }
        is_raw = true;
        match (env.get(name), default) {
            (Variable::NotText, _) => {
                return Err(format!(
                    "the variable {name} is not UTF-8: set it to a text"
                ));
            }
            // As in a shell, the default also stands in for a variable that is set to nothing.
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
                return Err(format!(
                    "the variable {name} is not set: set it, or write ${{{name}:-default}}"
                ));
            }
        }
    }
    out.push_str(rest);
    Ok(Text {
        secret: std::mem::take(&mut *out).into(),
        is_raw,
        empty_variables,
    })
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && chars.all(|char| char.is_ascii_alphanumeric() || char == '_')
}
