//! What the command line asks for, once its parts fit together.

use std::{borrow::Cow, path::PathBuf};

use tower_auth::{Secret, keys::KeyStoreUrl, shared::SharedUrl};

use crate::{arguments::Arguments, credentials::AUDIENCE, limits::Limits, telegram::Bot};

pub(crate) struct Options {
    pub(crate) addr: String,
    pub(crate) keys: Vec<Secret>,
    pub(crate) key_store: Option<KeyStoreUrl>,
    pub(crate) shared: Option<SharedUrl>,
    pub(crate) signed: Option<Signed>,
    pub(crate) issuer: Option<Issuer>,
    pub(crate) telegram: Option<Bot>,
    pub(crate) dev_docs: bool,
    pub(crate) limits: Limits,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) metrics_addr: Option<String>,
    pub(crate) config: Option<PathBuf>,
    /// The file is to be judged, and nothing to be served.
    pub(crate) only_check: bool,
}

/// With which secret tokens are signed, and for whom they must be made.
pub(crate) struct Signed {
    pub(crate) secret: Secret,
    pub(crate) audience: String,
}

/// Whose tokens are accepted, and for whom they must be made.
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) audience: String,
}

impl TryFrom<Arguments> for Options {
    type Error = Cow<'static, str>;

    fn try_from(arguments: Arguments) -> Result<Self, Self::Error> {
        if arguments.config.is_some() && arguments.check_config.is_some() {
            return Err("--config and --check-config: give one file".into());
        }
        let only_check = arguments.check_config.is_some();
        let config = arguments.check_config.or(arguments.config);
        let audience = arguments.audience;
        if audience.as_deref().is_some_and(|aud| aud.trim().is_empty()) {
            return Err("--audience is blank: write what the tokens name in `aud`".into());
        }
        let has_tokens = arguments.issuer.is_some() || arguments.jwt_secret.is_some();
        if audience.is_some() && !has_tokens {
            return Err(
                "--audience needs --issuer URL or --jwt-secret SECRET beside it: it says \
                        what their tokens must name"
                    .into(),
            );
        }
        let signed = arguments.jwt_secret.map(|secret| Signed {
            secret,
            audience: audience.clone().unwrap_or_else(|| AUDIENCE.to_owned()),
        });
        let issuer = match (arguments.issuer, audience) {
            (Some(url), Some(audience)) => Some(Issuer { url, audience }),
            (Some(_), None) => {
                return Err(
                    "--issuer needs --audience AUD beside it: an issuer's tokens for other \
                     services are not meant for this one"
                        .into(),
                );
            }
            (None, _) => None,
        };
        let users = arguments.telegram_users;
        let telegram = match (arguments.telegram_secret, users.is_empty()) {
            (None, true) => None,
            (None, false) => {
                return Err("--telegram-user needs --telegram-secret SECRET beside it".into());
            }
            (Some(_), true) => {
                return Err(
                    "--telegram-secret needs --telegram-user ID beside it: anybody can write to a \
                     bot"
                    .into(),
                );
            }
            (Some(secret), false) => Some(Bot { secret, users }),
        };
        let sets_limits = arguments.max_attempts.is_some()
            || !arguments.requests.is_empty()
            || !arguments.trusted_proxies.is_empty();
        if config.is_some() && sets_limits {
            return Err(
                "the file of --config sets the limits: write them there as `auth.throttle`, and leave \
                 --max-attempts, --requests and --trusted-proxy out"
                    .into(),
            );
        }
        if config.is_some() && arguments.shared.is_some() {
            return Err(
                "the file of --config names what servers share: write it there as `auth.shared`, and \
                 leave --shared out"
                    .into(),
            );
        }
        if config.is_some() && arguments.audit.is_some() {
            return Err(
                "the file of --config says what is audited: write it there as `auth.audit`, and leave --audit \
                 out"
                    .into(),
            );
        }
        let limits = Limits::new(
            arguments.max_attempts,
            &arguments.requests,
            &arguments.trusted_proxies,
        )
        .map_err(|error| format!("the limits do not fit together: {error}"))?;
        let options = Self {
            addr: arguments.addr,
            keys: arguments.keys,
            key_store: arguments.key_store,
            shared: arguments.shared,
            signed,
            issuer,
            telegram,
            dev_docs: !arguments.no_dev_docs,
            limits,
            audit: arguments.audit,
            metrics_addr: arguments.metrics_addr,
            config,
            only_check,
        };
        if options.config.is_some() && options.says_who_may_call() {
            return Err(
                "the file of --config says who may call: leave --key, --key-store, --jwt-secret, \
                 --issuer, --audience, --telegram-secret, --telegram-user and --no-dev-docs out"
                    .into(),
            );
        }
        Ok(options)
    }
}

impl Options {
    fn says_who_may_call(&self) -> bool {
        let has_tokens = self.signed.is_some() || self.issuer.is_some();
        let has_keys = !self.keys.is_empty() || self.key_store.is_some();
        has_keys || has_tokens || self.telegram.is_some() || !self.dev_docs
    }
}
