//! `revoke`.

use std::{
    fmt::{self, Display},
    sync::Arc,
    time::SystemTime,
};

use serde::Serialize;
use tower_auth::{
    Principal,
    keys::{KeyAdminError, KeyId, ManagedKey, ManagedKeys, Revocation},
    revocations::{RevocationStore, Revocations, Revoked},
};

use crate::{
    administration::{self, Administration, Missing, PAGE},
    arguments::RevokeTokens,
    engines,
    fault::{Fault, of_change, with_causes},
    interrupt::unless_interrupted,
    output,
    plain::Plain,
    view,
};

/// What was revoked, as a document.
#[derive(Debug, Serialize)]
struct RevokedView<'a> {
    issuer: Option<&'a str>,
    method: Option<&'a str>,
    jti: Option<&'a str>,
    user: Option<&'a str>,
    tenant: Option<&'a str>,
    before: Option<String>,
    until: String,
    /// The managed keys that ended.
    keys: &'a [NamedKey],
    /// The keys of the same user id that did not end.
    left: &'a [NamedKey],
}

/// A managed key, as this command tells of it.
#[derive(Debug, Serialize)]
struct NamedKey {
    id: KeyId,
    name: String,
    owner: String,
}

/// What the command did.
struct Done {
    revoked: Revoked,
    keys: Vec<NamedKey>,
    left: Vec<NamedKey>,
}

pub(super) async fn run(revoke: &RevokeTokens) -> Result<(), Fault> {
    if revoke
        .expires_at
        .is_some_and(|at| at < SystemTime::now().into())
    {
        return Err(Fault::usage(
            "--expires-at has passed, so the token is refused already: write its claim `exp`",
        ));
    }
    let work = async {
        let url = revoke.store.as_deref().unwrap_or_default();
        match engines::open_revocations(url).await {
            Some(store) => on_server(revoke, store?).await,
            None => in_key_store(revoke).await.map(Some),
        }
    };
    let done = unless_interrupted("the revocation", work).await?;
    match done {
        None => output::line(&"there is a list of revocations now: its servers let callers in"),
        Some(done) if revoke.json => output::json(&view(revoke, &done)),
        Some(done) => say(revoke, &done),
    }
}

/// Revokes on a server that keeps no keys; `None` where a list was begun.
async fn on_server(
    revoke: &RevokeTokens,
    store: Arc<dyn RevocationStore>,
) -> Result<Option<Done>, Fault> {
    let operator = administration::operator(revoke.operator.as_deref())?;
    let revocations = Revocations::of(store).with_max_token_lifetime(revoke.keep);
    if revoke.begin {
        let begun = revocations.begin().await;
        begun.map_err(|error| Fault::failed(with_causes(&error)))?;
        return Ok(None);
    }
    let admin = revocations.as_operator(operator);
    let revoked = admin.revoke(revocation(revoke)).await.map_err(of_try)?;
    Ok(Some(Done {
        revoked,
        keys: Vec::new(),
        left: Vec::new(),
    }))
}

/// An error of a server that keeps no audit records. To revoke again does no harm.
fn of_try(error: KeyAdminError) -> Fault {
    let is_unknown = matches!(error, KeyAdminError::Unavailable(_));
    match (Fault::from(error), is_unknown) {
        (fault, true) => fault.and("revoke again"),
        (fault, false) => fault,
    }
}

async fn in_key_store(revoke: &RevokeTokens) -> Result<Done, Fault> {
    if revoke.begin {
        return Err(Fault::usage(
            "--begin is for a Redis or Valkey server: a key store always has a list",
        ));
    }
    let (store, operator) = (revoke.store.as_deref(), revoke.operator.as_deref());
    let administration = Administration::open_at(store, operator, Missing::Fails).await?;
    let revocations = Revocations::of_keys(&keys(revoke, &administration)?);
    let admin = revocations
        .with_max_token_lifetime(revoke.keep)
        .as_operator(administration.operator());
    let revoked = admin.revoke(revocation(revoke)).await.map_err(of_change)?;
    let (keys, left) = match &revoke.user {
        Some(user) => keys_of(user, &revoked, &administration).await?,
        None => (Vec::new(), Vec::new()),
    };
    Ok(Done {
        revoked,
        keys,
        left,
    })
}

fn keys(revoke: &RevokeTokens, administration: &Administration) -> Result<ManagedKeys, Fault> {
    let keys = administration.keys()?;
    match (&revoke.user, revoke.method.as_deref(), &revoke.issuer) {
        // The store's own users: what stands in the place of their issuer is the store's label.
        (Some(_), Some("api_key"), Some(label)) => keys
            .with_source(label)
            .map_err(|error| Fault::usage(format!("--issuer: {error}"))),
        _ => Ok(keys),
    }
}

