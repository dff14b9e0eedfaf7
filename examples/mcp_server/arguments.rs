//! The command line, as `clap` reads it.
//!
//! No message repeats a value that was given: it may be a credential.

use std::{error::Error as _, ffi::OsString};

use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use tower_auth::Secret;

/// An MCP server that clients reach with a token of an issuer, or with an API key
#[derive(Parser)]
#[command(name = "mcp_server", after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8020", value_parser = text,
        allow_hyphen_values = true)]
    pub(crate) addr: String,

    /// Accept access tokens of this OAuth2 or OpenID Connect issuer, written exactly as they name it
    /// in `iss`
    #[arg(long, value_name = "URL", value_parser = text, allow_hyphen_values = true)]
    pub(crate) issuer: Option<String>,

    /// What tokens must name in `aud`; the public address unless set
    #[arg(long, value_name = "AUD", value_parser = text, allow_hyphen_values = true)]
    pub(crate) audience: Option<String>,

    /// The endpoint as clients write it, its path included: https://HOST/mcp; http is for this
    /// machine alone
    #[arg(long, value_name = "URL", value_parser = text, allow_hyphen_values = true)]
    pub(crate) public_url: Option<String>,

    /// Accept this API key; may be given several times
    #[arg(long = "api-key", value_name = "KEY", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) api_keys: Vec<Secret>,

    /// Let web pages of this origin use the server: https://HOST; may be given several times
    #[arg(long = "origin", value_name = "ORIGIN", value_parser = text, allow_hyphen_values = true)]
    pub(crate) origins: Vec<String>,
}

/// What the command line comes to where it says something else than [`Arguments`].
pub(crate) enum Stopped {
    /// The text of `--help`.
    Help(String),
    /// What to write instead.
    Fault(String),
}

impl Arguments {
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, Stopped> {
        let read = Self::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => Stopped::Help(error.to_string()),
            _ => Stopped::Fault(fault(&error)),
        })?;
        if read.audience.is_some() && read.issuer.is_none() {
            return Err(Stopped::Fault(
                "--audience is what tokens of an issuer name: add --issuer URL".into(),
            ));
        }
        Ok(read)
    }
}

/// In one line, and without the values.
fn fault(error: &clap::Error) -> String {
    let Some(option) = option(error, ContextKind::InvalidArg) else {
        return "a value stands without its option: --help lists all options".into();
    };
    match error.kind() {
        ErrorKind::UnknownArgument => match self::option(error, ContextKind::SuggestedArg) {
            Some(meant) => {
                format!(
                    "there is no option {option}: did you mean {meant}? --help lists all options"
                )
            }
            None => format!("there is no option {option}: --help lists all options"),
        },
        ErrorKind::ArgumentConflict => format!("{option} is given twice: give it once"),
        _ => {
            let reason = error.source().map(ToString::to_string);
            format!("{option} {}", reason.as_deref().unwrap_or(NO_VALUE))
        }
    }
}

/// An option's name as it was written, without what follows it.
fn option(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    let Some(ContextValue::String(shown)) = error.get(kind) else {
        return None;
    };
    let name = shown.split([' ', '=']).next()?;
    name.starts_with('-').then_some(name)
}

/// A value that is there: one that looks like an option is one, and the value was forgotten.
fn text(given: &str) -> Result<String, &'static str> {
    match given.is_empty() || given.starts_with("--") {
        true => Err(NO_VALUE),
        false => Ok(given.to_owned()),
    }
}

fn secret(given: &str) -> Result<Secret, &'static str> {
    text(given).map(Secret::from)
}

const NO_VALUE: &str = "needs a value behind it";

const AFTER_HELP: &str = "\
Without --issuer it starts an issuer for this run and prints a token of it.
Every caller may use the tool echo; deploy needs the scope agents:deploy (an API key has every
scope), admin_reset the role admin (claim `roles`, `role` or `realm_access.roles`).
RUST_LOG=debug logs more. Other users of this machine can read the command line.";
