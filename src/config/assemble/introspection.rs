//! Tokens that an endpoint is asked about.

use std::{sync::Arc, time::Duration};

use super::{
    assembly::{Assembly, Provider, ProviderBlock},
    claims::with_token_rules,
    kept::{IntrospectionPlan, KeptIntrospection},
};
use crate::{
    config::{
        fault::Place,
        read::{Located, OneOf, Seconds, Slot},
        shape::tokens::Introspection,
    },
    error::ConfigErrorKind,
    provider::IntrospectionAuth,
    secret::Secret,
};

impl ProviderBlock for Introspection {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        assembly.introspection(self, place)
    }
}

impl Assembly<'_> {
    fn introspection(&mut self, block: &Introspection, place: &Place) -> Option<Provider> {
        let secret = self.secret(OneOf {
            first: &block.client_secret,
            second: &block.client_secret_file,
            names: ["`client_secret`", "`client_secret_file`"],
            place,
        });
        let token = self.secret(OneOf {
            first: &block.bearer_token,
            second: &block.bearer_token_file,
            names: ["`bearer_token`", "`bearer_token_file`"],
            place,
        });
        let made = match self.client(block, &secret, &token, place) {
            Some(client) => self.introspecting(block, client),
            None => {
                self.check_endpoint(block);
                None
            }
        };
        let is_right = self.check_token_rules(&block.rules, place);
        let cache_ttl = self.cache_ttl(&block.cache_seconds);
        let authorities = self.authorities(&block.ca_file);
        let mut provider = made.filter(|_| is_right)?;
        match block.audience.value() {
            Some(audiences) => provider = provider.with_audiences(audiences.0.iter().cloned()),
            None if !block.audience.is_absent() => return None,
            None => match &self.resource {
                Some(resource) => provider = provider.with_audience(resource),
                None => {
                    let place = &place.path;
                    self.weak(format!(
                        "{place} names no audience: a token that the issuer gave somebody for \
                         another service is accepted too"
                    ));
                }
            },
        }
        if let Some(issuer) = block.issuer.value() {
            provider = provider.with_issuer(issuer);
        }
        let with_rules = with_token_rules!(provider, &block.rules);
        provider = self.faults.keep(place, with_rules)?;
        if let Some(source) = block.source.present() {
            let labelled = provider.with_source(&source.value);
            provider = self.faults.keep(&source.place, labelled)?;
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
        if let Some(time) = cache_ttl {
            provider = provider.with_cache_ttl(time).ok()?;
        }
        if block.ignore_jwts.is_true() {
            provider = provider.ignore_jwts();
        }
        if block.accept_clients.is_true() {
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
        let plan = IntrospectionPlan {
            block,
            secret,
            token,
            authorities: authorities.map(|authorities| authorities.pem),
        };
        // Else a reload would make a stranger of every caller.
        if let Some(former) = self.former
            && let Some(known) = &former.kept.introspection
            && known.plan == plan
        {
            provider = known.provider.clone();
        }
        self.kept.introspection = Some(KeptIntrospection {
            plan,
            provider: provider.clone(),
        });
        Some(Arc::new(provider))
    }

    /// How this server proves to the endpoint who it is: in exactly one way.
    fn client<'b>(
        &mut self,
        block: &'b Introspection,
        secret: &'b Slot<Secret>,
        token: &'b Slot<Secret>,
        place: &Place,
    ) -> Option<Client<'b>> {
        let (kind, message) = match (&block.client_id, secret, token) {
            (Slot::Present(id), Slot::Present(secret), Slot::Absent) => {
                return Some(Client::Basic(&id.value, secret));
            }
            (Slot::Absent, Slot::Absent, Slot::Present(token)) => {
                return Some(Client::Bearer(token));
            }
            (Slot::Faulty, ..) | (_, Slot::Faulty, _) | (.., Slot::Faulty) => return None,
            (Slot::Absent, Slot::Absent, Slot::Absent) => (
                ConfigErrorKind::Empty,
                "the endpoint answers nobody it does not know: add `client_id` and \
                 `client_secret`, or `bearer_token`",
            ),
            (.., Slot::Present(_)) => (
                ConfigErrorKind::Conflict,
                "both `bearer_token` and a client id or secret are there: keep one way to be known",
            ),
            (Slot::Absent, ..) => (
                ConfigErrorKind::Empty,
                "`client_id` is missing: add the id that goes with the secret",
            ),
            (_, Slot::Absent, _) => (
                ConfigErrorKind::Empty,
                "`client_secret` is missing: add it, best as ${VARIABLE}, or `client_secret_file`",
            ),
        };
        self.faults.add(kind, place, message);
        None
    }

    /// Tells what is wrong with the endpoint's address, where nothing is there to be known by.
    fn check_endpoint(&mut self, block: &Introspection) {
        if let Slot::Present(endpoint) = &block.endpoint {
            let allows_http = block.insecure_allow_http.is_true();
            let made =
                IntrospectionAuth::with_token(&endpoint.value, "stand-in".into(), allows_http);
            let _only_for_its_faults = self.faults.keep(&endpoint.place, made);
        }
    }

    fn introspecting(
        &mut self,
        block: &Introspection,
        client: Client<'_>,
    ) -> Option<IntrospectionAuth> {
        let endpoint = block.endpoint.present()?;
        let in_form = block.client_secret_post.present().filter(|post| post.value);
        let allows_http = block.insecure_allow_http.is_true();
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
        let located = time.present()?;
        if located.value.0 > LONGEST_CACHE_TTL {
            let message = format!(
                "an answer is remembered for {LONGEST_CACHE_TTL} seconds at most: a revoked token \
                 would work for too long"
            );
            self.malformed(&located.place, message);
            return None;
        }
        Some(Duration::from_secs(located.value.0))
    }
}

/// How this server proves to the endpoint who it is.
enum Client<'a> {
    Basic(&'a str, &'a Located<Secret>),
    Bearer(&'a Located<Secret>),
}

const LONGEST_CACHE_TTL: u64 = 300;
