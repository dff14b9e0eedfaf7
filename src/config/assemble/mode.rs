//! Whether the mode and the blocks say the same.

use super::{
    assembly::Assembly,
    gateway::{Gateway, Mode, Providers},
};
use crate::{
    config::{
        fault::Place,
        read::{Located, Slot},
        suggest,
    },
    error::ConfigErrorKind,
};

impl Assembly<'_> {
    pub(super) fn check_mode(&mut self, gateway: &Gateway, place: &Place) {
        match &gateway.mode {
            Slot::Present(mode) => self.check_blocks(mode, gateway, place),
            Slot::Faulty => {}
            Slot::Absent => {
                if gateway.providers.is_empty()
                    && gateway.webhooks.is_absent()
                    && !gateway.lets_everybody_in()
                {
                    self.nobody_gets_in(place);
                }
            }
        }
    }

    fn check_blocks(&mut self, mode: &Located<Mode>, gateway: &Gateway, place: &Place) {
        let is_off = gateway.enabled.value() == Some(&false);
        let fault = match mode.value {
            Mode::Nobody if gateway.enabled.is_true() => Some((
                ConfigErrorKind::Conflict,
                "`mode: none` lets every caller in, and `enabled: true` says that they are asked: \
                 keep one of the two"
                    .to_owned(),
            )),
            Mode::Composite if !gateway.providers.is_empty() || is_off => return,
            Mode::Composite if gateway.webhooks.is_absent() => {
                self.nobody_gets_in(place);
                return;
            }
            Mode::Composite => Some((
                ConfigErrorKind::Empty,
                "there is no block to ask beside the webhooks: add one, or leave `mode` out to let \
                 in nothing but deliveries"
                    .to_owned(),
            )),
            Mode::Only(row) if !gateway.providers.has(row.name) => Some((
                ConfigErrorKind::Empty,
                format!(
                    "`mode: {}` needs the block `{}`: add it",
                    mode.value.as_str(),
                    row.name
                ),
            )),
            Mode::Nobody | Mode::Only(_) => None,
        };
        if let Some((kind, message)) = fault {
            self.faults.add(kind, &mode.place, message);
        }
        self.unused_blocks(mode.value, gateway);
    }

    fn unused_blocks(&mut self, mode: Mode, gateway: &Gateway) {
        let keep = match mode {
            Mode::Nobody => ", or `enabled: false` to use none and keep them",
            _ => "",
        };
        let blocks = gateway.providers.readable();
        for (_, block) in blocks.filter(|(name, _)| !mode.takes(name)) {
            let message = format!(
                "this block is not used with `mode: {}`: leave it out, or write `mode: composite` \
                 to use all of them{keep}",
                mode.as_str(),
            );
            self.conflict(&block.place, message);
        }
    }

    fn nobody_gets_in(&mut self, place: &Place) {
        if self.faults.len() > 0 {
            // A block may be there under a name that nobody knows, and has been told of.
            return;
        }
        let message = format!(
            "nobody could get in: add {} or webhooks; to let every caller in, write \
             `enabled: false`",
            suggest::list(Providers::names())
        );
        self.missing(place, message);
    }
}
