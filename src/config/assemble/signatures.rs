//! What proves the deliveries of a webhook: its scheme, with its secrets.

use super::assembly::Assembly;
use crate::{
    config::{
        read::{Located, OneOf, OneOrMoreSecrets, Slot, Which},
        shape::webhook::{Hmac, Scheme, Webhook},
    },
    error::{ConfigError, ConfigErrorKind},
    secret::Secret,
    webhook::{HmacScheme, WebhookLayer},
};

impl Assembly<'_> {
    pub(super) fn signed_layer(
        &mut self,
        located: &Located<Webhook>,
        scheme: Scheme,
    ) -> Option<WebhookLayer> {
        // Each of them tells what is wrong with it.
        let hmac = match scheme {
            Scheme::Hmac => self.hmac(located),
            _ => None,
        };
        let url = match scheme {
            Scheme::Twilio => self.twilio_url(located),
            _ => None,
        };
        let token = match scheme {
            Scheme::Meta => self.verify_token(located),
            _ => Slot::Absent,
        };
        let inside = self.webhook_secret(located);
        let secrets = self.secrets(located, &inside, scheme)?;
        let make = |secret: &Secret| -> Option<Result<WebhookLayer, ConfigError>> {
            let secret = secret.clone();
            Some(match scheme {
                Scheme::Standard => WebhookLayer::standard(secret),
                Scheme::Github => WebhookLayer::github(secret),
                Scheme::Slack => WebhookLayer::slack(secret),
                Scheme::Telegram => WebhookLayer::telegram(secret),
                Scheme::Discord => WebhookLayer::discord(secret),
                Scheme::Stripe => WebhookLayer::stripe(secret),
                Scheme::Hmac => WebhookLayer::hmac(hmac.clone()?, secret),
                Scheme::Twilio => WebhookLayer::twilio(secret, url?),
                Scheme::Meta => WebhookLayer::meta(secret),
                Scheme::Shopify => WebhookLayer::shopify(secret),
                Scheme::Linear => WebhookLayer::linear(secret),
            })
        };
        let mut layer = None;
        for secret in secrets {
            let added = match layer.take() {
                None => make(&secret.value)?,
                Some(layer) => WebhookLayer::add_secret(layer, secret.value.clone()),
            };
            // Where one is at fault, the others are looked at all the same, each by itself.
            layer = self.faults.keep(&secret.place, added);
        }
        let layer = layer?;
        match token {
            Slot::Absent => Some(layer),
            Slot::Faulty => None,
            Slot::Present(token) => {
                let layer = layer.with_verify_token(token.value);
                self.faults.keep(&token.place, layer)
            }
        }
    }

    /// What Meta shows when it asks whether the address is meant.
    pub(super) fn verify_token(&mut self, located: &Located<Webhook>) -> Slot<Secret> {
        self.secret(OneOf {
            first: &located.value.verify_token,
            second: &located.value.verify_token_file,
            names: ["`verify_token`", "`verify_token_file`"],
            place: &located.place,
        })
    }

    /// The secrets that stand in the document or in files that it names.
    pub(super) fn webhook_secret(&mut self, located: &Located<Webhook>) -> Slot<OneOrMoreSecrets> {
        let hook = &located.value;
        let secrets = OneOf {
            first: &hook.secret,
            second: &hook.secret_file,
            names: ["`secret`", "`secret_file`"],
            place: &located.place,
        };
        let files = match secrets.find(&mut self.faults) {
            Which::First(secret) => return Slot::Present(secret.clone()),
            Which::Second(files) => files,
            Which::Neither => return Slot::Absent,
            Which::Faulty => return Slot::Faulty,
        };
        let mut found: Vec<Located<Secret>> = Vec::with_capacity(files.value.0.len());
        for file in &files.value.0 {
            found.extend(self.secret_file(file));
        }
        match found.len() == files.value.0.len() && !found.is_empty() {
            true => Slot::Present(Located {
                value: OneOrMoreSecrets::distinct(found, &mut self.faults),
                place: files.place.clone(),
                order: files.order,
            }),
            false => Slot::Faulty,
        }
    }

    /// The secrets and public keys that the scheme is checked with: at least one.
    fn secrets<'h>(
        &mut self,
        located: &'h Located<Webhook>,
        inside: &'h Slot<OneOrMoreSecrets>,
        scheme: Scheme,
    ) -> Option<Vec<&'h Located<Secret>>> {
        let hook = &located.value;
        let (takes_secret, takes_key) = match scheme {
            Scheme::Discord => (false, true),
            Scheme::Standard => (true, true),
            _ => (true, false),
        };
        if let (Slot::Present(secret), false) = (inside, takes_secret) {
            let message = "Discord shows a public key and no secret: write it as `public_key`";
            self.conflict(&secret.place, message);
        }
        let mut found = Vec::new();
        let mut is_faulty = false;
        for (slot, is_taken) in [(inside, takes_secret), (&hook.public_key, takes_key)] {
            is_faulty |= matches!(slot, Slot::Faulty);
            if let (Slot::Present(here), true) = (slot, is_taken) {
                found.extend(here.value.0.iter());
            }
        }
        let misplaced = !inside.is_absent() || !hook.public_key.is_absent();
        if found.is_empty() && !is_faulty && !misplaced {
            let message = match (takes_secret, takes_key) {
                (false, _) => "`public_key` is missing: copy it from the app's page at Discord",
                (true, true) => "neither a secret nor `public_key` is there: add one of the two",
                (true, false) => {
                    "`secret` is missing: add it, best as ${VARIABLE}, or `secret_file`"
                }
            };
            self.missing(&located.place, message);
        }
        if !self.check_secrets(hook, inside, scheme) {
            return None;
        }
        (!found.is_empty()).then_some(found)
    }

    /// Whether each of them is of its kind.
    fn check_secrets(
        &mut self,
        hook: &Webhook,
        inside: &Slot<OneOrMoreSecrets>,
        scheme: Scheme,
    ) -> bool {
        let before = self.faults.len();
        let of = |slot: &Slot<OneOrMoreSecrets>| -> Vec<Located<Secret>> {
            slot.value().map_or_else(Vec::new, |some| some.0.clone())
        };
        if scheme == Scheme::Standard {
            for secret in of(inside) {
                if secret.value.expose().starts_with("whpk_") {
                    let message = "a public key stands here: write it as `public_key`";
                    self.wrong_key(&secret.place, message);
                }
            }
            for key in of(&hook.public_key) {
                if !key.value.expose().starts_with("whpk_") {
                    let message = "this is no public key of a standard webhook, which begins with \
                                   whpk_: a secret belongs in `secret`";
                    self.wrong_key(&key.place, message);
                }
            }
            return self.faults.len() == before;
        }
        for secret in of(inside) {
            if secret.value.expose().len() < SHORT {
                self.weak(format!(
                    "{} has fewer than {SHORT} characters: it may be guessed",
                    secret.place.path
                ));
            }
        }
        true
    }

    pub(super) fn twilio_url<'h>(&mut self, located: &'h Located<Webhook>) -> Option<&'h str> {
        match &located.value.url {
            Slot::Present(url) => {
                // What the error says besides would show the address, and it may hold a password.
                let message = "this is no address: write it as it stands at Twilio, \
                               https://host/path, without what follows a question mark";
                match WebhookLayer::twilio("x", &url.value) {
                    Ok(_) => return Some(&url.value),
                    Err(error) => self.faults.add(error.kind(), &url.place, message),
                }
            }
            Slot::Faulty => {}
            Slot::Absent => {
                let message = "`url` is missing: add the address as it stands at Twilio, which is \
                               part of what it signs";
                self.missing(&located.place, message);
            }
        }
        None
    }

    pub(super) fn hmac(&mut self, located: &Located<Webhook>) -> Option<HmacScheme> {
        let settings = match &located.value.hmac {
            Slot::Present(settings) => settings,
            Slot::Faulty => return None,
            Slot::Absent => {
                let message = "`hmac` is missing: add `hmac: {signature_header: NAME}` with the \
                               header that your partner signs in";
                self.missing(&located.place, message);
                return None;
            }
        };
        let before = self.faults.len();
        let scheme = self.hmac_scheme(&settings.value);
        if let Slot::Present(skew) = &settings.value.clock_skew_seconds
            && settings.value.timestamp_header.is_absent()
        {
            let message = "there is no time that it could be for: add `timestamp_header`, or leave \
                           it out";
            self.conflict(&skew.place, message);
        }
        if settings.value.timestamp_header.is_absent() {
            self.weak(format!(
                "{} signs no time: a recorded delivery is good for as long as nothing remembers it",
                settings.place.path
            ));
        }
        scheme.filter(|_| self.faults.len() == before)
    }

    fn hmac_scheme(&mut self, settings: &Hmac) -> Option<HmacScheme> {
        let header = settings.signature_header.present()?;
        let mut scheme = self.named(header, HmacScheme::new(&header.value))?;
        if let Some(algorithm) = settings.algorithm.value() {
            scheme = scheme.with_algorithm(*algorithm);
        }
        if let Some(encoding) = settings.encoding.value() {
            scheme = scheme.with_encoding(*encoding);
        }
        if let Slot::Present(prefix) = &settings.prefix {
            let with_prefix = scheme.clone().with_prefix(&prefix.value);
            scheme = self
                .faults
                .keep(&prefix.place, with_prefix)
                .unwrap_or(scheme);
        }
        if let Slot::Present(name) = &settings.timestamp_header {
            let with_time = scheme.clone().with_timestamp(&name.value);
            scheme = self.named(name, with_time).unwrap_or(scheme);
        }
        if let Slot::Present(name) = &settings.id_header {
            let with_id = scheme.clone().with_id(&name.value);
            scheme = self.named(name, with_id).unwrap_or(scheme);
        }
        if let Slot::Present(name) = &settings.unsigned_id_header {
            let with_id = scheme.clone().with_unsigned_id(&name.value);
            scheme = self.named(name, with_id).unwrap_or(scheme);
        }
        if let Some(leeway) = self.leeway(&settings.clock_skew_seconds) {
            scheme = scheme.with_leeway(leeway).ok()?;
        }
        Some(scheme)
    }

    /// What comes of a header's name. The text is not repeated: it may be a secret in the wrong
    /// place.
    fn named<T>(&mut self, name: &Located<String>, result: Result<T, ConfigError>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        let message = match error.kind() {
            ConfigErrorKind::Duplicate => {
                "another member names this header already: give each value its own"
            }
            ConfigErrorKind::Conflict => {
                "`id_header` names an id that is signed, which is better: leave this one out"
            }
            _ => "this is no header name: use letters, digits and hyphens",
        };
        self.faults.add(error.kind(), &name.place, message);
        None
    }
}

/// Eight random bytes in hexadecimal, which nobody makes anew on purpose.
const SHORT: usize = 16;
