//! `keys rotate`.

use tower_auth::keys::MadeKey;

use super::create::print;
use crate::{
    administration::{Administration, Missing, prefix_of},
    arguments::{Keys, Rotate},
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output,
};

pub(super) async fn run(keys: &Keys, rotate: &Rotate) -> Result<(), Fault> {
    let made = unless_interrupted("the rotation", make(keys, rotate)).await?;
    let id = made.key().record().id();
    let old = made.replaced().and_then(|old| old.record().expires_at());
    let until = old.map_or_else(|| "it is revoked".to_owned(), |at| at.to_string());
    let or_rotate = format!(
        "nobody knows it, so rotate again: `tower-auth keys rotate {id} --overlap 0s`; the old key works \
         until {until}"
    );
    print(&made, rotate.json, &or_rotate)?;
    if !rotate.json {
        output::note(&format!("the old key {} works until {until}", rotate.id));
    }
    Ok(())
}

async fn make(keys: &Keys, rotate: &Rotate) -> Result<MadeKey, Fault> {
    let administration = Administration::open(keys, Missing::Fails).await?;
    let old = administration.admin()?.get(&rotate.id).await?;
    // The old key's own prefix: its servers accept that one.
    let prefix = match (prefix_of(old.record()), rotate.prefix.as_deref()) {
        (Some(own), Some(wanted)) if own != wanted => {
            return Err(Fault::failed(format!(
                "the key begins with {own}_, and a server accepts one prefix: leave --prefix out"
            )));
        }
        (Some(own), _) => own.to_owned(),
        (None, wanted) => administration.prefix(wanted).await?,
    };
    let admin = administration.admin_for(&prefix)?;
    let rotated = admin.rotate(&rotate.id, rotate.overlap).await;
    rotated.map_err(of_change)
}
