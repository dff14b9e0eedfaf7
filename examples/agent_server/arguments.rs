//! The command line, as `clap` reads it.
//!
//! No message repeats a value that was given: it may be a credential. That is why clap's errors are
//! worded here.

use std::{error::Error, ffi::OsString, path::PathBuf, time::Duration};

use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use tower_auth::{
    ConfigError, Secret,
    keys::KeyStoreUrl,
    shared::SharedUrl,
    throttle::{Quota, TrustedProxies},
};

use crate::credentials::AUDIENCE;

/// An agent server that only lets in who shows a credential
#[derive(Parser)]
#[command(name = "agent_server", after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Where to listen
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8000", overrides_with = "addr",
        value_parser = text, allow_hyphen_values = true)]
    pub(crate) addr: String,

    /// Accept this API key; may be given several times
    #[arg(long = "key", value_name = "KEY", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) keys: Vec<Secret>,

    /// Accept the API keys of this store, which is made if it is not there: sqlite:FILE, or
    /// postgres://USER@HOST/DATABASE; administrators manage them under /keys
    #[arg(long, value_name = "URL", value_parser = key_store, allow_hyphen_values = true)]
    pub(crate) key_store: Option<KeyStoreUrl>,

    /// Count limits together with the other servers that share this state, and handle each update of a
    /// bot once: redis://HOST:6379, or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "URL", value_parser = shared, allow_hyphen_values = true)]
    pub(crate) shared: Option<SharedUrl>,

    /// Accept tokens signed with this secret (HS256, 32 bytes or more)
    #[arg(long, value_name = "SECRET", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) jwt_secret: Option<Secret>,

    /// Accept access tokens of this OAuth2 or OpenID Connect issuer, written exactly as they name
    /// it in `iss`; needs --audience
    #[arg(long, value_name = "URL", value_parser = text, allow_hyphen_values = true)]
    pub(crate) issuer: Option<String>,

    #[arg(long, value_name = "AUD", value_parser = text, allow_hyphen_values = true,
        help = format!("What tokens must name in `aud`; beside --jwt-secret it replaces {AUDIENCE:?}"))]
    pub(crate) audience: Option<String>,

    /// Take updates of a Telegram bot on /hooks/telegram: the secret_token that was given to
    /// setWebhook; needs --telegram-user
    #[arg(long, value_name = "SECRET", value_parser = secret, allow_hyphen_values = true)]
    pub(crate) telegram_secret: Option<Secret>,

    /// Let this user write to the bot; may be given several times
    #[arg(long = "telegram-user", value_name = "ID", value_parser = user_id,
        allow_hyphen_values = true)]
    pub(crate) telegram_users: Vec<i64>,

    /// How many wrong credentials a client address may show in a minute; 30 unless set
    #[arg(long, value_name = "N", value_parser = attempts, allow_hyphen_values = true)]
    pub(crate) max_attempts: Option<Quota>,

    /// How many requests a caller may make: 100/60s, or "100 per minute, burst 20"; may be given
    /// several times
    #[arg(long, value_name = "N/TIME", value_parser = quota, allow_hyphen_values = true)]
    pub(crate) requests: Vec<Quota>,

    /// Believe what this proxy says about a client's address (10.0.0.0/8); may be given several
    /// times
    #[arg(long = "trusted-proxy", value_name = "CIDR", value_parser = network,
        allow_hyphen_values = true)]
    pub(crate) trusted_proxies: Vec<String>,

    /// Write a line of JSON for each decision to the end of this file; SIGHUP opens it again
    #[arg(long, value_name = "FILE", value_parser = path, allow_hyphen_values = true)]
    pub(crate) audit: Option<PathBuf>,

    /// Serve the numbers of what was decided as /metrics on this address, for Prometheus
    #[arg(long, value_name = "HOST:PORT", value_parser = text, allow_hyphen_values = true)]
    pub(crate) metrics_addr: Option<String>,

    /// Ask for a credential on /docs, /redoc and /openapi.json too
    #[arg(long)]
    pub(crate) no_dev_docs: bool,

    /// Let a YAML or JSON file say who may call, in the place of the options above; it is read
    /// again when it changes, as examples/config/ shows
    #[arg(long, value_name = "FILE", value_parser = path, allow_hyphen_values = true)]
    pub(crate) config: Option<PathBuf>,

    /// Say what is wrong with such a file and exit: 0 if nothing, else 1
    #[arg(long, value_name = "FILE", value_parser = path, allow_hyphen_values = true)]
    pub(crate) check_config: Option<PathBuf>,
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
        // The first is the program's own name.
        let arguments = [OsString::from("agent_server")]
            .into_iter()
            .chain(arguments);
        Self::try_parse_from(arguments).map_err(|error| match error.kind() {
            ErrorKind::DisplayHelp => Stopped::Help(error.to_string()),
            _ => Stopped::Fault(fault(&error)),
        })
    }
}

