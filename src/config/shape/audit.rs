//! The shape of an audit file in a file.

use serde_json::Value;

use crate::{
    audit::AuditEvents,
    config::{
        fault::{Faults, Place},
        node::Node,
        read::{Read, block, choice, choice_schema},
    },
};

block! {
    /// A file with a line of JSON for each decision.
    Audit: PartialEq {
        /// The file, to whose end lines are written. It is made if it is not there, for its owner alone.
        file: required String,
        /// Which decisions have a line: `all`, or `refusals` alone; all unless set.
        events: optional AuditEvents,
        /// Whether nobody is let in while lines cannot be written, on a full disk for example; false unless set.
        required: optional bool,
    }
}

impl Read for AuditEvents {
    fn read(node: &Node, place: &Place, faults: &mut Faults) -> Option<Self> {
        choice(node, place, faults, "choice of decisions", EVENTS)
    }

    fn schema() -> Value {
        choice_schema(EVENTS)
    }
}

const EVENTS: &[(&str, AuditEvents)] = &[
    ("all", AuditEvents::All),
    ("refusals", AuditEvents::Refusals),
];
