//! Whether the mode and the blocks say the same.

use super::Builder;
use crate::{
    config::{
        fault::Place,
        read::Slot,
        shape::gateway::{Gateway, Mode},
    },
    error::ConfigErrorKind,
};

impl Builder<'_> {
    pub(super) fn check_mode(&mut self, gateway: &Gateway, place: &Place) {
        let is_off = gateway.enabled.value() == Some(&false);
        let Slot::Here(mode) = &gateway.mode else {
            let has_nobody = gateway.has_no_maker() && !gateway.has_only_webhooks();
            if gateway.mode.is_absent() && has_nobody && !is_off {
                self.nobody_gets_in(place);
            }
            return;
        };
        match mode.value {
            Mode::Nobody => {
                if gateway.enabled.value() == Some(&true) {
                    let message = "`mode: none` lets every caller in, and `enabled: true` says \
                                   that they are asked: keep one of the two";
                    self.faults
                        .add(ConfigErrorKind::Conflict, &mode.place, message);
                }
            }
            Mode::Composite if gateway.has_no_maker() && !is_off => {
                if gateway.webhooks.is_absent() {
                    self.nobody_gets_in(place);
                } else {
                    let message = "there is no block to ask beside the webhooks: add one, or leave \
                                   `mode` out to let in nothing but deliveries";
                    self.faults
                        .add(ConfigErrorKind::Empty, &mode.place, message);
                }
            }
            Mode::Composite => return,
            named => {
                let block = named.block().unwrap_or_default();
                if gateway.lacks(block) {
                    let message = format!(
                        "`mode: {}` needs the block `{block}`: add it",
                        named.as_str()
                    );
                    self.faults
                        .add(ConfigErrorKind::Empty, &mode.place, message);
                }
            }
        }
        for (name, place, _) in gateway.makers() {
            if Some(name) != mode.value.block() {
                let message = format!(
                    "this block is not used with `mode: {}`: leave it out, or write \
                     `mode: composite` to use all of them{}",
                    mode.value.as_str(),
                    match mode.value {
                        Mode::Nobody => ", or `enabled: false` to use none and keep them",
                        _ => "",
                    }
                );
                self.faults.add(ConfigErrorKind::Conflict, place, message);
            }
        }
    }

    fn nobody_gets_in(&mut self, place: &Place) {
        if self.faults.len() > 0 {
            // A block may be there under a name that nobody knows, and has been told of.
            return;
        }
        let message = "nobody could get in: add api_keys, jwt, oauth2, introspection, allowlist, custom or \
                       webhooks; to let every caller in, write `enabled: false`";
        self.faults.add(ConfigErrorKind::Empty, place, message);
    }
}
