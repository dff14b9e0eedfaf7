//! `revoke`.

use serde::Serialize;
use tower_auth::{
    Principal,
    keys::Revocation,
    revocations::{Revocations, Revoked},
};

use crate::{
    administration::{Administration, Missing},
    arguments::RevokeTokens,
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output,
};

/// What was revoked, as a document.
#[derive(Debug, Serialize)]
struct RevokedView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<&'a str>,
    before: Option<String>,
    until: String,
    keys: usize,
}

pub(super) async fn run(revoke: &RevokeTokens) -> Result<(), Fault> {
    let what = revocations(revoke);
    let work = async {
        let (store, operator) = (revoke.store.as_deref(), revoke.operator.as_deref());
        let administration = Administration::open_at(store, operator, Missing::Fails).await?;
        let revocations = Revocations::of_keys(&administration.keys()?);
        let admin = revocations
            .with_max_token_lifetime(revoke.keep)
            .as_operator(administration.operator());
        let mut done = Vec::with_capacity(what.len());
        for (method, revocation) in what {
            let revoked = admin.revoke(revocation).await.map_err(of_change)?;
            done.push((method, revoked));
        }
        Ok(done)
    };
    let done = unless_interrupted("the revocation", work).await?;
    if revoke.json {
        let views: Vec<_> = done
            .iter()
            .map(|(method, revoked)| view(*method, revoked))
            .collect();
        return output::json(&views);
    }
    output::line(&said(&done))
}

/// The revocations, each with the method of its principal.
fn revocations(revoke: &RevokeTokens) -> Vec<(Option<&str>, Revocation)> {
    let issuer = revoke.issuer.as_deref();
    let reason = |revocation: Revocation| revocation.because(&revoke.reason);
    let Some(user) = revoke.user.as_deref() else {
        let jti = revoke.jti.as_deref().unwrap_or_default();
        let token = reason(Revocation::token(issuer.unwrap_or_default(), jti));
        let token = match revoke.expires_at {
            Some(exp) => token.until(exp),
            None => token,
        };
        return vec![(None, token)];
    };
    let of_method = |method| {
        let mut revocation = reason(Revocation::principal(Principal::new(method, issuer, user)));
        if let Some(tenant) = &revoke.tenant {
            revocation = revocation.in_tenant(Some(tenant));
        }
        if let Some(before) = revoke.before {
            revocation = revocation.before(before);
        }
        (Some(method), revocation)
    };
    match revoke.method.as_deref() {
        Some(method) => vec![of_method(method)],
        None => METHODS.map(of_method).into(),
    }
}

fn view<'a>(method: Option<&'a str>, revoked: &Revoked) -> RevokedView<'a> {
    RevokedView {
        method,
        before: revoked.before().map(|at| at.to_string()),
        until: revoked.until().to_string(),
        keys: revoked.keys(),
    }
}

fn said(done: &[(Option<&str>, Revoked)]) -> String {
    let Some((_, first)) = done.first() else {
        return String::new();
    };
    let keys: usize = done.iter().map(|(_, revoked)| revoked.keys()).sum();
    match first.before() {
        None => format!(
            "revoked the token, until {}: every server that asks this store's revocations refuses it \
             within a second",
            first.until()
        ),
        Some(before) => format!(
            "revoked everything of the user that was issued until {before}, and {keys} managed keys: every \
             server that asks this store's revocations refuses it within a second"
        ),
    }
}

/// The methods of a user of an issuer.
const METHODS: [&str; 4] = ["jwt", "oauth2", "introspection", "userinfo"];
