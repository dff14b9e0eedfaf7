//! The shape of an agent's JSON file: `{"auth": …, "authorization": NAME}`.

use serde_json::{Value, json};

use crate::{
    config::{
        environment::{Environment, Variable, not_text},
        expand::Sources,
        fault::{Faults, Place},
        node::{At, Kind, Node},
        read::{Located, OneOf, Read, Slot, Which, block, choice, choice_schema, read},
        source::read_secret,
    },
    error::ConfigErrorKind,
    jose::Algorithm,
    secret::Secret,
};

/// The value of `auth`.
#[derive(Clone, Debug)]
pub(in crate::config) enum Agent {
    /// `null`: every caller is let in.
    Nobody,
    Jwt(Tokens),
    /// The name of a provider.
    Custom(Located<String>),
}

/// The variables of the environment about tokens.
#[derive(Clone, Debug)]
pub(in crate::config) struct Tokens {
    pub(in crate::config) key: Located<Secret>,
    pub(in crate::config) algorithm: Algorithm,
    pub(in crate::config) issuer: Option<String>,
    pub(in crate::config) audience: Option<String>,
}

block! {
    /// A provider that the program registered.
    Registered {
        /// Always `custom`.
        method: required Method,
        /// The name under which the program registered it.
        path: required String,
    }
}

#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Method;

impl Read for Method {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "method", &[("custom", Self)])
    }

    fn schema() -> Value {
        choice_schema(&[("custom", Self)])
    }
}

#[derive(Clone, Copy, Debug)]
struct Word;

impl Read for Word {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        let what = "way to be authenticated (a provider of the program's is \
                    {\"method\": \"custom\", \"path\": NAME})";
        choice(node, place, faults, what, &[("jwt", Self)])
    }

    fn schema() -> Value {
        choice_schema(&[("jwt", Self)])
    }
}

/// Whether the value of `auth` has the agent's shape and not the gateway's.
pub(in crate::config) fn is_meant(auth: &Node) -> bool {
    match &auth.kind {
        Kind::Null => true,
        // A variable may hold the gateway's block as JSON.
        Kind::Text(text) => !text.secret.expose().trim_start().starts_with('{'),
        Kind::Map(_) => auth.member("method").is_some() || auth.member("path").is_some(),
        _ => false,
    }
}

impl Agent {
    pub(in crate::config) fn read(
        auth: &Node,
        place: &Place,
        sources: &mut Sources<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        match &auth.kind {
            Kind::Null => Some(Self::Nobody),
            Kind::Map(_) => {
                let registered = read::<Registered>(auth, place, faults)?;
                match (registered.method, registered.path) {
                    (Slot::Present(_), Slot::Present(path)) => Some(Self::Custom(path)),
                    _ => None,
                }
            }
            _ => {
                read::<Word>(auth, place, faults)?;
                Tokens::read(sources, faults).map(Self::Jwt)
            }
        }
    }
}

impl Tokens {
    fn read(sources: &mut Sources<'_>, faults: &mut Faults) -> Option<Self> {
        let env = sources.env;
        let key: Slot<Secret> = variable(env, "JWT_SECRET_KEY", faults);
        let file: Slot<String> = variable(env, "JWT_SECRET_KEY_FILE", faults);
        let algorithm = variable(env, "JWT_ALGORITHM", faults);
        let issuer: Slot<String> = variable(env, "JWT_ISSUER", faults);
        let audience: Slot<String> = variable(env, "JWT_AUDIENCE", faults);
        let place = Place::new("auth", At::Variable("JWT_SECRET_KEY".into()));
        let key_or_file = OneOf {
            first: &key,
            second: &file,
            names: ["JWT_SECRET_KEY", "JWT_SECRET_KEY_FILE"],
            place: &place,
        };
        let key = match key_or_file.find(faults) {
            Which::First(key) => Some(key.clone()),
            Which::Second(file) => secret_in(file, sources, faults),
            Which::Neither => {
                let message = "the variable is not set, and \"jwt\" needs it: set it to a secret made \
                               with `openssl rand -hex 32`, or JWT_SECRET_KEY_FILE to a file with one";
                faults.add(ConfigErrorKind::Unknown, &place, message);
                None
            }
            Which::Faulty => None,
        };
        if algorithm.is_faulty() || issuer.is_faulty() || audience.is_faulty() {
            return None;
        }
        Some(Self {
            key: key?,
            algorithm: algorithm.value().copied().unwrap_or(Algorithm::HS256),
            issuer: issuer.value().cloned(),
            audience: audience.value().cloned(),
        })
    }
}

/// The secret in a file that a variable names.
fn secret_in(
    file: &Located<String>,
    sources: &mut Sources<'_>,
    faults: &mut Faults,
) -> Option<Located<Secret>> {
    match read_secret(&sources.folder.join(&file.value), sources.files) {
        Ok(value) => Some(Located {
            value,
            place: file.place.clone(),
            order: 0,
        }),
        Err(why) => {
            faults.add(ConfigErrorKind::Unknown, &file.place, why);
            None
        }
    }
}

/// The value of a variable; an empty one is a fault.
fn variable<T: Read>(env: &Environment, name: &str, faults: &mut Faults) -> Slot<T> {
    let at = At::Variable(name.into());
    let place = Place::new("auth", at.clone());
    let value = match env.get(name) {
        Variable::Unset => return Slot::Absent,
        Variable::NotText => {
            not_text(faults, &place);
            None
        }
        Variable::Set(value) => read(&Node::raw(at, value), &place, faults),
    };
    match value {
        Some(value) => Slot::Present(Located {
            value,
            place,
            order: 0,
        }),
        None => Slot::Faulty,
    }
}

/// The schema of the value of `auth`.
pub(in crate::config) fn schema() -> Value {
    json!({"anyOf": [
        {"type": "null", "description": "Everybody is let in."},
        {"const": "jwt", "description": "JSON Web Tokens, with the key from JWT_SECRET_KEY."},
        Registered::schema(),
    ]})
}
