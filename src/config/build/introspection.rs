//! Tokens that an endpoint is asked about.

use std::{sync::Arc, time::Duration};

use super::{Builder, claims::set_user_and_scopes};
use crate::{
    config::{
        fault::Place,
        read::{Seconds, Slot, Spot},
        shape::tokens::Introspection,
    },
    error::ConfigErrorKind,
    provider::{AuthProvider, IntrospectionAuth},
    secret::Secret,
};

/// What makes one provider another: with the same, it is still known which tokens are good.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Asking {
    block: Introspection,
    /// As they were read: a file may hold another one by now.
    secret: Slot<Secret>,
    token: Slot<Secret>,
    authorities: Option<Secret>,
}

impl Builder<'_> {
    pub(super) fn introspection(
        &mut self,
        block: &Introspection,
        place: &Place,
    ) -> Option<Arc<dyn AuthProvider>> {
        let names = ("client_secret", "client_secret_file");
        let (text, file) = (&block.client_secret, &block.client_secret_file);
        let secret = self.secret(text, file, names, place);
        let names = ("bearer_token", "bearer_token_file");
        let (text, file) = (&block.bearer_token, &block.bearer_token_file);
        let token = self.secret(text, file, names, place);
        let made = self.introspecting_client(block, (&secret, &token), place);
        let leeway = self.leeway(&block.clock_skew_seconds);
        let cache_ttl = self.cache_ttl(&block.cache_seconds);
        let [scopes, roles] = self.grants(&block.granted_scopes, &block.granted_roles);
        let authorities = self.authorities(&block.ca_file);
        let mut provider = made?;
        match block.audience.value() {
            Some(audiences) => provider = provider.with_audiences(audiences.0.iter().cloned()),
            None if block.audience.is_absent() => {
                let place = &place.path;
                self.weak(format!(
                    "{place} names no audience: a token that the issuer gave somebody for another \
                     service is accepted too"
                ));
            }
            None => return None,
        }
        if let Some(issuer) = block.issuer.value() {
            provider = provider.with_issuer(issuer);
        }
        set_user_and_scopes!(provider, block);
        self.weak_claims(block, place);
        if let Some(source) = block.source.here() {
            let labelled = provider.with_source(&source.value);
            provider = self.faults.keep(&source.place, labelled)?;
        }
        if let Some(scopes) = scopes {
            provider = provider.with_granted_scopes(scopes);
        }
        if let Some(roles) = roles {
            provider = provider.with_granted_roles(roles);
        }
        let authorities = authorities.ok()?;
        if let Some(authorities) = &authorities {
            provider = provider.with_transport(authorities.transport.clone());
        }
        if provider.endpoint().is_plain_http() {
            self.weak(format!(
                "{}: the endpoint is asked over plain http, and whoever is on the way reads the \
                 secret and every token",
                place.path
            ));
        }
        if let Some(leeway) = leeway {
            provider = provider.with_leeway(leeway).ok()?;
        }
        if let Some(time) = cache_ttl {
            provider = provider.with_cache_ttl(time).ok()?;
        }
        if block.ignore_jwts.value() == Some(&true) {
            provider = provider.ignore_jwts();
        }
        if block.accept_clients.value() == Some(&true) {
            provider = provider.accept_clients();
        }
        if let Some(clock) = &self.config.clock {
            provider = provider.with_clock(clock.clone());
        }
        // A query may hold what is meant for the endpoint alone.
        let endpoint = block.endpoint.value()?.split('?').next()?.escape_debug();
        self.summary
            .providers
            .push(format!("introspection ({endpoint})"));
        let block = block.clone();
        let asking = Asking {
            block,
            secret,
            token,
            authorities: authorities.map(|authorities| authorities.pem),
        };
        // Else a reload would make a stranger of every caller.
        if let Some((former, known)) = self.former.introspection
            && *former == asking
        {
            provider = known.clone();
        }
        self.introspection = Some((asking, provider.clone()));
        Some(Arc::new(provider))
    }

    /// The provider, by how this server proves to the endpoint who it is.
    fn introspecting_client(
        &mut self,
        block: &Introspection,
        (secret, token): (&Slot<Secret>, &Slot<Secret>),
        place: &Place,
    ) -> Option<IntrospectionAuth> {
        let client = match (&block.client_id, secret, token) {
            (Slot::Absent, Slot::Absent, Slot::Absent) => {
                let message = "the endpoint answers nobody it does not know: add `client_id` and \
                               `client_secret`, or `bearer_token`";
                self.faults.add(ConfigErrorKind::Empty, place, message);
                return None;
            }
            (Slot::Here(id), Slot::Here(secret), Slot::Absent) => Client::Basic(&id.value, secret),
            (Slot::Absent, Slot::Absent, Slot::Here(token)) => Client::Bearer(token),
            (Slot::Faulty, ..) | (_, Slot::Faulty, _) | (.., Slot::Faulty) => return None,
            (.., Slot::Here(_)) => {
                let message = "both `bearer_token` and a client id or secret are there: keep one \
                               way to be known";
                self.faults.add(ConfigErrorKind::Conflict, place, message);
                return None;
            }
            (Slot::Absent, ..) => {
                let message = "`client_id` is missing: add the id that goes with the secret";
                self.faults.add(ConfigErrorKind::Empty, place, message);
                return None;
            }
            (_, Slot::Absent, _) => {
                let message = "`client_secret` is missing: add it, best as ${VARIABLE}, or \
                               `client_secret_file`";
                self.faults.add(ConfigErrorKind::Empty, place, message);
                return None;
            }
        };
        let endpoint = block.endpoint.here()?;
        let in_form = block.client_secret_post.here().filter(|post| post.value);
        let allows_http = block.insecure_allow_http.value() == Some(&true);
        let url = &endpoint.value;
        let (place, made) = match client {
            Client::Basic(id, secret) => (
                &endpoint.place,
                IntrospectionAuth::with_secret(url, id, secret.value.clone(), allows_http),
            ),
            Client::Bearer(token) => (
                &token.place,
                IntrospectionAuth::with_token(url, token.value.clone(), allows_http),
            ),
        };
        let made = self.faults.keep(place, made)?;
        match in_form {
            Some(post) => self
                .faults
                .keep(&post.place, made.with_client_secret_post()),
            None => Some(made),
        }
    }

    fn cache_ttl(&mut self, time: &Slot<Seconds>) -> Option<Duration> {
        let spot = time.here()?;
        if spot.value.0 > LONGEST_CACHE_TTL {
            let message = format!(
                "an answer is remembered for {LONGEST_CACHE_TTL} seconds at most: a revoked token \
                 would work for too long"
            );
            self.faults
                .add(ConfigErrorKind::Malformed, &spot.place, message);
            return None;
        }
        Some(Duration::from_secs(spot.value.0))
    }
}

/// How this server proves to the endpoint who it is.
enum Client<'a> {
    Basic(&'a str, &'a Spot<Secret>),
    Bearer(&'a Spot<Secret>),
}

const LONGEST_CACHE_TTL: u64 = 300;
