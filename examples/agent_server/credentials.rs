//! Who may call.

use std::{error::Error, path::Path, sync::Arc};

use axum::http::HeaderName;
use tower_auth::{
    Access, ConfigError, ConfigErrorKind, Secret,
    audit::AuditSink,
    config::{AuthConfig, ConfigFaults, ReloadHandle, ReloadLayer},
    keys::MadeKey,
    provider::{ApiKeyAuth, ApiKeyRecord, AuthProvider, CompositeAuth, JwtAuth, OAuth2Auth},
    webhook::{WebhookLayer, WebhookRoutes},
};

use crate::{
    key_store::{self, Managed},
    options::{Issuer, Options, Signed},
    permissions::{ADMIN, INVOKE},
    seen,
    telegram::{self, Bot},
    together::{self, Together},
};

/// Who is asked, and what may be printed about it.
pub(crate) struct Credentials {
    /// Lets callers of the agent in.
    pub(crate) callers: Callers,
    /// Lets the partner in, to its own webhook and nowhere else.
    pub(crate) partner: ApiKeyAuth,
    pub(crate) partner_key: String,
    /// Lets in what people on a list write to a bot, where the options name one.
    pub(crate) telegram: Option<WebhookLayer>,
    pub(crate) caller: Caller,
    /// The keys of a store, where the options name one.
    pub(crate) managed: Option<Managed>,
    /// The file of `--audit`.
    pub(crate) audit: Option<AuditSink>,
    /// What this server shares with others, where the options say so.
    pub(crate) together: Option<Together>,
    /// Whose keys to fetch before the first token comes.
    pub(crate) issuer: Option<OAuth2Auth>,
}

/// Who says who may call.
pub(crate) enum Callers {
    Chain(CompositeAuth),
    File(FromFile),
}

/// What a file comes to: who is asked, and around that which deliveries are proven.
pub(crate) struct FromFile {
    pub(crate) layer: ReloadLayer,
    pub(crate) webhooks: WebhookRoutes,
    pub(crate) handle: ReloadHandle,
}

impl FromFile {
    /// Whether the file makes the bot's route a webhook of Telegram's.
    pub(crate) fn has_bot(&self) -> bool {
        let its_start = format!("{} (telegram", telegram::PATH);
        let summary = self.handle.summary();
        summary
            .webhooks()
            .iter()
            .any(|hook| hook.starts_with(&its_start))
    }
}

/// With what a person can try this server.
pub(crate) enum Caller {
    /// Keys made for this run, so that they may be printed.
    Demo { key: String, admin_key: String },
    /// A key from the command line.
    Key,
    /// A key of a store; the first one may be printed, once.
    Stored { first_key: Option<Secret> },
    /// A token: only others can make one.
    Token,
    /// Nothing: everybody may call.
    Anything,
}

impl Credentials {
    /// Opens the key store that the options or the file name, unless the file is only to be judged.
    pub(crate) async fn new(options: &Options) -> Result<Self, Box<dyn Error>> {
        match &options.config {
            Some(file) => Self::from_file(file, options).await,
            None => Self::from_options(options).await,
        }
    }

    /// What a file says, and the partner's key beside it.
    async fn from_file(file: &Path, options: &Options) -> Result<Self, Box<dyn Error>> {
        let (partner, partner_key) = partner()?;
        let hook = partner.clone();
        let mut config = AuthConfig::from_file(file)
            .with_default_attempts(options.limits.attempts.clone())
            .with_default_end_streams(true)
            .with_layer(move |layer| {
                layer.try_access("/hooks/partner", Access::provider(hook.clone()))
            });
        // For a warning where others can read the docs pages; a name is looked up when it listens.
        if let Ok(address) = options.addr.parse() {
            config = config.with_address(address);
        }
        let setup = together::register(key_store::register(config))
            .build()
            .map_err(|faults| format!("{} is at fault:\n{faults}", file.display()))?;
        let summary = setup.summary();
        let managed = setup.managed_keys();
        let managed = managed.map(|keys| Managed::of_file(keys, summary));
        if !options.only_check {
            let opened = setup.open().await;
            opened.map_err(|faults| match &managed {
                Some(managed) if is_of_key_store(&faults) => format!(
                    "{faults}; a store that was never made is made, with its first key, by: {}",
                    managed.first_key_command()
                ),
                _ => faults.to_string(),
            })?;
        }
        let (layer, webhooks, handle) = setup.into_reload_layers();
        let summary = handle.summary();
        let takes_keys = |provider: &String| provider.starts_with("api_key");
        let caller = match summary.providers() {
            _ if summary.is_disabled() => Caller::Anything,
            _ if managed.is_some() => Caller::Stored { first_key: None },
            providers if providers.iter().any(takes_keys) => Caller::Key,
            _ => Caller::Token,
        };
        Ok(Self {
            callers: Callers::File(FromFile {
                layer,
                webhooks,
                handle,
            }),
            partner,
            partner_key,
            telegram: None,
            caller,
            managed,
            audit: None,
            together: None,
            issuer: None,
        })
    }

