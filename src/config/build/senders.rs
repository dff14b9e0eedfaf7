//! Lists of users and chats.

use std::sync::Arc;

use super::Builder;
use crate::{
    config::{
        fault::Place,
        read::{Filled, Id, Slot},
        shape::gateway::Allowlist,
    },
    error::ConfigErrorKind,
    provider::{AllowlistAuth, AuthProvider, allowlist::AllowedIds},
};

/// Who is on a list.
pub(super) struct Listed<'a> {
    pub(super) users: &'a Slot<Filled<Id>>,
    pub(super) chats: &'a Slot<Filled<Id>>,
    pub(super) platforms: Option<Vec<String>>,
}

impl Builder<'_> {
    pub(super) fn allowlist(
        &mut self,
        list: &Allowlist,
        place: &Place,
    ) -> Option<Arc<dyn AuthProvider>> {
        let platforms = match &list.platforms {
            Slot::Absent => None,
            Slot::Faulty => return None,
            Slot::Here(platforms) => {
                let platforms = platforms.value.0.iter();
                Some(platforms.map(|spot| spot.value.clone()).collect())
            }
        };
        let names_platforms = platforms.is_some();
        let on_list = Listed {
            users: &list.user_ids,
            chats: &list.chat_ids,
            platforms,
        };
        let allowlist = self.listed(on_list, place)?;
        if !names_platforms {
            self.weak(
                "auth.allowlist names no platform: the same id on another platform is somebody else",
            );
        }
        let words = listed_in_words(&list.user_ids, &list.chat_ids);
        self.summary.providers.push(format!("allowlist ({words})"));
        Some(Arc::new(allowlist))
    }

    /// Whoever is on the list: users, users in chats, or everybody in chats.
    pub(super) fn listed(&mut self, on_list: Listed<'_>, place: &Place) -> Option<AllowlistAuth> {
        if on_list.users.is_absent() && on_list.chats.is_absent() {
            let message = "neither `user_ids` nor `chat_ids` is there: add the users, or the chats \
                           whose every member may call";
            self.faults.add(ConfigErrorKind::Empty, place, message);
            return None;
        }
        // INVARIANT: a list with a fault in it is never taken for one that is not there.
        let users = ids(on_list.users)?;
        let chats = ids(on_list.chats)?;
        let made = AllowlistAuth::listed(AllowedIds {
            platforms: on_list.platforms,
            user_ids: users,
            chat_ids: chats,
        });
        self.faults.keep(place, made)
    }
}

/// The ids of a list; nothing where it is at fault, which has been told.
#[expect(
    clippy::option_option,
    reason = "a list that is at fault, and one that is not there"
)]
fn ids(list: &Slot<Filled<Id>>) -> Option<Option<Vec<String>>> {
    let Filled(ids) = match list {
        Slot::Absent => return Some(None),
        Slot::Faulty => return None,
        Slot::Here(list) => &list.value,
    };
    let ids: Vec<String> = ids.iter().map(|spot| spot.value.0.clone()).collect();
    (!ids.is_empty()).then_some(Some(ids))
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
