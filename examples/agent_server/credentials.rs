//! Who may call.

use std::error::Error;

use axum::http::HeaderName;
use tower_auth::{
    Secret,
    provider::{ApiKeyAuth, ApiKeyRecord, CompositeAuth, JwtAuth},
};

use crate::options::Options;

/// The providers, and what may be printed about them.
pub(crate) struct Credentials {
    /// Lets callers of the agent in.
    pub(crate) chain: CompositeAuth,
    /// Lets the partner in, to its own webhook and nowhere else.
    pub(crate) partner: ApiKeyAuth,
    pub(crate) partner_key: String,
    pub(crate) caller: Caller,
}

/// With what a person can try this server.
pub(crate) enum Caller {
    /// A key made for this run, so that it may be printed.
    Demo(String),
    /// A key from the command line.
    Key,
    /// A token signed with the secret from the command line.
    Token,
}

impl Credentials {
    pub(crate) fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        let keys = &options.keys;
        let (chain, caller) = match (keys.is_empty(), &options.jwt_secret) {
            (true, None) => {
                let key = random_key("demo")?;
                let demo = ApiKeyAuth::new([ApiKeyRecord::new("demo", &key)?])?;
                (CompositeAuth::new(demo), Caller::Demo(key))
            }
            (true, Some(secret)) => (CompositeAuth::new(tokens(secret)?), Caller::Token),
            (false, None) => (CompositeAuth::new(api_keys(keys)?), Caller::Key),
            (false, Some(secret)) => {
                let chain = CompositeAuth::new(api_keys(keys)?).or(tokens(secret)?);
                (chain, Caller::Key)
            }
        };
        let partner_key = random_key("partner")?;
        Ok(Self {
            chain,
            partner: ApiKeyAuth::new([ApiKeyRecord::new("partner", &partner_key)?])?
                .with_header(PARTNER_KEY),
            partner_key,
            caller,
        })
    }
}

/// The server keeps only hashes of these.
fn api_keys(keys: &[Secret]) -> Result<ApiKeyAuth, String> {
    ApiKeyAuth::new(keys.iter().cloned()).map_err(|error| format!("--key: {error}"))
}

fn tokens(secret: &str) -> Result<JwtAuth, String> {
    let tokens = JwtAuth::hs256(secret).map_err(|error| format!("--jwt-secret: {error}"))?;
    Ok(tokens.with_audience(AUDIENCE))
}

/// 192 bits, so that nobody guesses it and a plain SHA-256 keeps it.
fn random_key(name: &str) -> Result<String, getrandom::Error> {
    let mut random = [0; 24];
    getrandom::fill(&mut random)?;
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{name}-{hex}"))
}

/// For whom tokens must be made: one for another service is refused here.
pub(crate) const AUDIENCE: &str = "agent-server";
/// A header of its own, so that the partner's key and a caller's are never mixed up.
pub(crate) const PARTNER_KEY: HeaderName = HeaderName::from_static("x-partner-key");
