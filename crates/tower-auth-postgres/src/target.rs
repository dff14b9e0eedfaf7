//! The URL of a database: which servers, as whom, and whether by TLS.

use std::{fmt, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::{
    Config,
    config::{ChannelBinding, Host, SslMode, TargetSessionAttrs},
};

use crate::tls::Roots;

/// How long a connection may take to be made, unless the URL says otherwise: of several addresses, the
/// next one is tried while somebody still waits.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// What a URL says.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) config: Config,
    /// The authorities that may vouch for the server; `None`: without TLS.
    pub(crate) tls: Option<Roots>,
}

/// Why a URL cannot be used. It quotes nothing of it, because any part may be of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum UrlFault {
    Scheme,
    Malformed,
    NoHost,
    NoHostName,
    SslMode,
    Plain,
    Unsupported(&'static str),
    ReadOnly,
}

/// Options of other clients. What would go unheeded is refused.
const UNSUPPORTED: [&str; 12] = [
    "gssencmode",
    "krbsrvname",
    "passfile",
    "requirepeer",
    "require_auth",
    "service",
    "sslcert",
    "sslcertmode",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslpassword",
];

impl Target {
    pub(crate) fn parse(url: &str) -> Result<Self, UrlFault> {
        let (scheme, rest) = url.split_once("://").ok_or(UrlFault::Scheme)?;
        let is = |known| scheme.eq_ignore_ascii_case(known);
        if !is("postgres") && !is("postgresql") {
            return Err(UrlFault::Scheme);
        }
        let (head, query) = split(rest);
        let mut asked = Asked::default();
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if !asked.takes(pair)? {
                kept.push(pair);
            }
        }
        let url = match kept.is_empty() {
            true => format!("postgres://{head}"),
            false => format!("postgres://{head}?{}", kept.join("&")),
        };
        let mut config: Config = url.parse().map_err(|_| UrlFault::Malformed)?;
        let tls = asked.tls(&config)?;
        settle(&mut config, tls.is_some())?;
        Ok(Self { config, tls })
    }
}

/// What stands before the `?`, and what follows. As the engine reads it, the user and the password end at
/// the first `@`.
fn split(url: &str) -> (&str, &str) {
    let host = url.find('@').unwrap_or(0);
    let question = url.get(host..).and_then(|rest| rest.find('?'));
    match question.and_then(|at| url.split_at_checked(host + at)) {
        Some((head, query)) => (head, query.get(1..).unwrap_or_default()),
        None => (url, ""),
    }
}

/// The options that the engine does not know, or knows otherwise.
#[derive(Default)]
struct Asked {
    mode: Option<Mode>,
    roots: Option<Roots>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Disable,
    /// TLS is taken where it is offered: on the way to another machine, whoever stands there chooses.
    Opportunistic,
    Require,
}

