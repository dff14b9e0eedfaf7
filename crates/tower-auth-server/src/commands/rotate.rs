//! `keys rotate`.

use tower_auth::keys::{MadeKey, Timestamp};

use super::create::print;
use crate::{
    administration::{Administration, Missing, prefix_of},
    arguments::{Keys, Rotate},
    fault::{Fault, of_change},
    interrupt::unless_interrupted,
    output,
    time::rfc3339,
    view::KeyView,
};

pub(super) async fn run(keys: &Keys, rotate: &Rotate) -> Result<(), Fault> {
    let (made, old_ends) = unless_interrupted("the rotation", make(keys, rotate)).await?;
    let id = made.key().record().id();
    let until = old_ends.map_or_else(|| "it is revoked".to_owned(), rfc3339);
    let or_rotate = format!(
        "nobody knows it, so rotate again: `tower-auth keys rotate {id} --overlap 0s`; the old key works \
         until {until}"
    );
    let view = KeyView::made(&made).replacing(&rotate.id, old_ends);
    print(&made, view, rotate.json, &or_rotate)?;
    if !rotate.json {
        output::note(&format!("the old key {} works until {until}", rotate.id));
    }
    Ok(())
}

/// The new key, and the time at which the old one ends.
async fn make(keys: &Keys, rotate: &Rotate) -> Result<(MadeKey, Option<Timestamp>), Fault> {
    let administration = Administration::open(keys, Missing::Fails).await?;
    let admin = administration.admin()?;
    let old = admin.get(&rotate.id).await?;
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
    let maker = administration.admin_for(&prefix)?;
    let rotated = maker.rotate(&rotate.id, rotate.overlap).await;
    let made = rotated.map_err(of_change)?;
    // The key is made, and has to be printed: a store that goes away now does not matter.
    let ends = match admin.get(&rotate.id).await {
        Ok(old) => old.record().expires_at(),
        Err(_) => {
            let last = made
                .key()
                .record()
                .created_at()
                .saturating_add(rotate.overlap);
            Some(old.record().expires_at().map_or(last, |at| at.min(last)))
        }
    };
    Ok((made, ends))
}
