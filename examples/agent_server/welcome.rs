//! What the server prints when it is ready.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use axum::http::Method;
use tower_auth::describe::AccessDescription;

use crate::{
    credentials::{Caller, Callers, Credentials, PARTNER_KEY},
    key_store::FIRST_SCOPES,
    options::Options,
    permissions::{ADMIN, INVOKE},
    routes::KEYS,
    telegram,
};

pub(crate) struct Welcome<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) credentials: &'a Credentials,
    pub(crate) options: &'a Options,
}

impl fmt::Display for Welcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = format!("http://{}", reachable(self.address));
        let caller = &self.credentials.caller;
        let partner_key = &self.credentials.partner_key;
        let key_header = |key: &str| format!("'x-api-key: {key}'");
        let (kind, header) = match caller {
            Caller::Demo { key, .. } => ("key", key_header(key)),
            Caller::Stored {
                first_key: Some(key),
            } => ("key", key_header(key.expose())),
            // In that place, whatever header the file names.
            Caller::Key | Caller::Stored { .. } if self.is_of_file() => {
                ("key", "\"authorization: Bearer $KEY\"".into())
            }
            Caller::Key | Caller::Stored { first_key: None } => {
                ("key", "\"x-api-key: $KEY\"".into())
            }
            Caller::Token => ("token", TOKEN_HEADER.into()),
            Caller::Anything => return self.without_credentials(f, &url),
        };
        let task = "-H 'content-type: application/json' -d '{\"input\": \"hello\"}'";
        let event = "-d event";

        writeln!(f, "agent server on {url}, Ctrl-C stops it\n")?;
        self.credentials(f)?;
        let docs_note = if self.has_dev_docs() {
            ""
        } else {
            "  (asks for a credential)"
        };
        writeln!(f, "  docs         {url}/docs{docs_note}\n")?;

        let is_known = self.is_caller_known();
        let needing = |scope: &str| match is_known {
            true => String::new(),
            false => format!(" if the {kind} has the scope {scope}"),
        };
        let outcome = match self.is_run_public() {
            true => {
                "refused with 401, for a public path has no caller, and this one needs one".into()
            }
            false => format!("accepted{}", needing(INVOKE)),
        };
        writeln!(f, "{outcome}:\n  curl -i '{url}/run' -H {header} {task}\n")?;
        let why = match is_known {
            true => format!("the {kind} lacks"),
            false => format!("unless the {kind} has"),
        };
        writeln!(
            f,
            "refused with 403, {why} the role {ADMIN}:\n  curl -i '{url}/admin/stats' -H {header}\n"
        )?;
        writeln!(
            f,
            "refused with 401, no {kind} shown:\n  curl -i '{url}/run' {task}\n"
        )?;
        match caller {
            Caller::Demo { admin_key, .. } => writeln!(
                f,
                "accepted, the role {ADMIN}:\n  curl -i '{url}/admin/stats' -H {}\n",
                key_header(admin_key)
            )?,
            Caller::Key | Caller::Stored { .. } if self.takes_tokens() => writeln!(
                f,
                "accepted, a token with the scope {INVOKE}:\n  curl -i '{url}/run' -H {TOKEN_HEADER} {task}\n"
            )?,
            Caller::Key | Caller::Stored { .. } | Caller::Token | Caller::Anything => {}
        }
        if let Some(managed) = &self.credentials.managed {
            let request = format!(
                "{{\"name\": \"robot\", \"scopes\": [\"{INVOKE}\"], \"expires_in\": \"90d\"}}"
            );
            writeln!(
                f,
                "accepted{}, makes a key:\n  curl -i '{url}{KEYS}' -H {header} -H 'content-type: \
                 application/json' -d '{request}'\n",
                needing(&format!("keys:write, and {INVOKE} to give"))
            )?;
            if !is_known {
                writeln!(
                    f,
                    "where no key has that scope, this makes one that has:\n  {}\n",
                    managed.first_key_command()
                )?;
            }
        }
        self.bot(f, &url)?;
        writeln!(
            f,
            "accepted, the partner's webhook:\n  curl -i '{url}/hooks/partner' -H '{PARTNER_KEY}: {partner_key}' {event}"
        )
    }
}

