//! Lists of users and chats.

use std::sync::Arc;

use super::assembly::{Assembly, Provider, ProviderBlock};
use crate::{
    config::{
        fault::Place,
        read::{Filled, Id, Slot},
        shape::{caller::Allowlist, webhook::Senders},
    },
    provider::{AllowlistAuth, allowlist::AllowedIds},
};

/// Who is on a list.
pub(super) struct Listed<'a> {
    users: &'a Slot<Filled<Id>>,
    chats: &'a Slot<Filled<Id>>,
    platforms: Option<Vec<String>>,
}

impl<'a> Listed<'a> {
    /// Those on a webhook's list.
    pub(super) fn of(senders: &'a Senders, platform: Option<&str>) -> Self {
        Self {
            users: &senders.user_ids,
            chats: &senders.chat_ids,
            platforms: platform.map(|platform| vec![platform.to_owned()]),
        }
    }
}

impl ProviderBlock for Allowlist {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        if self.platforms.is_faulty() {
            return None;
        }
        let platforms = self.platforms.value().map(|Filled(platforms)| {
            let names = platforms.iter().map(|located| located.value.clone());
            names.collect()
        });
        let names_platforms = platforms.is_some();
        let on_list = Listed {
            users: &self.user_ids,
            chats: &self.chat_ids,
            platforms,
        };
        let allowlist = assembly.listed(on_list, place)?;
        if !names_platforms {
            assembly.weak(
                "auth.allowlist names no platform: the same id on another platform is somebody else",
            );
        }
        let words = listed_in_words(&self.user_ids, &self.chat_ids);
        let providers = &mut assembly.summary.providers;
        providers.push(format!("allowlist ({words})"));
        Some(Arc::new(allowlist))
    }
}

impl Assembly<'_> {
    /// Whoever is on the list: users, users in chats, or everybody in chats.
    pub(super) fn listed(&mut self, on_list: Listed<'_>, place: &Place) -> Option<AllowlistAuth> {
        if on_list.users.is_absent() && on_list.chats.is_absent() {
            let message = "neither `user_ids` nor `chat_ids` is there: add the users, or the chats \
                           whose every member may call";
            self.missing(place, message);
            return None;
        }
        // INVARIANT: a list with a fault in it is never taken for one that is not there.
        if on_list.users.is_faulty() || on_list.chats.is_faulty() {
            return None;
        }
        let made = AllowlistAuth::listed(AllowedIds {
            user_ids: ids(on_list.users),
            chat_ids: ids(on_list.chats),
            platforms: on_list.platforms,
        });
        self.faults.keep(place, made)
    }
}

fn ids(list: &Slot<Filled<Id>>) -> Option<Vec<String>> {
    let Filled(ids) = list.value()?;
    Some(ids.iter().map(|located| located.value.0.clone()).collect())
}

/// `2 users`, or `everybody in 1 chat`.
pub(super) fn listed_in_words(users: &Slot<Filled<Id>>, chats: &Slot<Filled<Id>>) -> String {
    let counted = |list: &Slot<Filled<Id>>, noun: &str| {
        let count = list.value().map_or(0, |list| list.0.len());
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {noun}{plural}")
    };
    match users {
        Slot::Absent => format!("everybody in {}", counted(chats, "chat")),
        _ => counted(users, "user"),
    }
}
