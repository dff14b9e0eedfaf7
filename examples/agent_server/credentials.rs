//! Who may call.

use std::{error::Error, sync::Arc};

use axum::http::HeaderName;
use tower_auth::{
    Secret,
    provider::{ApiKeyAuth, ApiKeyRecord, AuthProvider, CompositeAuth, JwtAuth, OAuth2Auth},
};

use crate::{
    options::{Issuer, Options},
    permissions::{ADMIN, INVOKE},
};

/// The providers, and what may be printed about them.
pub(crate) struct Credentials {
    /// Lets callers of the agent in.
    pub(crate) chain: CompositeAuth,
    /// Lets the partner in, to its own webhook and nowhere else.
    pub(crate) partner: ApiKeyAuth,
    pub(crate) partner_key: String,
    pub(crate) caller: Caller,
    /// Whose keys to fetch before the first token comes.
    pub(crate) issuer: Option<OAuth2Auth>,
}

/// With what a person can try this server.
pub(crate) enum Caller {
    /// Keys made for this run, so that they may be printed.
    Demo { key: String, admin_key: String },
    /// A key from the command line.
    Key,
    /// A token: only others can make one.
    Token,
}

impl Credentials {
    pub(crate) fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        let mut members: Vec<Arc<dyn AuthProvider>> = vec![];
        let mut caller = Caller::Token;
        if !options.keys.is_empty() {
            members.push(Arc::new(api_keys(&options.keys)?));
            caller = Caller::Key;
        }
        if let Some(secret) = &options.jwt_secret {
            members.push(Arc::new(tokens(secret)?));
        }
        let issuer = options.issuer.as_ref().map(access_tokens).transpose()?;
        if let Some(tokens) = issuer.clone() {
            members.push(Arc::new(tokens));
        }
        if members.is_empty() {
            let (key, admin_key) = (random_key("demo")?, random_key("admin")?);
            members.push(Arc::new(demo_keys(&key, &admin_key)?));
            caller = Caller::Demo { key, admin_key };
        }
        let partner_key = random_key("partner")?;
        Ok(Self {
            chain: CompositeAuth::from_providers(members)?,
            partner: ApiKeyAuth::new([ApiKeyRecord::new("partner", &partner_key)?])?
                .with_header(PARTNER_KEY),
            partner_key,
            caller,
            issuer,
        })
    }
}

/// Each key may do one thing, so that the other can be seen refused.
fn demo_keys(key: &str, admin_key: &str) -> Result<ApiKeyAuth, Box<dyn Error>> {
    let demo = ApiKeyRecord::new("demo", key)?.with_scopes([INVOKE]);
    let admin = ApiKeyRecord::new("admin", admin_key)?
        .with_scopes([""; 0])
        .with_metadata("roles", ADMIN);
    Ok(ApiKeyAuth::new([demo, admin])?)
}

/// The server keeps only hashes of these.
fn api_keys(keys: &[Secret]) -> Result<ApiKeyAuth, String> {
    ApiKeyAuth::new(keys.iter().cloned()).map_err(|error| format!("--key: {error}"))
}

fn tokens(secret: &str) -> Result<JwtAuth, String> {
    let tokens = JwtAuth::hs256(secret).map_err(|error| format!("--jwt-secret: {error}"))?;
    Ok(tokens.with_audience(AUDIENCE))
}

/// The keys are fetched later: the issuer may be away while this server starts.
fn access_tokens(issuer: &Issuer) -> Result<OAuth2Auth, &'static str> {
    if issuer.audience.trim().is_empty() {
        return Err("--audience is blank");
    }
    // What the error says besides would show the value.
    OAuth2Auth::new(&issuer.url, &issuer.audience).map_err(|_| {
        "--issuer is no address that can be asked: write https://HOST/PATH, without a user name, \
         query or fragment; plain http is accepted on a loopback address only"
    })
}

/// 192 bits, so that nobody guesses it and a plain SHA-256 keeps it.
fn random_key(name: &str) -> Result<String, getrandom::Error> {
    let mut random = [0; 24];
    getrandom::fill(&mut random)?;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{name}-{hex}"))
}

/// For whom tokens signed with the secret must be made: one for another service is refused here.
pub(crate) const AUDIENCE: &str = "agent-server";
/// A header of its own, so that the partner's key and a caller's are never mixed up.
pub(crate) const PARTNER_KEY: HeaderName = HeaderName::from_static("x-partner-key");
