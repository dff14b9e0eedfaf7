//! Tokens of issuers that publish their keys.

use std::{sync::Arc, time::Duration};

use super::{Builder, claims::set_claims};
use crate::{
    config::{
        fault::Place,
        read::{OneOrList, Slot, Spot},
        shape::tokens::OAuth2,
    },
    error::{ConfigError, ConfigErrorKind},
    provider::{AuthProvider, OAuth2Auth, OAuth2Issuers},
    secret::Secret,
};

/// What makes one issuer's provider another's: with the same, fetched keys can be kept.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) struct Issuer {
    block: OAuth2,
    /// As they were read: the file may hold others by now.
    authorities: Option<Secret>,
}

impl Builder<'_> {
    pub(super) fn oauth2(
        &mut self,
        blocks: &OneOrList<OAuth2>,
        place: &Place,
    ) -> Option<Arc<dyn AuthProvider>> {
        let OneOrList(spots) = blocks;
        self.check_issuers(spots);
        let mut names = Vec::with_capacity(spots.len());
        let mut providers = Vec::with_capacity(spots.len());
        for spot in spots {
            if let Some(provider) = self.issuer(&spot.value) {
                self.weak_claims(&spot.value, &spot.place);
                names.push(provider.issuer().escape_debug().to_string());
                providers.push(provider);
            }
        }
        if providers.len() < spots.len() {
            // What is wrong with each of them has been told.
            return None;
        }
        let text = format!("oauth2 ({})", names.join(", "));
        self.summary.providers.push(text);
        match providers.len() {
            1 => Some(Arc::new(providers.pop()?)),
            _ => {
                let issuers = self.faults.keep(place, OAuth2Issuers::new(providers))?;
                Some(Arc::new(issuers))
            }
        }
    }

    fn issuer(&mut self, oauth2: &OAuth2) -> Option<OAuth2Auth> {
        let before = self.faults.len();
        self.leeway(&oauth2.clock_skew_seconds);
        self.grants(&oauth2.granted_scopes, &oauth2.granted_roles);
        let authorities = self.authorities(&oauth2.ca_file).ok()?;
        let issuer = oauth2.issuer.here()?;
        if self.faults.len() > before {
            return None;
        }
        let plan = Issuer {
            block: oauth2.clone(),
            authorities: authorities.as_ref().map(|one| one.pem.clone()),
        };
        let former = self.former.issuers.iter().find(|(one, _)| *one == plan);
        let provider = match former {
            Some((_, provider)) => provider.clone(),
            None => {
                let place = oauth2.jwks_uri.here();
                let place = place.map_or(&issuer.place, |uri| &uri.place);
                let mut made = self.faults.keep(place, plan.provider()?)?;
                if let Some(authorities) = authorities {
                    made = made.with_transport(authorities.transport);
                }
                if let Some(file) = oauth2.key_set_bearer_file.value() {
                    let path = self.config.source.folder().join(file);
                    made = made.with_key_set_bearer_file(path);
                }
                match &self.config.clock {
                    Some(clock) => made.with_clock(clock.clone()),
                    None => made,
                }
            }
        };
        if provider.endpoint().is_plain_http() {
            self.weak(format!(
                "{}: the issuer is asked over plain http, and whoever is on the way can sign any \
                 token",
                issuer.place.path
            ));
        }
        self.issuers.push((plan, provider.clone()));
        Some(provider)
    }

    /// The token's `iss` picks one of them, so no two may have the same name.
    fn check_issuers(&mut self, spots: &[Spot<OAuth2>]) {
        let name = |spot: &Spot<OAuth2>| spot.value.issuer.value().cloned();
        for (index, spot) in spots.iter().enumerate() {
            let Slot::Here(issuer) = &spot.value.issuer else {
                continue;
            };
            let is_twin = |other: &&Spot<OAuth2>| name(other).as_ref() == Some(&issuer.value);
            if let Some(first) = spots.iter().take(index).find(is_twin) {
                let message = format!(
                    "{} has this issuer already: name it once, with a list of audiences",
                    first.place.path
                );
                self.faults
                    .add(ConfigErrorKind::Duplicate, &issuer.place, message);
            }
        }
    }
}

impl Issuer {
    /// The provider, where what it needs could be read. INVARIANT: whatever it depends on is part
    /// of the plan.
    fn provider(&self) -> Option<Result<OAuth2Auth, ConfigError>> {
        let block = &self.block;
        let issuer = block.issuer.value()?;
        let (first, others) = block.audience.value()?.0.split_first()?;
        let allows_http = block.insecure_allow_http.value() == Some(&true);
        let made = match block.jwks_uri.value() {
            Some(uri) if allows_http => {
                OAuth2Auth::insecure_without_warning(issuer.as_str(), first)
                    .and_then(|made| made.with_jwks_uri(uri))
            }
            None if allows_http => OAuth2Auth::insecure_without_warning(issuer.as_str(), first),
            Some(uri) => OAuth2Auth::from_jwks_uri(issuer.as_str(), first, uri),
            None => OAuth2Auth::new(issuer.as_str(), first),
        };
        Some(made.and_then(|provider| self.set(provider, others)))
    }

    fn set(
        &self,
        mut provider: OAuth2Auth,
        audiences: &[String],
    ) -> Result<OAuth2Auth, ConfigError> {
        let block = &self.block;
        for audience in audiences {
            provider = provider.add_audience(audience.as_str())?;
        }
        if let Some(algorithms) = block.algorithms.value() {
            provider = provider.with_algorithms(algorithms.0.iter().copied())?;
        }
        set_claims!(provider, block);
        if let Some(skew) = block.clock_skew_seconds.value() {
            provider = provider.with_leeway(Duration::from_secs(skew.0))?;
        }
        let texts = |spots: &Vec<Spot<String>>| -> Vec<String> {
            spots.iter().map(|spot| spot.value.clone()).collect()
        };
        if let Some(scopes) = block.granted_scopes.value() {
            provider = provider.with_granted_scopes(texts(scopes));
        }
        if let Some(roles) = block.granted_roles.value() {
            provider = provider.with_granted_roles(texts(roles));
        }
        if block.strict_at_jwt.value() == Some(&true) {
            provider = provider.strict_at_jwt();
        }
        Ok(provider)
    }
}
