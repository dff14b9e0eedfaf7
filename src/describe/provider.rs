//! A provider and its places, as data.

use std::fmt;

use crate::{
    caught::caught,
    provider::{AuthProvider, PrincipalSource},
    request::{CredentialSource, Place},
};

/// One provider of a layer: its name, whose callers it knows, where it reads its credential.
///
/// # Example
///
/// ```
/// use http::HeaderName;
/// use tower_auth::{
///     AuthError, AuthLayer, CredentialSource,
///     describe::PlaceDescription,
///     provider::{ApiKeyAuth, AuthProvider},
/// };
///
/// let code = CredentialSource::header(HeaderName::from_static("x-totp"));
/// let keys = ApiKeyAuth::new(["sk-live-9f"])?
///     .with_source("partners")?
///     .and_then(async |context, request| match request.header("x-totp") {
///         Some("123456") => Ok(context),
///         _ => Err(AuthError::invalid_credential("second_factor")),
///     })
///     .with_credentials([code]);
/// let description = AuthLayer::new(keys).describe();
///
/// let [keys] = description.providers() else { panic!("one provider") };
/// assert_eq!((keys.name(), keys.sources()), ("api_key", &["partners".to_owned()][..]));
/// assert_eq!(keys.schemes(), ["Bearer"]);
/// assert!(keys.names_places());
/// let code = PlaceDescription::Header { name: HeaderName::from_static("x-totp") };
/// assert_eq!(keys.second_factors(), [code]);
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderDescription {
    name: String,
    sources: Vec<String>,
    places: Vec<PlaceDescription>,
    second_factors: Vec<PlaceDescription>,
    schemes: Vec<String>,
    names_places: bool,
}

impl ProviderDescription {
    /// The providers behind one that may be a chain.
    pub(super) fn all(provider: &dyn AuthProvider) -> Vec<Self> {
        match caught(|| provider.members()).unwrap_or_default() {
            members if members.is_empty() => vec![Self::of(provider)],
            members => members
                .iter()
                .flat_map(|member| Self::all(&**member))
                .collect(),
        }
    }

    /// One that panics here answers 503 to each of its requests.
    pub(super) fn of(provider: &dyn AuthProvider) -> Self {
        let sets = caught(|| provider.credential_sets()).unwrap_or_default();
        let principals = caught(|| provider.principal_sources()).unwrap_or_default();
        let mut described = Self {
            name: caught(|| provider.name()).unwrap_or_default().to_owned(),
            sources: Vec::new(),
            places: Vec::new(),
            second_factors: Vec::new(),
            schemes: Vec::new(),
            names_places: sets.iter().all(|set| !set.is_empty()),
        };
        for source in principals.iter().filter_map(PrincipalSource::without_claim) {
            add(&mut described.sources, source.to_owned());
        }
        for source in sets.iter().flatten() {
            let place = PlaceDescription::of(source);
            match source.is_second_factor() {
                true => add(&mut described.second_factors, place),
                false => {
                    add(&mut described.places, place);
                    add(&mut described.schemes, source.scheme().to_owned());
                }
            }
        }
        described
    }

    /// The name that the log shows, such as `api_key`, `jwt`, `oauth2`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The issuers, platforms or labels whose callers it knows; empty where it has none.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// The places where it reads its credential: a caller fills one of them.
    ///
    /// Empty where it reads no credential of the request, such as for a message of a chat platform, and
    /// where it names no place: see [`names_places`](Self::names_places).
    pub fn places(&self) -> &[PlaceDescription] {
        &self.places
    }

    /// The places that a further check reads, which runs after the provider has accepted.
    pub fn second_factors(&self) -> &[PlaceDescription] {
        &self.second_factors
    }

    /// The schemes that challenges name for it (RFC 9110 §11.6.1), each once.
    pub fn schemes(&self) -> &[String] {
        &self.schemes
    }

    /// Whether it says where it looks. One that does not may read anything in a request.
    pub fn names_places(&self) -> bool {
        self.names_places
    }
}

/// A place where a credential may stand.
///
/// # Example
///
/// ```
/// use http::HeaderName;
/// use tower_auth::describe::PlaceDescription;
///
/// let key = PlaceDescription::Header { name: HeaderName::from_static("x-api-key") };
/// assert_eq!(key.to_string(), "X-API-Key");
/// assert_eq!(PlaceDescription::Cookie { name: "session".into() }.to_string(), "cookie session");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlaceDescription {
    /// `Authorization`, behind a scheme such as `Bearer`.
    Authorization {
        /// The scheme, which is compared without case.
        scheme: String,
    },
    /// A header that holds nothing but the credential.
    Header {
        /// The name of the header.
        name: http::HeaderName,
    },
    /// A cookie.
    Cookie {
        /// The name of the cookie.
        name: String,
    },
    /// A parameter of the query.
    Query {
        /// The name of the parameter, not percent-encoded.
        name: String,
    },
    /// `Sec-WebSocket-Protocol: bearer, <token>`.
    WebSocketProtocol,
}

impl PlaceDescription {
    fn of(source: &CredentialSource) -> Self {
        match source.place() {
            Place::Authorization(scheme) => Self::Authorization {
                scheme: scheme.to_string(),
            },
            Place::Header(name) => Self::Header { name: name.clone() },
            Place::Cookie(name) => Self::Cookie {
                name: name.to_string(),
            },
            Place::Query(name) => Self::Query {
                name: name.to_string(),
            },
            Place::WebSocketProtocol => Self::WebSocketProtocol,
        }
    }
}

impl fmt::Display for PlaceDescription {
    /// Writes the place as people write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authorization { scheme } => write!(f, "Authorization: {scheme}"),
            Self::Header { name } => f.write_str(&with_capitals(name.as_str())),
            Self::Cookie { name } => write!(f, "cookie {name}"),
            Self::Query { name } => write!(f, "query parameter {name}"),
            Self::WebSocketProtocol => f.write_str("Sec-WebSocket-Protocol: bearer"),
        }
    }
}

/// The name of a header as people write it.
fn with_capitals(name: &str) -> String {
    if name == "x-api-key" {
        return "X-API-Key".into();
    }
    let words = name.split('-').map(|word| {
        let mut chars = word.chars();
        let first = chars.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(chars).collect::<String>()
    });
    words.collect::<Vec<_>>().join("-")
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}