/// In one line, and without the values.
fn fault(error: &clap::Error) -> String {
    let option = option(error, ContextKind::InvalidArg);
    match (error.kind(), option) {
        (ErrorKind::InvalidUtf8, _) => "an argument is not UTF-8".into(),
        (ErrorKind::UnknownArgument, Some(unknown)) => match suggestion(error) {
            Some(meant) => format!(
                "there is no option {unknown}: did you mean {meant}? --help lists all options"
            ),
            None => format!("there is no option {unknown}: --help lists all options"),
        },
        (ErrorKind::TooManyValues, Some(switch)) => format!("{switch} takes no value"),
        (ErrorKind::ArgumentConflict, Some(option)) => {
            format!("{option} is given twice: give it once")
        }
        (ErrorKind::ValueValidation, Some(option)) => {
            let reason = error.source().map(ToString::to_string);
            format!("{option} {}", reason.as_deref().unwrap_or(NO_VALUE))
        }
        (_, Some(option)) => format!("{option} {NO_VALUE}"),
        // Also an unknown "option" that is a value: it has no dashes.
        (_, None) => "a value stands without its option: write --key KEY, for example".into(),
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

fn suggestion(error: &clap::Error) -> Option<&str> {
    option(error, ContextKind::SuggestedArg)
}

/// A value that is there: one that looks like an option is one, and the value was forgotten.
fn value(given: &str) -> Result<&str, &'static str> {
    if given.is_empty() || given.starts_with("--") {
        return Err(NO_VALUE);
    }
    Ok(given)
}

fn text(given: &str) -> Result<String, &'static str> {
    value(given).map(str::to_owned)
}

fn secret(given: &str) -> Result<Secret, &'static str> {
    value(given).map(Secret::from)
}

fn key_store(given: &str) -> Result<KeyStoreUrl, String> {
    KeyStoreUrl::parse(value(given)?).map_err(|error| format!("is no URL of a key store: {error}"))
}

fn shared(given: &str) -> Result<SharedUrl, String> {
    SharedUrl::parse(value(given)?).map_err(|error| format!("is no URL of a shared state: {error}"))
}

fn path(given: &str) -> Result<PathBuf, &'static str> {
    value(given).map(PathBuf::from)
}

fn user_id(given: &str) -> Result<i64, &'static str> {
    value(given)?
        .parse()
        .map_err(|_| "is no id: write the number that Telegram has for the user")
}

fn attempts(given: &str) -> Result<Quota, &'static str> {
    let number = value(given)?.parse().ok();
    number
        .and_then(|number| Quota::new(number, MINUTE).ok())
        .ok_or("is no number of attempts a minute: write one such as 30")
}

fn quota(given: &str) -> Result<Quota, String> {
    let quota = value(given)?.parse();
    quota.map_err(|error: ConfigError| format!("is no limit: {error}"))
}

fn network(given: &str) -> Result<String, &'static str> {
    match TrustedProxies::new([value(given)?]) {
        Ok(_) => Ok(given.to_owned()),
        Err(_) => Err(
            "is no proxy's address or network: write one such as 10.0.0.0/8, without bits behind its \
             length, and never every address",
        ),
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const NO_VALUE: &str = "needs a value behind it";

const AFTER_HELP: &str = "\
With none of --key, --key-store, --jwt-secret, --issuer and --config it makes API keys and prints
them. Where no live key of --key-store holds keys:write, a start makes an administrator's key there
and prints it.
/run and /run/stream need the scope agents:invoke (claim `scope`; a key given with --key has
every scope), /admin/stats needs the role admin (claim `roles`, `role` or `realm_access.roles`).
/events is for any caller. A stream is broken off when its credential expires or is revoked.
RUST_LOG=debug logs more. Other users of this machine can read the command line.";
