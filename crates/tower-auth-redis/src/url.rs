//! The URL of a server: where it is, as whom, under which names, and whether by TLS.

use std::{fmt, path::PathBuf};

use percent_encoding::percent_decode_str;
use redis::{ProtocolVersion, RedisConnectionInfo};
use url::{Host, Url};

use crate::tls::Roots;

/// What a URL says.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) address: Address,
    /// The authorities that may vouch for the server; `None`: without TLS.
    pub(crate) tls: Option<Roots>,
    /// The user, the password and the database.
    pub(crate) settings: RedisConnectionInfo,
    /// What every name begins with.
    pub(crate) namespace: String,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Tcp(String, u16),
    #[cfg(unix)]
    Unix(PathBuf),
}

/// Why a URL cannot be used. It quotes nothing of it, because any part may be of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlFault {
    Scheme,
    Malformed,
    NoHost,
    Database,
    Option,
    Namespace,
    NoTls,
    Plain,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, UrlFault> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlFault::Scheme)?;
        match &*scheme.to_ascii_lowercase() {
            "redis" | "valkey" => Self::tcp(rest, false),
            "rediss" | "valkeys" => Self::tcp(rest, true),
            #[cfg(unix)]
            "redis+unix" | "valkey+unix" | "unix" => Self::unix(rest),
            _ => Err(UrlFault::Scheme),
        }
    }

    fn tcp(rest: &str, is_encrypted: bool) -> Result<Self, UrlFault> {
        let url = read(rest)?;
        let host = match url.host() {
            Some(Host::Domain("")) | None => return Err(UrlFault::NoHost),
            Some(Host::Domain(name)) => decoded(name)?,
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
        };
        let options = Options::of(&url)?;
        let tls = match (is_encrypted, options.roots) {
            (true, roots) => Some(roots.unwrap_or(Roots::System)),
            (false, Some(_)) => return Err(UrlFault::NoTls),
            (false, None) if is_local(&host) || options.allows_plain => None,
            (false, None) => return Err(UrlFault::Plain),
        };
        let database = match (url.path().trim_matches('/'), options.database) {
            ("", database) => database.unwrap_or_default(),
            (path, None) => number(path)?,
            (_, Some(_)) => return Err(UrlFault::Database),
        };
        Ok(Self {
            settings: settings(&url, database)?,
            address: Address::Tcp(host, url.port().unwrap_or(6379)),
            tls,
            namespace: options.namespace,
        })
    }

    #[cfg(unix)]
    fn unix(rest: &str) -> Result<Self, UrlFault> {
        // Without a host, or with none but a user and a password.
        let at = rest.find('/').ok_or(UrlFault::NoHost)?;
        let (user, path) = rest.split_at_checked(at).ok_or(UrlFault::Malformed)?;
        let url = match user {
            "" => read(&format!("localhost{path}"))?,
            user if user.ends_with('@') => read(&format!("{user}localhost{path}"))?,
            _ => return Err(UrlFault::Malformed),
        };
        let options = Options::of(&url)?;
        if options.roots.is_some() {
            return Err(UrlFault::NoTls);
        }
        Ok(Self {
            settings: settings(&url, options.database.unwrap_or_default())?,
            address: Address::Unix(PathBuf::from(decoded(url.path())?)),
            tls: None,
            namespace: options.namespace,
        })
    }
}

/// Reads what follows the scheme. The scheme is one of which the standard says nothing.
fn read(rest: &str) -> Result<Url, UrlFault> {
    // Most likely it is of a password, and not escaped.
    if rest.contains('#') {
        return Err(UrlFault::Malformed);
    }
    Url::parse(&format!("redis://{rest}")).map_err(|error| match error {
        url::ParseError::EmptyHost => UrlFault::NoHost,
        _ => UrlFault::Malformed,
    })
}

fn settings(url: &Url, database: i64) -> Result<RedisConnectionInfo, UrlFault> {
    let mut settings = RedisConnectionInfo::default()
        .set_protocol(ProtocolVersion::RESP3)
        .set_skip_set_lib_name()
        .set_db(database);
    if !url.username().is_empty() {
        settings = settings.set_username(decoded(url.username())?);
    }
    if let Some(password) = url.password() {
        settings = settings.set_password(decoded(password)?);
    } else if !url.username().is_empty() {
        // A user alone is nobody: the engine would go in as the default user.
        return Err(UrlFault::Malformed);
    }
    Ok(settings)
}

/// What stands behind the `?`.
struct Options {
    database: Option<i64>,
    roots: Option<Roots>,
    namespace: String,
    allows_plain: bool,
}

impl Options {
    fn of(url: &Url) -> Result<Self, UrlFault> {
        let mut options = Self {
            database: None,
            roots: None,
            namespace: "tower-auth".to_owned(),
            allows_plain: false,
        };
        let pairs = url.query().unwrap_or_default().split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or(UrlFault::Option)?;
            match (name, &*decoded(value)?) {
                ("db", value) => options.database = Some(number(value)?),
                ("cacert", "system") => options.roots = Some(Roots::System),
                ("cacert", value) => options.roots = Some(Roots::File(PathBuf::from(value))),
                ("namespace", value) if is_namespace(value) => options.namespace = value.to_owned(),
                ("namespace", _) => return Err(UrlFault::Namespace),
                ("insecure_plaintext", "true") => options.allows_plain = true,
                _ => return Err(UrlFault::Option),
            }
        }
        Ok(options)
    }
}

fn is_namespace(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

fn number(text: &str) -> Result<i64, UrlFault> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number.ok_or(UrlFault::Database)
}

fn decoded(text: &str) -> Result<String, UrlFault> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded
        .map(|text| text.into_owned())
        .map_err(|_| UrlFault::Malformed)
}

/// Whether a host cannot be another machine.
fn is_local(host: &str) -> bool {
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => {
                "the URL is no Redis server's: write rediss://USER:PASSWORD@HOST:PORT/DATABASE"
            }
            Self::Malformed => {
                "the URL is malformed: write rediss://USER:PASSWORD@HOST:PORT/DATABASE, or :PASSWORD without \
                 a user, and in both %40 for @, %3A for :, %2F for /, %3F for ?, %23 for #"
            }
            Self::NoHost => {
                "the URL names no host: write rediss://USER:PASSWORD@HOST:PORT/DATABASE, or \
                 redis+unix:///FOLDER/SOCKET"
            }
            Self::Database => "the URL's database is no number: write /0 behind the port, or ?db=0",
            Self::Option => {
                "the URL has an option that is not known: there are db, namespace, cacert and \
                 insecure_plaintext=true"
            }
            Self::Namespace => {
                "the URL's namespace is not 1 to 64 letters, digits, points, hyphens and underscores"
            }
            Self::NoTls => "the URL has a cacert and asks for no TLS: write rediss:// for redis://",
            Self::Plain => {
                "the URL asks for no TLS and the server is on another machine: write rediss://, or add \
                 insecure_plaintext=true where everybody on the network may read and change what is said"
            }
        })
    }
}

impl fmt::Debug for Target {
    /// Neither the user nor the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("address", &self.address)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}
