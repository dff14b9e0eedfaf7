//! Tokens of issuers that publish their keys.

use std::sync::Arc;

use super::{
    assembly::{Assembly, Provider, ProviderBlock},
    claims::with_jwt_rules,
    kept::{IssuerPlan, KeptIssuer},
    trust::{Authorities, FaultReported},
};
use crate::{
    config::{
        fault::Place,
        read::{Located, OneOrList, Slot},
        shape::tokens::OAuth2,
    },
    error::ConfigError,
    provider::{OAuth2Auth, OAuth2Issuers},
};

impl ProviderBlock for OneOrList<OAuth2> {
    fn provider(&self, assembly: &mut Assembly<'_>, place: &Place) -> Option<Provider> {
        let Self(entries) = self;
        assembly.check_issuers(entries);
        let found = entries
            .iter()
            .filter_map(|located| assembly.issuer(located));
        let mut providers: Vec<OAuth2Auth> = found.collect();
        if providers.len() < entries.len() {
            // What is wrong with each of them has been told.
            return None;
        }
        let names = providers.iter().map(OAuth2Auth::issuer);
        let names: Vec<String> = names.map(|name| name.escape_debug().to_string()).collect();
        let summary = &mut assembly.summary.providers;
        summary.push(format!("oauth2 ({})", names.join(", ")));
        match providers.len() {
            1 => Some(Arc::new(providers.pop()?)),
            _ => {
                let issuers = OAuth2Issuers::new(providers);
                Some(Arc::new(assembly.faults.keep(place, issuers)?))
            }
        }
    }
}

impl Assembly<'_> {
    fn issuer(&mut self, located: &Located<OAuth2>) -> Option<OAuth2Auth> {
        let oauth2 = &located.value;
        let is_right = self.check_jwt_rules(&oauth2.rules, &located.place);
        let authorities = match self.authorities(&oauth2.ca_file) {
            Ok(authorities) => authorities,
            Err(FaultReported) => {
                self.check_addresses(located);
                return None;
            }
        };
        let (Slot::Present(issuer), Slot::Present(_), true) =
            (&oauth2.issuer, &oauth2.audience, is_right)
        else {
            self.check_addresses(located);
            return None;
        };
        let plan = IssuerPlan {
            block: oauth2.clone(),
            authorities: authorities.as_ref().map(|one| one.pem.clone()),
        };
        let former = self.former.map_or(&[][..], |former| &former.kept.issuers);
        let provider = match former.iter().find(|former| former.plan == plan) {
            Some(former) => former.provider.clone(),
            None => self.new_issuer(&plan, issuer, authorities)?,
        };
        if provider.endpoint().is_plain_http() {
            self.weak(format!(
                "{}: the issuer is asked over plain http, and whoever is on the way can sign any \
                 token",
                issuer.place.path
            ));
        }
        self.kept.issuers.push(KeptIssuer {
            plan,
            provider: provider.clone(),
        });
        Some(provider)
    }

    /// Tells what is wrong with the addresses of a block of which no provider comes.
    fn check_addresses(&mut self, located: &Located<OAuth2>) {
        let plan = IssuerPlan {
            block: located.value.clone(),
            authorities: None,
        };
        let block = &plan.block;
        let place = block.jwks_uri.present().map(|uri| &uri.place);
        let place = place.or(block.issuer.present().map(|issuer| &issuer.place));
        if let Some(place) = place {
            let _only_for_its_faults = self.faults.keep(place, plan.addressed());
        }
    }

    fn new_issuer(
        &mut self,
        plan: &IssuerPlan,
        issuer: &Located<String>,
        authorities: Option<Authorities>,
    ) -> Option<OAuth2Auth> {
        let place = plan.block.jwks_uri.present();
        let place = place.map_or(&issuer.place, |uri| &uri.place);
        let mut made = self.faults.keep(place, plan.provider())?;
        if let Some(authorities) = authorities {
            made = made.with_transport(authorities.transport);
        }
        if let Some(file) = plan.block.key_set_bearer_file.value() {
            let path = self.config.source.folder().join(file);
            made = made.with_key_set_bearer_file(path);
        }
        Some(match &self.config.clock {
            Some(clock) => made.with_clock(clock.clone()),
            None => made,
        })
    }

    /// The token's `iss` picks one of them, so no two may have the same name.
    fn check_issuers(&mut self, entries: &[Located<OAuth2>]) {
        let name = |located: &Located<OAuth2>| located.value.issuer.value().cloned();
        for (index, located) in entries.iter().enumerate() {
            let Slot::Present(issuer) = &located.value.issuer else {
                continue;
            };
            let is_twin = |other: &&Located<OAuth2>| name(other).as_ref() == Some(&issuer.value);
            if let Some(first) = entries.iter().take(index).find(is_twin) {
                let message = format!(
                    "{} has this issuer already: name it once, with a list of audiences",
                    first.place.path
                );
                self.duplicate(&issuer.place, message);
            }
        }
    }
}

impl IssuerPlan {
    /// The provider. INVARIANT: whatever it depends on is part of the plan.
    fn provider(&self) -> Result<OAuth2Auth, ConfigError> {
        let audiences = self.block.audience.value();
        let others = audiences.and_then(|audiences| audiences.0.get(1..));
        self.set(self.addressed()?, others.unwrap_or_default())
    }

    /// The provider with its addresses alone. What is not there has been told, and something else
    /// stands in for it: INVARIANT: nothing is built from a configuration with a fault.
    fn addressed(&self) -> Result<OAuth2Auth, ConfigError> {
        let block = &self.block;
        let issuer = block.issuer.value();
        let issuer = issuer.map_or("https://issuer.example", String::as_str);
        let audience = block.audience.value().and_then(|some| some.0.first());
        let audience = audience.map_or("audience", String::as_str);
        let allows_http = block.insecure_allow_http.is_true();
        match block.jwks_uri.value() {
            Some(uri) if allows_http => {
                OAuth2Auth::insecure_without_warning(issuer, audience)?.with_jwks_uri(uri)
            }
            None if allows_http => OAuth2Auth::insecure_without_warning(issuer, audience),
            Some(uri) => OAuth2Auth::from_jwks_uri(issuer, audience, uri),
            None => OAuth2Auth::new(issuer, audience),
        }
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
        if block.strict_at_jwt.is_true() {
            provider = provider.strict_at_jwt();
        }
        with_jwt_rules!(provider, &block.rules)
    }
}
