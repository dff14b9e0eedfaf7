//! Who asks for what, and what each is granted.

use std::{collections::BTreeSet, sync::Arc};

use axum::{Extension, Router, body::Body, extract::Request, routing::any};
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthRequest, Message,
    authorize::AuthorizeLayer,
    config::AuthSetup,
    jose::Algorithm,
    provider::AuthProvider,
    testing::{IssuerEndpoint, ManualClock, TestIssuer},
};

use super::{
    super::files::NOW,
    credentials::{Credential, NOBODY, credentials},
    deliveries::{deliveries, messages},
    random::Random,
};

pub struct KnownKey {
    pub name: &'static str,
    pub text: &'static str,
}

impl KnownKey {
    pub fn sha256(&self) -> String {
        let digest = Sha256::digest(self.text.as_bytes());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The keys that documents may hold, each by a name of its own; what they are is in the document.
pub const KEYS: &[KnownKey] = &[
    KnownKey {
        name: "plain",
        text: "sk-plain-0123456789",
    },
    KnownKey {
        name: "second",
        text: "sk-second-0123456789",
    },
    KnownKey {
        name: "third",
        text: "sk-third-0123456789",
    },
    KnownKey {
        name: "expired",
        text: "sk-expired-0123456789",
    },
    KnownKey {
        name: "revoked",
        text: "sk-revoked-0123456789",
    },
    KnownKey {
        name: "both",
        text: "sk-both-0123456789",
    },
];
pub const STRANGER: &str = "sk-stranger-0123456789";
/// The first is that of the documents; the second one stands beside it in a few.
pub const SECRETS: [&str; 3] = [
    "0123456789abcdef0123456789abcdef",
    "another-secret-of-thirty-two-bytes",
    "a-secret-that-no-document-ever-had",
];

/// What a credential is made of, as far as a member of a document judges it.
#[derive(Clone, Debug)]
pub enum Part {
    Key(&'static str),
    Stranger,
    Token(Token),
    Session,
    /// A key of the store.
    Managed,
    Telegram {
        large: bool,
    },
    Hmac {
        large: bool,
    },
    Message,
}

#[derive(Clone, Debug)]
pub struct Token {
    /// Whether an issuer's endpoint publishes the key; else it is one of the shared secrets.
    pub is_issuers: bool,
    pub has_right_audience: bool,
    pub has_right_issuer: bool,
    pub algorithm: &'static str,
    pub kid: Option<&'static str>,
    pub signed_by_first: bool,
    pub expiry: Expiry,
    pub is_at_jwt: bool,
    pub odd: Odd,
}

/// How a token differs from the usual one in its claims or header.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Odd {
    Nothing,
    /// It names its client for an audience, and what it is used for.
    Client,
    /// Its header has a `typ` of its own.
    Typ,
    /// It is bound to a key.
    Bound,
    /// It names an email that nobody verified.
    Email,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expiry {
    Ahead,
    /// By less than a clock may be behind.
    JustPast,
    LongPast,
    Missing,
}

#[derive(Clone, Debug)]
pub struct Ask {
    pub parts: Vec<Part>,
    /// What the credential is called: one credential asks for several paths.
    pub who: String,
    pub method: &'static str,
    pub path: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub message: Option<Message>,
    /// The credentials that are shown at once, each as it is called alone.
    pub alone: Vec<String>,
    /// Whether the very same was asked just before.
    pub is_copy: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Granted {
    Nothing,
    /// The handler ran, and nobody was asked who calls.
    Open,
    /// The handler ran for a caller with those scopes.
    As(BTreeSet<String>),
}

impl Granted {
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Nothing) => true,
            (Self::Nothing, _) => false,
            (_, Self::Open) => true,
            (Self::Open, Self::As(scopes)) => scopes.is_empty(),
            (Self::As(mine), Self::As(theirs)) => mine.contains("*") || theirs.is_subset(mine),
        }
    }
}

/// Everything outside of the documents, and every credential that there is.
pub struct World {
    pub issuer: TestIssuer,
    credentials: Vec<Credential>,
}

/// Any caller may ask for it, and no document makes it public.
pub const ANY: &str = "/any";
const PATHS: [(&str, &str); 8] = [
    ("POST", "/run"),
    ("GET", "/run"),
    ("POST", "/a/b"),
    ("POST", "/hooks/public"),
    ("POST", "/hooks/telegram"),
    ("POST", "/hooks/acme"),
    ("GET", "/docs"),
    ("GET", "/any/other"),
];

impl World {
    pub fn new() -> Self {
        let clock = ManualClock::at_unix(NOW).clock();
        let issuer = TestIssuer::builder()
            .with_algorithms([Algorithm::ES256, Algorithm::ES384])
            .with_clock(clock)
            .start();
        let credentials = credentials(&issuer);
        Self {
            issuer,
            credentials,
        }
    }

