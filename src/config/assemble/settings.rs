//! What a gateway's block sets on its layer: realm, paths, limits.

use super::{assembly::Assembly, gateway::Gateway};
use crate::{
    auth::layer::{AuthLayer, LONGEST_CREDENTIAL},
    config::read::{Located, Slot},
    error::{ConfigError, ConfigErrorKind},
};

impl Assembly<'_> {
    pub(super) fn settings(&mut self, mut layer: AuthLayer, gateway: &Gateway) -> AuthLayer {
        if let Slot::Present(realm) = &gateway.realm {
            let changed = layer.clone().with_realm(&realm.value);
            layer = self.faults.keep(&realm.place, changed).unwrap_or(layer);
        }
        for path in gateway.public_paths.value().into_iter().flatten() {
            layer = self.public_path(layer, path);
        }
        if let Slot::Present(most) = &gateway.max_credential_bytes {
            if most.value.0 > LONGEST_CREDENTIAL {
                let message = format!("a credential has {LONGEST_CREDENTIAL} bytes at most");
                self.malformed(&most.place, message);
            }
            layer = layer.with_max_credential_len(most.value.0);
        }
        if gateway.dev_docs.is_true() {
            self.summary.dev_docs = true;
            layer = layer.dev_docs(true);
        }
        if let Some(ends) = gateway.end_streams.value() {
            layer = layer.end_streams(*ends);
        }
        self.shared(gateway);
        layer = self.mcp(layer, &gateway.mcp);
        self.throttle(gateway.throttle.value());
        layer = self.limits.limit(layer);
        layer = self.revocations(layer, gateway);
        layer = self.audited(layer);
        self.webhooks(layer, gateway)
    }

    fn public_path(&mut self, layer: AuthLayer, path: &Located<String>) -> AuthLayer {
        let changed = match path.value.starts_with("/{*") {
            true => Err(ConfigError::new(
                ConfigErrorKind::Conflict,
                "this makes every path public: name the paths; to let every caller in, write \
                 `enabled: false`",
            )),
            false => layer
                .clone()
                .try_public(path.value.as_str())
                .map_err(worded),
        };
        match self.faults.keep(&path.place, changed) {
            Some(changed) => {
                self.summary.public_paths.push(path.value.clone());
                changed
            }
            None => layer,
        }
    }
}

/// An error of a path in a list.
fn worded(error: ConfigError) -> ConfigError {
    match error.kind() {
        ConfigErrorKind::Conflict => ConfigError::new(
            ConfigErrorKind::Conflict,
            "an earlier path of the list is the same, or has a parameter where this one has \
             {*rest}, or the other way round: leave one of the two out",
        ),
        _ => error,
    }
}
