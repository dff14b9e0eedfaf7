//! `keys revoke`, `keys update` and `keys delete`.

use tower_auth::keys::{KeyUpdate, ManagedKey, Timestamp};

use super::show;
use crate::{
    administration::{Administration, Missing},
    arguments::{Delete, Expiry, Keys, Revoke, Update},
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output,
    plain::Plain,
    view::KeyView,
};

pub(super) async fn revoke(keys: &Keys, revoke: &Revoke) -> Result<(), Fault> {
    let work = async {
        let administration = Administration::open(keys, Missing::Fails).await?;
        let admin = administration.admin()?;
        admin
            .revoke(&revoke.id, &revoke.reason)
            .await
            .map_err(of_change)
    };
    let key = unless_interrupted("the revocation", work).await?;
    let at = key.record().revoked().map(|revoked| revoked.at());
    match (revoke.json, at) {
        (false, Some(at)) => output::line(&format!(
            "revoked {} since {}: every server that reaches the store refuses it within a second",
            revoke.id, at
        )),
        (_, at) => output::json(&KeyView::of(&key, at.unwrap_or_default())),
    }
}

pub(super) async fn update(keys: &Keys, update: &Update) -> Result<(), Fault> {
    let work = async {
        let administration = Administration::open(keys, Missing::Fails).await?;
        let now = administration.now().await?;
        let change = change(update, now)?;
        let admin = administration.admin()?;
        let before = admin.get(&update.id).await?;
        let updated = admin.update(&update.id, change).await;
        Ok((updated.map_err(of_change)?, before, now))
    };
    // What it says wrongly is said before a store is opened.
    drop(change(update, Timestamp::default())?);
    let (key, before, now) = unless_interrupted("the change", work).await?;
    show::print(&key, now, update.json)?;
    say_lost_scopes(&before, &key);
    Ok(())
}

/// `--scope` names all scopes, and whoever wanted to add one has taken the others away.
fn say_lost_scopes(before: &ManagedKey, after: &ManagedKey) {
    let after: Vec<_> = after.record().scopes().collect();
    let lost = before
        .record()
        .scopes()
        .filter(|scope| !after.contains(scope));
    let lost: Vec<_> = lost.collect();
    if !lost.is_empty() {
        output::note(&Plain(format_args!(
            "the key had these scopes, and has them no longer: {}",
            lost.join(" ")
        )));
    }
}

fn change(update: &Update, now: Timestamp) -> Result<KeyUpdate, Fault> {
    let mut change = KeyUpdate::new();
    let mut changes_nothing = true;
    let mut set = |with: &dyn Fn(KeyUpdate) -> KeyUpdate| {
        changes_nothing = false;
        change = with(std::mem::take(&mut change));
    };
    if let Some(name) = &update.name {
        set(&|change| change.with_name(name));
    }
    if let Some(owner) = update.owner.to_key_owner() {
        set(&|change| change.with_owner(owner.clone()));
    }
    if update.tenant.is_some() || update.no_tenant {
        set(&|change| change.with_tenant(update.tenant.clone()));
    }
    if update.no_scopes || !update.scopes.is_empty() {
        set(&|change| change.with_scopes(&update.scopes));
    }
    if let Some(metadata) = &update.metadata {
        set(&|change| change.with_metadata(metadata.clone()));
    }
    if let Some(credits) = update.credits {
        set(&|change| change.with_credits(credits));
    }
    if let Some(expiry) = update.expires {
        let at = match expiry {
            Expiry::Never => None,
            Expiry::After(lifetime) => Some(show::ending(now, lifetime)?),
        };
        set(&|change| change.with_expires_at(at));
    }
    if update.unrevoke {
        set(&KeyUpdate::unrevoked);
    }
    match changes_nothing {
        true => Err(Fault::usage(
            "nothing is to be changed: write --name, --owner, --tenant, --scope, --expires, --credits, \
             --metadata or --unrevoke",
        )),
        false => Ok(change),
    }
}

pub(super) async fn delete(keys: &Keys, delete: &Delete) -> Result<(), Fault> {
    let work = async {
        let administration = Administration::open(keys, Missing::Fails).await?;
        let admin = administration.admin()?;
        let key = admin.get(&delete.id).await?;
        // A revocation can be taken back, a deletion cannot.
        if key.record().is_live(administration.now().await?) {
            return Err(Fault::failed(format!(
                "the key {0} is live: revoke it first (`tower-auth keys revoke {0}`), then delete it",
                delete.id
            )));
        }
        // As it was seen: somebody may take its revocation back meanwhile.
        let admin = admin.at_revision(key.revision());
        admin.delete(&delete.id).await.map_err(of_change)
    };
    unless_interrupted("the deletion", work).await?;
    output::line(&format!("deleted {}; its audit records stay", delete.id))
}

pub(super) async fn renew_epoch(keys: &Keys) -> Result<(), Fault> {
    let work = async {
        let administration = Administration::open(keys, Missing::Fails).await?;
        let renewed = administration.store().renew_epoch().await;
        renewed.map_err(|error| Fault::from(error).and("renew the epoch again"))
    };
    unless_interrupted("the renewal", work).await?;
    output::line(&"the store has a new epoch: every server reads all keys anew")
}
