//! The ids of keys that the issuer has withdrawn.

use std::sync::Arc;

use crate::jose::{JwkSet, Key, SkippedKey};

/// The key ids that sets of the last day had and the newest set lacks. The holder of a token of such a
/// key must log in again: waiting would not help.
///
/// Ids come from the issuer's sets and never from tokens: callers can neither add one nor displace one.
#[derive(Clone, Debug, Default)]
pub(super) struct WithdrawnIds {
    /// The oldest first.
    ids: Arc<[WithdrawnId]>,
}

#[derive(Clone, Debug)]
struct WithdrawnId {
    id: Box<str>,
    /// The time at which it was found missing.
    since: u64,
}

impl WithdrawnIds {
    /// The withdrawn ids once the set `after` has replaced the set `before`.
    pub(super) fn after(&self, before: &JwkSet, after: &JwkSet, now: u64) -> Self {
        let is_back = |id: &str| ids_of(after).any(|other| other == id);
        let earlier = self.ids.iter();
        let earlier = earlier.filter(|one| is_recent(one.since, now) && !is_back(&one.id));
        let mut ids: Vec<_> = earlier.cloned().collect();
        for id in ids_of(before) {
            let is_listed = ids.iter().any(|listed| *listed.id == *id);
            if id.len() <= LONGEST_ID && !is_listed && !is_back(id) {
                let (id, since) = (id.into(), now);
                ids.push(WithdrawnId { id, since });
            }
        }
        let surplus = ids.len().saturating_sub(MOST_IDS);
        ids.drain(..surplus);
        Self { ids: ids.into() }
    }

    pub(super) fn contains(&self, id: &str, now: u64) -> bool {
        let mut ids = self.ids.iter();
        ids.any(|withdrawn| *withdrawn.id == *id && is_recent(withdrawn.since, now))
    }
}

/// The ids of all keys of a set, usable or not; one may come several times.
fn ids_of(set: &JwkSet) -> impl Iterator<Item = &str> {
    let usable = set.keys().filter_map(Key::id);
    usable.chain(set.skipped().iter().filter_map(SkippedKey::id))
}

/// Whether it was withdrawn less than a day ago, or less than a day ahead of a clock that was set back.
fn is_recent(since: u64, now: u64) -> bool {
    now.abs_diff(since) < DAY
}

const DAY: u64 = 24 * 60 * 60;
const MOST_IDS: usize = 256;
/// In bytes. This bound and the number of ids limit the memory that an issuer can take. A longer id
/// counts as never seen.
const LONGEST_ID: usize = 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::Algorithm;

    const NOW: u64 = 1_000_000;

    fn set<'a>(ids: impl IntoIterator<Item = &'a str>) -> JwkSet {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let keys: Vec<_> = ids
            .into_iter()
            .map(|id| json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": id}))
            .collect();
        let json = json!({ "keys": keys }).to_string();
        JwkSet::parse(json.as_bytes(), &[Algorithm::EdDSA]).unwrap()
    }

    #[test]
    fn a_withdrawn_id_is_kept_for_a_day() {
        let withdrawn = WithdrawnIds::default().after(&set(["a", "b"]), &set(["b"]), NOW);
        assert!(withdrawn.contains("a", NOW + DAY - 1));
        assert!(!withdrawn.contains("a", NOW + DAY));
        assert!(!withdrawn.contains("b", NOW));
    }

    #[test]
    fn an_id_that_comes_back_is_withdrawn_no_longer() {
        let withdrawn = WithdrawnIds::default().after(&set(["a"]), &set(["b"]), NOW);
        let withdrawn = withdrawn.after(&set(["b"]), &set(["a"]), NOW + 1);
        assert!(!withdrawn.contains("a", NOW + 1));
        assert!(withdrawn.contains("b", NOW + 1));
    }

    #[test]
    fn a_set_that_stays_the_same_prolongs_nothing() {
        let withdrawn = WithdrawnIds::default().after(&set(["a"]), &set(["b"]), NOW);
        let withdrawn = withdrawn.after(&set(["b"]), &set(["b"]), NOW + DAY - 1);
        assert!(withdrawn.contains("a", NOW + DAY - 1));
        assert!(!withdrawn.contains("a", NOW + DAY));
        let withdrawn = withdrawn.after(&set(["b"]), &set(["b"]), NOW + DAY);
        assert_eq!(withdrawn.ids.len(), 0);
    }

    #[test]
    fn the_newest_256_are_kept() {
        let mut withdrawn = WithdrawnIds::default();
        let mut before = set([]);
        for number in 0..300 {
            let id = number.to_string();
            let after = set([&*id]);
            withdrawn = withdrawn.after(&before, &after, NOW + number);
            before = after;
        }
        assert_eq!(withdrawn.ids.len(), 256);
        for (id, is_kept) in [("42", false), ("43", true), ("298", true), ("299", false)] {
            assert_eq!(withdrawn.contains(id, NOW + 300), is_kept, "{id}");
        }
    }

    #[test]
    fn an_id_of_more_than_a_kibibyte_is_not_kept() {
        let (long, longer) = ("x".repeat(1024), "x".repeat(1025));
        let withdrawn = WithdrawnIds::default().after(&set([&*long, &*longer]), &set([]), NOW);
        assert!(withdrawn.contains(&long, NOW));
        assert!(!withdrawn.contains(&longer, NOW));
    }
}
