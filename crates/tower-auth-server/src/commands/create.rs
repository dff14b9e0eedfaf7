//! `keys create`.

use tower_auth::keys::{KeyAdminError, KeyRequest, MadeKey};

use super::show::ending;
use crate::{
    administration::{Administration, Missing},
    arguments::{Create, Keys},
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output,
    plain::Plain,
    view::KeyView,
};

pub(super) async fn run(keys: &Keys, create: &Create) -> Result<(), Fault> {
    let made = unless_interrupted("the key", make(keys, create)).await?;
    let id = made.key().record().id();
    let or_revoke = format!("nobody knows it, so revoke it: `tower-auth keys revoke {id}`");
    print(&made, create.json, &or_revoke)
}

async fn make(keys: &Keys, create: &Create) -> Result<MadeKey, Fault> {
    let administration = Administration::open(keys, Missing::IsMade).await?;
    let prefix = administration.prefix(create.prefix.as_deref()).await?;
    let admin = administration.admin_for(&prefix)?;
    let mut request = KeyRequest::new(&create.name).with_scopes(scopes(create));
    if let Some(owner) = create.owner.to_key_owner() {
        request = request.with_owner(owner);
    }
    if let Some(tenant) = &create.tenant {
        request = request.with_tenant(tenant);
    }
    if let Some(credits) = create.credits {
        request = request.with_credits(credits);
    }
    for (name, value) in create.metadata.iter().flatten() {
        request = request.with_metadata(name, value.clone());
    }
    if let Some(lifetime) = create.expires {
        request = request.with_expires_at(ending(administration.now().await?, lifetime)?);
    }
    if !create.first_admin {
        return admin.create(request).await.map_err(of_change);
    }
    let made = admin.create_first_admin(request).await;
    made.map_err(|error| match error {
        KeyAdminError::Conflict(_) => Fault::failed(
            "a live key may administer keys already: use that one, or leave --first-admin out and \
             write --scope keys:read --scope keys:write",
        ),
        other => of_change(other),
    })
}

fn scopes(create: &Create) -> Vec<&str> {
    let mut scopes = match create.first_admin {
        true => vec!["keys:read", "keys:write", "keys:admin"],
        false => Vec::new(),
    };
    for scope in &create.scopes {
        if !scopes.contains(&&**scope) {
            scopes.push(scope);
        }
    }
    scopes
}

/// Prints a new key: the only time that it is shown.
pub(super) fn print(made: &MadeKey, as_json: bool, or_else: &str) -> Result<(), Fault> {
    let record = made.key().record();
    let secret = made.secret().map_or("", |secret| secret.expose());
    let text = match as_json {
        true => output::to_json(&KeyView::made(made))?,
        false => secret.to_owned(),
    };
    output::write(&format!("{text}\n")).map_err(|error| {
        let id = record.id();
        Fault::failed(format!(
            "the key {id} was made, but standard output cannot be written ({error}): {or_else}"
        ))
    })?;
    if !as_json {
        let (id, name, start) = (record.id(), Plain(record.name()), Plain(record.start()));
        output::note(&format!(
            "made {id} for {name}: the key on standard output ({start}…) is shown this once, and kept \
             nowhere; every server that reaches the store accepts it within a second"
        ));
        if record.scopes().next().is_none() {
            output::note(&format!(
                "it has no scope, so it opens only what needs none: `tower-auth keys update {id} --scope \
                 SCOPE` gives it one"
            ));
        }
    }
    Ok(())
}
