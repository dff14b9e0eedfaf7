//! The environment: variables in texts, and variables that override the file.

use std::{env, ffi::OsString, fmt, sync::Arc};

use super::{
    fault::{Faults, Place},
    node::{At, Kind, Member, Node},
};
use crate::{error::ConfigErrorKind, secret::Secret};

/// The process's environment, or one given by the program.
#[derive(Clone, Default)]
pub(super) struct Environment {
    given: Option<Arc<[(OsString, Secret)]>>,
}

/// The value of a variable.
pub(super) enum Variable {
    Unset,
    NotText,
    Set(Secret),
}

impl Environment {
    pub(super) fn given<N: Into<OsString>, V: Into<Secret>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let given = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self { given: Some(given) }
    }

    pub(super) fn get(&self, name: &str) -> Variable {
        match &self.given {
            Some(given) => given
                .iter()
                .find(|(given, _)| given == name)
                .map_or(Variable::Unset, |(_, value)| Variable::Set(value.clone())),
            None => env::var_os(name).map_or(Variable::Unset, text),
        }
    }

    /// The variables that override the file, by name, so that faults have an order.
    fn overrides(&self) -> Vec<(String, Variable)> {
        let ours = |name: &OsString| {
            let name = name.to_str()?;
            name.starts_with(PREFIX).then(|| name.to_owned())
        };
        let mut found: Vec<_> = match &self.given {
            Some(given) => given
                .iter()
                .filter_map(|(name, value)| Some((ours(name)?, Variable::Set(value.clone()))))
                .collect(),
            None => env::vars_os()
                .filter_map(|(name, value)| Some((ours(&name)?, text(value))))
                .collect(),
        };
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found
    }

    /// The names of the variables that override the file.
    pub(super) fn override_names(&self) -> Vec<String> {
        self.overrides().into_iter().map(|(name, _)| name).collect()
    }

    /// Writes the variables that override the file into the document: `TOWER_AUTH__JWT__SECRET` is
    /// `auth.jwt.secret`.
    pub(super) fn override_in(&self, root: &mut Node, faults: &mut Faults) {
        for (name, value) in self.overrides() {
            let at = At::Variable(name.as_str().into());
            let levels = name.strip_prefix(PREFIX).unwrap_or_default().to_lowercase();
            let levels: Vec<&str> = levels.split("__").collect();
            let place = Place::new(format!("auth.{}", levels.join(".")), at.clone());
            let is_named = |level: &&str| !level.is_empty();
            match value {
                _ if !levels.iter().all(is_named) => faults.add(
                    ConfigErrorKind::Malformed,
                    &Place::new("", at),
                    "the variable names no member: write levels between two underscores, as in \
                     TOWER_AUTH__JWT__SECRET",
                ),
                Variable::Unset => {}
                Variable::NotText => not_text(faults, &place),
                Variable::Set(value) => {
                    let node = Node::raw(at, value);
                    let path: Vec<&str> = std::iter::once("auth").chain(levels).collect();
                    if let Err(fault) = put(root, &path, node) {
                        faults.add(ConfigErrorKind::Conflict, &place, fault);
                    }
                }
            }
        }
    }
}

/// Puts a value at the end of a path, and makes missing blocks on the way; a block is merged member by
/// member into an existing one.
pub(super) fn put(node: &mut Node, path: &[&str], value: Node) -> Result<(), &'static str> {
    let Some((name, rest)) = path.split_first() else {
        merge(node, value);
        return Ok(());
    };
    let Kind::Map(members) = &mut node.kind else {
        return Err(match (&node.at, &node.kind) {
            (At::Variable(_), _) => "another variable sets the whole block: keep one of the two",
            (_, Kind::List(_)) => {
                "a list is replaced as a whole: set the variable without the last level to a JSON \
                 list"
            }
            _ => "no block stands there that it could be in: make it one, or set the whole value",
        });
    };
    let index = members
        .iter()
        .position(|member| *member.name == **name)
        .unwrap_or_else(|| {
            members.push(Member {
                name: (*name).into(),
                at: value.at.clone(),
                node: Node::new(value.at.clone(), Kind::Map(Vec::new())),
            });
            members.len().saturating_sub(1)
        });
    match members.get_mut(index) {
        Some(member) => put(&mut member.node, rest, value),
        None => Ok(()),
    }
}

fn merge(old: &mut Node, new: Node) {
    match (&mut old.kind, new.kind) {
        (Kind::Map(old), Kind::Map(new)) => {
            for member in new {
                match old.iter_mut().find(|there| there.name == member.name) {
                    Some(there) => merge(&mut there.node, member.node),
                    None => old.push(member),
                }
            }
        }
        (_, kind) => {
            *old = Node {
                at: new.at,
                kind,
                extra: new.extra,
            }
        }
    }
}

pub(super) fn not_text(faults: &mut Faults, place: &Place) {
    let message = "the variable's value is not UTF-8: set it to a text";
    faults.add(ConfigErrorKind::Malformed, place, message);
}

fn text(value: OsString) -> Variable {
    value
        .into_string()
        .map_or(Variable::NotText, |text| Variable::Set(text.into()))
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.given {
            Some(_) => "Environment(given)",
            None => "Environment(process)",
        })
    }
}

const PREFIX: &str = "TOWER_AUTH__";
