//! The audit file.

use super::{assembly::Assembly, gateway::Gateway, kept::KeptAudit};
use crate::{
    audit::AuditSettings,
    auth::layer::AuthLayer,
    config::{read::Slot, shape::audit::Audit},
    error::ConfigErrorKind,
};

impl Assembly<'_> {
    /// Makes the audit file that the document names, without opening it; that of the file before goes on.
    pub(super) fn audit_file(&mut self, gateway: &Gateway) {
        let Slot::Present(block) = &gateway.audit else {
            return;
        };
        let Some(file) = block.value.file.present() else {
            return;
        };
        if file.value.trim().is_empty() {
            let message = "no file is named: write its path, such as /var/log/agents/audit.jsonl";
            self.missing(&file.place, message);
            return;
        }
        if !self.config.is_audited {
            return;
        }
        let path = self.config.source.folder().join(&file.value);
        let former = self.former.and_then(|former| former.kept.audit.as_ref());
        let same = former.filter(|former| former.block == block.value);
        let sink = match same {
            Some(former) => Ok(former.sink.clone()),
            None => settings(&block.value).open_late(&path),
        };
        match sink {
            Ok(sink) => {
                self.kept.audit = Some(KeptAudit {
                    block: block.value.clone(),
                    place: file.place.clone(),
                    path,
                    sink,
                });
            }
            Err(error) => {
                let message = format!("its thread cannot be started: {error}");
                let place = &block.place;
                self.faults
                    .add(ConfigErrorKind::Unavailable, place, message);
            }
        }
    }

    /// Tells the audit file of every decision of the layer, and of the webhooks.
    pub(super) fn audited(&mut self, layer: AuthLayer) -> AuthLayer {
        let Some(kept) = &self.kept.audit else {
            return layer;
        };
        let observers = kept.sink.observers();
        self.webhooks = self.webhooks.clone().with_observers(observers.clone());
        layer.observers(observers)
    }
}

fn settings(block: &Audit) -> AuditSettings {
    let events = block.events.value().copied();
    let settings = AuditSettings::new().with_events(events.unwrap_or_default());
    match block.required.is_true() {
        true => settings.require_written(),
        false => settings,
    }
}