fn revocation(revoke: &RevokeTokens) -> Revocation {
    let (issuer, method) = (revoke.issuer.as_deref(), revoke.method.as_deref());
    let Some(user) = revoke.user.as_deref() else {
        let jti = revoke.jti.as_deref().unwrap_or_default();
        let mut token = Revocation::token(issuer.unwrap_or_default(), jti);
        if let Some(method) = method {
            token = token.of_method(method);
        }
        if let Some(exp) = revoke.expires_at {
            token = token.until(exp);
        }
        return token.because(&revoke.reason);
    };
    let mut revocation = match method {
        Some(method) => Revocation::principal(Principal::new(method, issuer, user)),
        None => Revocation::user(issuer.unwrap_or_default(), user),
    };
    if let Some(tenant) = &revoke.tenant {
        revocation = revocation.in_tenant(Some(tenant));
    }
    if let Some(before) = revoke.before {
        revocation = revocation.before(before);
    }
    revocation.because(&revoke.reason)
}

/// The keys that ended, and the live ones with that user id that did not.
async fn keys_of(
    user: &str,
    revoked: &Revoked,
    administration: &Administration,
) -> Result<(Vec<NamedKey>, Vec<NamedKey>), Fault> {
    let (admin, now) = (administration.admin()?, administration.now().await?);
    let (mut ended, mut left) = (Vec::new(), Vec::new());
    let mut after = None;
    loop {
        let page = admin.list(after, PAGE).await?;
        for key in &page.items {
            let record = key.record();
            let user_id = record.owner().map_or(record.id().as_str(), view::owner);
            if revoked.keys().contains(record.id()) {
                ended.push(NamedKey::of(key));
            } else if user_id == user && record.is_live(now) {
                left.push(NamedKey::of(key));
            }
        }
        after = page.items.last().map(|key| key.record().id().clone());
        if !page.has_more || after.is_none() {
            return Ok((ended, left));
        }
    }
}

impl NamedKey {
    fn of(key: &ManagedKey) -> Self {
        let record = key.record();
        Self {
            id: record.id().clone(),
            name: record.name().to_owned(),
            owner: match record.owner() {
                Some(owner) => view::long_owner(owner),
                None => record.id().to_string(),
            },
        }
    }
}

impl Display for NamedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, owner } = self;
        write!(f, "{id}, {}, of {}", Plain(name), Plain(owner))
    }
}

fn view<'a>(revoke: &'a RevokeTokens, done: &'a Done) -> RevokedView<'a> {
    RevokedView {
        issuer: revoke.issuer.as_deref(),
        method: revoke.method.as_deref(),
        jti: revoke.jti.as_deref(),
        user: revoke.user.as_deref(),
        tenant: revoke.tenant.as_deref(),
        before: done.revoked.before().map(|at| at.to_string()),
        until: done.revoked.until().to_string(),
        keys: &done.keys,
        left: &done.left,
    }
}

fn say(revoke: &RevokeTokens, done: &Done) -> Result<(), Fault> {
    let of = match &revoke.issuer {
        Some(issuer) => format!(" of {}", Plain(issuer)),
        None => {
            " of the providers that have no issuer and no source (--issuer names others)".to_owned()
        }
    };
    let by = match &revoke.method {
        Some(method) => format!("where the method is {}", Plain(method)),
        None => "whatever provider accepts it".to_owned(),
    };
    if let Some(method) = &revoke.method
        && !METHODS.contains(&&**method)
    {
        output::note(&format!(
            "no provider of tower-auth has the method {}: this is right only for a provider of your own. \
             Those of tower-auth are {}",
            Plain(method),
            METHODS.join(", "),
        ));
    }
    let (Some(before), Some(user)) = (done.revoked.before(), &revoke.user) else {
        let until = done.revoked.until();
        return output::line(&format!(
            "revoked the token{of}, {by}, until {until}: every server that asks this store's revocations \
             refuses it within a second"
        ));
    };
    output::line(&format!(
        "revoked everything of the user {}{of} that was issued until {before}, {by}, and {} managed \
         key{}: every server that asks this store's revocations refuses it within a second",
        Plain(user),
        done.keys.len(),
        if done.keys.len() == 1 { "" } else { "s" },
    ))?;
    for key in &done.keys {
        output::line(&format!("revoked the key {key}"))?;
    }
    for key in &done.left {
        output::note(&format!(
            "the key {key} has this user id too and was not revoked: `tower-auth keys revoke {}` ends it",
            key.id
        ));
    }
    Ok(())
}

/// The methods of the providers that accept tokens and keys.
const METHODS: [&str; 6] = [
    "api_key",
    "introspection",
    "introspection_client",
    "jwt",
    "oauth2",
    "userinfo",
];
