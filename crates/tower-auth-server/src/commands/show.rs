//! `keys show`, and what other commands show of one key.

use std::time::{Duration, SystemTime};

use tower_auth::keys::{ManagedKey, Timestamp};

use crate::{
    administration::{Administration, Missing},
    arguments::{Keys, Show},
    fault::Fault,
    output,
    plain::Plain,
    view::{self, KeyState, KeyView},
};

pub(super) async fn run(keys: &Keys, show: &Show) -> Result<(), Fault> {
    let administration = Administration::open(keys, Missing::Fails).await?;
    let key = administration.admin()?.get(&show.id).await?;
    print(&key, administration.now().await?, show.json)
}

/// Prints a key: everything but the key itself.
pub(super) fn print(key: &ManagedKey, now: Timestamp, as_json: bool) -> Result<(), Fault> {
    match as_json {
        true => output::json(&KeyView::of(key, now)),
        false => output::print(&lines(key, now)),
    }
}

/// A line for each thing that there is to say.
fn lines(key: &ManagedKey, now: Timestamp) -> String {
    let record = key.record();
    let said = |text: Option<&str>| text.map(str::to_owned);
    let scopes: Vec<_> = record.scopes().collect();
    let metadata = serde_json::to_string(record.metadata()).unwrap_or_default();
    let revoked = record.revoked().map(|revoked| {
        let (at, by) = (revoked.at(), view::actor(revoked.by()));
        match revoked.reason() {
            "" => format!("{at} by {by}"),
            reason => format!("{at} by {by}: {reason}"),
        }
    });
    let limit = record.limit();
    let limit =
        limit.map(|limit| format!("{} requests in {} s", limit.requests(), limit.seconds()));
    let (made, maker) = (record.created_at(), view::actor(record.created_by()));
    let state = match KeyState::of(record, now) {
        KeyState::Live => "live",
        KeyState::Expired => "expired",
        KeyState::Revoked => "revoked",
    };
    let start = match record.is_imported() {
        true => "imported, of any form".to_owned(),
        false => format!("{}…", record.start()),
    };
    let members = [
        ("id", Some(record.id().to_string())),
        ("name", said(Some(record.name()))),
        ("key", Some(start)),
        ("state", said(Some(state))),
        ("owner", record.owner().map(view::long_owner)),
        ("tenant", said(record.tenant())),
        ("scopes", Some(scopes.join(" "))),
        (
            "metadata",
            (!record.metadata().is_empty()).then_some(metadata),
        ),
        ("limit", limit),
        ("credits", key.credits().map(|credits| credits.to_string())),
        ("made", Some(format!("{made} by {maker}"))),
        ("expires", Some(or_never(record.expires_at()))),
        ("last used", Some(or_never(key.last_used_at()))),
        ("revoked", revoked),
        ("successor", record.successor().map(ToString::to_string)),
    ];
    members
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .map(|(name, value)| format!("{name:<11}{}", Plain(value)))
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn or_never(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| time.to_string())
}

/// The time at which a key ends that is good for a while from now on.
pub(super) fn ending(now: Timestamp, lifetime: Duration) -> Result<SystemTime, Fault> {
    now.saturating_add(lifetime)
        .to_system_time()
        .ok_or_else(|| Fault::usage("--expires is beyond what this system can tell: write less"))
}