    pub fn audience(&self) -> &'static str {
        TestIssuer::AUDIENCE
    }

    pub fn jwks_uri(&self) -> String {
        self.issuer.endpoint(IssuerEndpoint::Jwks)
    }

    /// Every credential at the path where only who calls counts, a few of them elsewhere, each
    /// delivery at its own path, and messages.
    pub fn asks(&self, random: &mut Random) -> Vec<Ask> {
        let mut all = Vec::new();
        let mut chosen: Vec<&Credential> = Vec::new();
        for credential in &self.credentials {
            if credential.who != NOBODY && !random.chance(45) {
                continue;
            }
            chosen.push(credential);
            let is_part = |other: &&Credential| credential.alone.contains(&other.who);
            chosen.extend(self.credentials.iter().filter(is_part));
        }
        for credential in chosen {
            let ask = |method, path| Ask {
                parts: credential.parts.clone(),
                who: credential.who.clone(),
                alone: credential.alone.clone(),
                method,
                path,
                headers: credential.headers.clone(),
                body: String::new(),
                message: None,
                is_copy: false,
            };
            all.push(ask("POST", ANY));
            for (method, path) in PATHS {
                // Nobody, and who is sampled.
                if credential.who == NOBODY || random.chance(12) {
                    all.push(ask(method, path));
                }
            }
        }
        let deliveries = deliveries().into_iter();
        all.extend(deliveries.filter(|ask| ask.is_copy || random.chance(35)));
        all.extend(messages());
        all
    }
}

/// What a configuration grants to each of them.
pub struct Asked {
    app: Router,
    provider: Option<Arc<dyn AuthProvider>>,
}

impl Asked {
    pub fn new(setup: AuthSetup) -> Self {
        let handler = any(
            async |caller: Option<Extension<AuthContext>>| match caller {
                Some(caller) => format!("ran {}", caller.scopes()),
                None => "ran".to_owned(),
            },
        );
        let mut app = Router::new();
        for path in [ANY, "/a/b", "/hooks/{source}", "/docs", "/any/other"] {
            app = app.route(path, handler.clone());
        }
        let run = match setup.authorizer() {
            Some(authorizer) => {
                handler.layer(AuthorizeLayer::new(authorizer, "graph", "invoke").unwrap())
            }
            None => handler,
        };
        app = app.route("/run", run);
        let provider = setup.provider();
        let (auth, webhooks) = setup.into_layers();
        let app = app.layer(auth).layer(webhooks);
        Self { app, provider }
    }

    pub async fn grants(&self, ask: &Ask) -> Granted {
        if let Some(message) = &ask.message {
            // Where nobody is asked, a message is nobody's either.
            let Some(provider) = &self.provider else {
                return scopes("*");
            };
            return match provider.authenticate(&AuthRequest::message(message)).await {
                Ok(Some(caller)) => scopes(&caller.scopes().to_string()),
                _ => Granted::Nothing,
            };
        }
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(ask.body.clone())).unwrap();
        let answer = self.app.clone().oneshot(request).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 9_999)
            .await
            .unwrap();
        match std::str::from_utf8(&body).unwrap().strip_prefix("ran") {
            None => Granted::Nothing,
            Some("") => Granted::Open,
            Some(words) => scopes(words),
        }
    }
}

fn scopes(words: &str) -> Granted {
    Granted::As(words.split_whitespace().map(str::to_owned).collect())
}
