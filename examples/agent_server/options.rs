//! The command line.
//!
//! No message repeats a value that was given: it may be a credential.

use std::{ffi::OsString, path::PathBuf};

use tower_auth::Secret;

use crate::telegram::Bot;

pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) keys: Vec<Secret>,
    pub(crate) jwt_secret: Option<String>,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) telegram: Option<Bot>,
    pub(crate) dev_docs: bool,
    pub(crate) config: Option<PathBuf>,
    /// The file is to be judged, and nothing to be served.
    pub(crate) only_check: bool,
}

/// Whose tokens are accepted, and for whom they must be made.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) audience: String,
}

pub(crate) const HELP: &str = "\
An agent server that only lets in who shows a credential.

Usage: agent_server [OPTIONS]

  --addr HOST:PORT     where to listen [127.0.0.1:8000]
  --key KEY            accept this API key; may be given several times
  --jwt-secret SECRET  accept tokens signed with this secret (HS256, 32 bytes or more)
  --issuer URL         accept access tokens of this OAuth2 or OpenID Connect issuer,
                       written exactly as they name it in `iss`; needs --audience
  --audience AUD       what its tokens must name in `aud`
  --telegram-secret S  take updates of a Telegram bot on /hooks/telegram: the secret_token
                       that was given to setWebhook; needs --telegram-user
  --telegram-user ID   let this user write to the bot; may be given several times
  --no-dev-docs        ask for a credential on /docs, /redoc and /openapi.json too
  --config FILE        let a YAML or JSON file say who may call, in the place of the options
                       above; it is read again when it changes, as examples/config/ shows
  --check-config FILE  say what is wrong with such a file and exit: 0 if nothing, else 1
  --help               print this

With none of --key, --jwt-secret, --issuer and --config it makes API keys and prints them.
/run and /run/stream need the scope agents:invoke (claim `scope`; a key given with --key has
every scope), /admin/stats needs the role admin (claim `roles`, `role` or `realm_access.roles`).
RUST_LOG=debug logs more. Other users of this machine can read the command line.
";

impl Options {
    /// Nothing where help is asked for.
    pub(crate) fn parse(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Option<Self>, String> {
        let mut options = Self {
            addr: "127.0.0.1:8000".into(),
            keys: vec![],
            jwt_secret: None,
            issuer: None,
            telegram: None,
            dev_docs: true,
            config: None,
            only_check: false,
        };
        let (mut issuer, mut audience) = (None, None);
        let (mut bot_secret, mut bot_users) = (None, vec![]);
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let argument = text(argument)?;
            let (name, inline) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (&*argument, None),
            };
            match name {
                "--addr" => options.addr = value(name, inline, &mut arguments)?,
                "--key" => {
                    let key = value(name, inline, &mut arguments)?;
                    options.keys.push(key.into());
                }
                "--jwt-secret" => {
                    options.jwt_secret = Some(value(name, inline, &mut arguments)?);
                }
                "--issuer" => issuer = Some(value(name, inline, &mut arguments)?),
                "--audience" => audience = Some(value(name, inline, &mut arguments)?),
                "--telegram-secret" => bot_secret = Some(value(name, inline, &mut arguments)?),
                "--telegram-user" => {
                    let id = value(name, inline, &mut arguments)?;
                    let id = id.parse::<i64>().map_err(|_| NO_ID)?;
                    bot_users.push(id);
                }
                "--config" | "--check-config" => {
                    if options.config.is_some() {
                        return Err("--config and --check-config: give one file".into());
                    }
                    let file = value(name, inline, &mut arguments)?;
                    options.config = Some(file.into());
                    options.only_check = name == "--check-config";
                }
                "--no-dev-docs" if inline.is_none() => options.dev_docs = false,
                "--help" | "-h" if inline.is_none() => return Ok(None),
                "--no-dev-docs" | "--help" => return Err(format!("{name} takes no value")),
                _ if name.starts_with("--") => {
                    return Err(format!("there is no option {name}: --help lists them"));
                }
                _ => {
                    return Err(
                        "a value stands without its option: write --key KEY, for example".into(),
                    );
                }
            }
        }
        options.issuer = match (issuer, audience) {
            (Some(url), Some(audience)) => Some(Issuer { url, audience }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(
                    "--issuer needs --audience AUD beside it: an issuer's tokens for \
                            other services are not meant for this one"
                        .into(),
                );
            }
            (None, Some(_)) => return Err("--audience needs --issuer URL beside it".into()),
        };
        options.telegram = match (bot_secret, bot_users) {
            (None, users) if users.is_empty() => None,
            (None, _) => return Err("--telegram-user needs --telegram-secret S beside it".into()),
            (Some(_), users) if users.is_empty() => {
                return Err(
                    "--telegram-secret needs --telegram-user ID beside it: anybody can write to a \
                     bot"
                    .into(),
                );
            }
            (Some(secret), users) => Some(Bot {
                secret: secret.into(),
                users,
            }),
        };
        if options.config.is_some() && options.says_who_may_call() {
            return Err(
                "the file of --config says who may call: leave --key, --jwt-secret, --issuer, \
                 --audience, --telegram-secret, --telegram-user and --no-dev-docs out"
                    .into(),
            );
        }
        Ok(Some(options))
    }

    fn says_who_may_call(&self) -> bool {
        let has_credentials =
            !self.keys.is_empty() || self.jwt_secret.is_some() || self.issuer.is_some();
        has_credentials || self.telegram.is_some() || !self.dev_docs
    }
}

fn value(
    name: &str,
    inline: Option<String>,
    rest: &mut impl Iterator<Item = OsString>,
) -> Result<String, String> {
    let value = match inline {
        Some(value) => Some(value),
        None => {
            let next = rest.next().map(text).transpose()?;
            // What looks like an option is one, and the value before it was forgotten.
            next.filter(|value| !value.starts_with("--"))
        }
    };
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| format!("{name} needs a value"))
}

fn text(argument: OsString) -> Result<String, String> {
    argument
        .into_string()
        .map_err(|_| "an argument is not UTF-8".into())
}

const NO_ID: &str = "--telegram-user is no id: write the number that Telegram has for the user";