impl Asked {
    fn takes(&mut self, pair: &str) -> Result<bool, UrlFault> {
        let (name, value) = pair.split_once('=').ok_or(UrlFault::Malformed)?;
        let decode = |text| percent_decode_str(text).decode_utf8();
        let name = decode(name).map_err(|_| UrlFault::Malformed)?;
        let value = decode(value).map_err(|_| UrlFault::Malformed)?;
        if let Some(name) = UNSUPPORTED.iter().find(|known| **known == name) {
            return Err(UrlFault::Unsupported(name));
        }
        match &*name {
            "sslmode" => self.mode = Some(mode(&value)?),
            "sslrootcert" if value == "system" => self.roots = Some(Roots::System),
            "sslrootcert" => self.roots = Some(Roots::File(PathBuf::from(&*value))),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn tls(self, config: &Config) -> Result<Option<Roots>, UrlFault> {
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len());
        if hosts == 0 {
            return Err(UrlFault::NoHost);
        }
        let is_local = (0..hosts).all(|place| is_local(config, place));
        let is_asked_for = match self.mode {
            Some(mode) => mode == Mode::Require,
            None => self.roots.is_some(),
        };
        if is_local && !is_asked_for {
            return Ok(None);
        }
        if !is_local && self.mode == Some(Mode::Disable) {
            return Err(UrlFault::Plain);
        }
        Ok(Some(self.roots.unwrap_or(Roots::System)))
    }
}

/// Every mode that asks for TLS asks for all of it: a certificate that nobody checks keeps nobody out.
fn mode(value: &str) -> Result<Mode, UrlFault> {
    match value {
        "disable" => Ok(Mode::Disable),
        "allow" | "prefer" => Ok(Mode::Opportunistic),
        "require" | "verify-ca" | "verify-full" => Ok(Mode::Require),
        _ => Err(UrlFault::SslMode),
    }
}

/// Whether a host cannot be another machine. An address says more than a name, as for the engine.
fn is_local(config: &Config, place: usize) -> bool {
    if let Some(address) = config.get_hostaddrs().get(place) {
        return address.to_canonical().is_loopback();
    }
    match config.get_hosts().get(place) {
        Some(Host::Tcp(name)) => {
            let address = name.parse::<std::net::IpAddr>();
            name.eq_ignore_ascii_case("localhost")
                || address.is_ok_and(|it| it.to_canonical().is_loopback())
        }
        #[cfg(unix)]
        Some(Host::Unix(_)) => true,
        None => false,
    }
}

fn settle(config: &mut Config, is_encrypted: bool) -> Result<(), UrlFault> {
    let names = config.get_hosts().len();
    // What follows an `@` that is not escaped is a part of the password: it is looked up nowhere.
    let is_rest = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
    let addresses = config.get_hostaddrs().len();
    if is_encrypted && names == 0 {
        return Err(UrlFault::NoHostName);
    }
    let hosts = names.max(addresses);
    let is_uneven = (names > 0 && addresses > 0 && names != addresses)
        || (config.get_ports().len() > 1 && config.get_ports().len() != hosts);
    if is_uneven || config.get_hosts().iter().any(is_rest) {
        return Err(UrlFault::Malformed);
    }
    if config.get_channel_binding() == ChannelBinding::Require {
        return Err(UrlFault::Unsupported("channel_binding=require"));
    }
    if config.get_target_session_attrs() == TargetSessionAttrs::ReadOnly {
        return Err(UrlFault::ReadOnly);
    }
    if hosts > 1 {
        // Of several servers, the one that takes changes.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config.ssl_mode(match is_encrypted {
        true => SslMode::Require,
        false => SslMode::Disable,
    });
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("tower-auth");
    }
    Ok(())
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str(
                "the URL is no database's: write postgres://USER:PASSWORD@HOST:PORT/DATABASE",
            ),
            Self::Malformed => f.write_str(
                "the URL is malformed, or has an option that is not known: write \
                 postgres://USER:PASSWORD@HOST:PORT/DATABASE, and in the user and the password %40 for @, \
                 %3A for :, %2F for /, %3F for ?",
            ),
            Self::NoHost => f.write_str(
                "the URL names no host: write postgres://USER:PASSWORD@HOST:PORT/DATABASE, or \
                 ?host=/FOLDER for a Unix socket",
            ),
            Self::NoHostName => f.write_str(
                "the URL has a hostaddr without a host: name the host too, because the server's \
                 certificate is for a name",
            ),
            Self::SslMode => f.write_str(
                "the URL's sslmode is not known: leave it out, or write verify-full",
            ),
            Self::Plain => f.write_str(
                "the URL says sslmode=disable and the server is on another machine: turn TLS on in the \
                 server and leave sslmode out (only loopback addresses and Unix sockets go without TLS)",
            ),
            Self::Unsupported(name) => {
                write!(f, "the URL has {name}, which is not supported here: take it out")
            }
            Self::ReadOnly => f.write_str(
                "the URL asks for a server that only reads: take target_session_attrs out",
            ),
        }
    }
}