impl Welcome<'_> {
    /// What one needs to call, and how to come by it.
    fn credentials(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.credentials.caller {
            Caller::Demo { key, admin_key } => {
                writeln!(
                    f,
                    "  API key      {key}  (made for this run, scope {INVOKE})"
                )?;
                writeln!(
                    f,
                    "  admin key    {admin_key}  (made for this run, role {ADMIN})"
                )?;
            }
            Caller::Key if self.is_of_file() => {
                writeln!(f, "  API key      $KEY, one of those that the file names")?;
            }
            Caller::Key => writeln!(f, "  API key      $KEY, one of those you gave")?,
            Caller::Stored {
                first_key: Some(key),
            } => writeln!(
                f,
                "  first key    {}  (made in the key store and shown once: keep it; scopes {})",
                key.expose(),
                FIRST_SCOPES.join(" ")
            )?,
            Caller::Stored { first_key: None } => {
                writeln!(f, "  API key      $KEY, one of the key store's")?;
            }
            Caller::Token | Caller::Anything => {}
        }
        if let Callers::File(file) = &self.credentials.callers {
            writeln!(f, "  who may call {}", file.handle.summary())?;
        }
        if let Some(managed) = &self.credentials.managed {
            writeln!(f, "  key store    {}, managed under {KEYS}", managed.url)?;
        }
        if let Some(signed) = &self.options.signed {
            writeln!(
                f,
                "  token        $TOKEN, HS256, with aud {:?}, sub, exp and scope {INVOKE:?}",
                signed.audience
            )?;
        }
        if let Some(issuer) = &self.options.issuer {
            writeln!(
                f,
                "  token        $TOKEN, from {:?}, with aud {:?} and scope {INVOKE:?}",
                issuer.url, issuer.audience
            )?;
        }
        if let Some(bot) = &self.options.telegram {
            let count = bot.users.len();
            let noun = if count == 1 { "user" } else { "users" };
            writeln!(
                f,
                "  Telegram bot $TELEGRAM_SECRET, the one you gave, for {count} {noun}"
            )?;
        }
        let partner_key = &self.credentials.partner_key;
        writeln!(f, "  partner key  {partner_key}  (made for this run)")
    }

    /// What there is to try where everybody may call.
    fn without_credentials(&self, f: &mut fmt::Formatter<'_>, url: &str) -> fmt::Result {
        writeln!(f, "agent server on {url}, Ctrl-C stops it\n")?;
        self.credentials(f)?;
        writeln!(f, "  docs         {url}/docs\n")?;
        let task = "-H 'content-type: application/json' -d '{\"input\": \"hello\"}'";
        writeln!(f, "accepted:\n  curl -i '{url}/run' {task}\n")?;
        self.bot(f, url)?;
        writeln!(f, "accepted:\n  curl -i '{url}/hooks/public' -d event")
    }

    /// An update such as Telegram sends, a new one each second.
    fn bot(&self, f: &mut fmt::Formatter<'_>, url: &str) -> fmt::Result {
        let (user, whose) = match (&self.options.telegram, &self.credentials.callers) {
            (Some(bot), _) => {
                let user = bot.users.first().copied().unwrap_or_default();
                (user.to_string(), "")
            }
            (None, Callers::File(file)) if file.has_bot() => (
                "'\"$TELEGRAM_USER\"'".into(),
                " of $TELEGRAM_USER, if the file lets that user in",
            ),
            _ => return Ok(()),
        };
        let update = format!(
            "{{\"update_id\": '$(date +%s)', \"message\": {{\"text\": \"hello\", \"from\": \
             {{\"id\": {user}}}, \"chat\": {{\"id\": {user}}}}}}}"
        );
        writeln!(
            f,
            "accepted, an update for the Telegram bot{whose}:\n  curl -i '{url}{}' -H \"{}: \
             $TELEGRAM_SECRET\" -H 'content-type: application/json' -d '{update}'\n",
            telegram::PATH,
            telegram::SECRET_HEADER
        )
    }

    /// Whether it is known what the caller may do: a file's keys, and everybody's tokens, have the scopes
    /// and roles that somebody else gave them.
    fn is_caller_known(&self) -> bool {
        match &self.credentials.caller {
            Caller::Demo { .. } | Caller::Stored { first_key: Some(_) } | Caller::Anything => true,
            Caller::Key => !self.is_of_file(),
            Caller::Stored { first_key: None } | Caller::Token => false,
        }
    }

    /// Whether the file opens the path to callers whom nobody asks.
    fn is_run_public(&self) -> bool {
        match &self.credentials.callers {
            Callers::Chain(_) => false,
            Callers::File(file) => {
                let described = file.layer.describe();
                let run = described.at(&Method::POST, "/run");
                matches!(run.access(), AccessDescription::Public)
            }
        }
    }

    fn is_of_file(&self) -> bool {
        matches!(self.credentials.callers, Callers::File(_))
    }

    fn has_dev_docs(&self) -> bool {
        match &self.credentials.callers {
            Callers::Chain(_) => self.options.dev_docs,
            Callers::File(file) => file.handle.summary().dev_docs(),
        }
    }

    fn takes_tokens(&self) -> bool {
        self.options.signed.is_some() || self.options.issuer.is_some()
    }
}

/// "Every address" is one that a client cannot call.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            address.set_ip(Ipv4Addr::LOCALHOST.into())
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            address.set_ip(Ipv6Addr::LOCALHOST.into())
        }
        _ => {}
    }
    address
}

const TOKEN_HEADER: &str = "\"authorization: Bearer $TOKEN\"";