    async fn from_options(options: &Options) -> Result<Self, Box<dyn Error>> {
        let audit = options.audit.as_deref().map(seen::open).transpose()?;
        let managed = match &options.key_store {
            Some(url) => Some(Managed::open(url, audit.as_ref()).await?),
            None => None,
        };
        let together = match &options.shared {
            Some(url) => Some(Together::open(url).await?),
            None => None,
        };
        let mut members: Vec<Arc<dyn AuthProvider>> = vec![];
        let mut caller = Caller::Token;
        if !options.keys.is_empty() {
            members.push(Arc::new(api_keys(&options.keys)?));
            caller = Caller::Key;
        }
        if let Some(managed) = &managed {
            members.push(Arc::new(managed.keys.clone()));
            caller = Caller::Stored { first_key: None };
        }
        if let Some(signed) = &options.signed {
            members.push(Arc::new(tokens(signed)?));
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
        let (partner, partner_key) = partner()?;
        let telegram = options.telegram.as_ref().map(Bot::layer).transpose()?;
        Ok(Self {
            callers: Callers::Chain(CompositeAuth::from_providers(members)?),
            partner,
            partner_key,
            telegram,
            caller,
            managed,
            audit,
            together,
            issuer,
        })
    }
}

impl Credentials {
    /// Makes the first administrator's key of a store that nobody can administer, for the one line that
    /// shows it.
    pub(crate) async fn make_first_key(&mut self) -> Result<Option<MadeKey>, Box<dyn Error>> {
        let Some(managed) = &self.managed else {
            return Ok(None);
        };
        let made = managed.first_key().await;
        let made = made.map_err(|error| format!("--key-store {}: {error}", managed.url))?;
        if let (Caller::Stored { first_key }, Some(made)) = (&mut self.caller, &made) {
            *first_key = made.secret().cloned();
        }
        Ok(made)
    }

    /// Takes a first key back that could not be shown.
    pub(crate) async fn take_back(&self, key: &MadeKey) -> Box<dyn Error> {
        let taken = match &self.managed {
            Some(managed) => managed.take_back(key).await,
            None => Ok(()),
        };
        match taken {
            Ok(()) => "nobody reads standard output, so the first key was taken back: start again \
                       where it can be read"
                .into(),
            Err(error) => format!(
                "nobody reads standard output, and the first key could not be taken back: revoke {} \
                 with `tower-auth keys revoke`, then `tower-auth keys create --first-admin` makes \
                 another one ({error})",
                key.key().record().id()
            )
            .into(),
        }
    }
}

fn is_of_key_store(faults: &ConfigFaults) -> bool {
    let mut faults = faults.faults().iter();
    faults.any(|fault| fault.path().starts_with("auth.key_store"))
}

/// A key made for this run, and who accepts it.
fn partner() -> Result<(ApiKeyAuth, String), Box<dyn Error>> {
    let key = random_key("partner")?;
    // A key named "partner" in a file would be another caller.
    let partner = ApiKeyAuth::new([ApiKeyRecord::new("partner", &key)?])?
        .with_header(PARTNER_KEY)
        .with_source("partners")?;
    Ok((partner, key))
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
    ApiKeyAuth::new(keys.iter().cloned()).map_err(|error| match error.kind() {
        ConfigErrorKind::Blank => "--key is blank: write --key KEY".into(),
        ConfigErrorKind::Duplicate => {
            "--key gives one key twice: give it once, and every caller another".into()
        }
        _ => format!("--key: {error}"),
    })
}

fn tokens(signed: &Signed) -> Result<JwtAuth, String> {
    // What the error says is for programs: it names a function that accepts short secrets.
    let worded = |error: ConfigError| match error.kind() {
        ConfigErrorKind::WeakKey => "--jwt-secret is shorter than the 32 bytes that HS256 needs: \
             make one with `openssl rand -hex 32`, and let whoever signs the tokens have it"
            .into(),
        ConfigErrorKind::WrongKey => "--jwt-secret is a key file's text, and no secret: tokens \
             under a public key can be accepted with --config FILE; examples/config/jwt_keys.yaml \
             shows how"
            .into(),
        _ => format!("--jwt-secret: {error}"),
    };
    let tokens = JwtAuth::hs256(signed.secret.expose()).map_err(worded)?;
    Ok(tokens.with_audience(&signed.audience))
}

/// The keys are fetched later: the issuer may be away while this server starts.
fn access_tokens(issuer: &Issuer) -> Result<OAuth2Auth, &'static str> {
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

/// For whom tokens signed with the secret must be made, unless the command line says otherwise: one
/// for another service is refused here.
pub(crate) const AUDIENCE: &str = "agent-server";
/// A header of its own, so that the partner's key and a caller's are never mixed up.
pub(crate) const PARTNER_KEY: HeaderName = HeaderName::from_static("x-partner-key");
