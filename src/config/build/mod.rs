//! From the document to a layer.

mod keys;
mod mode;
mod tokens;

use std::sync::Arc;

use super::{
    AuthConfig,
    environment::put,
    expand::expand,
    fault::{ConfigFaults, Faults, Place},
    node::{Kind, Node},
    read::{Slot, Spot, read},
    shape::{
        agent::{self, Agent},
        gateway::{Allowlist, Gateway, Maker, Mode},
    },
    source::{Document, Format, Seen},
    suggest,
    summary::ConfigSummary,
};
use crate::{
    AuthLayer, ConfigErrorKind,
    authorize::Authorizer,
    provider::{AllowlistAuth, AuthProvider, CompositeAuth, OAuth2Auth},
};

pub(super) use self::tokens::Issuer;

/// What a document came to.
pub(super) struct Built {
    pub(super) layer: AuthLayer,
    pub(super) provider: Option<Arc<dyn AuthProvider>>,
    pub(super) authorizer: Option<(String, Arc<dyn Authorizer>)>,
    pub(super) issuer: Option<(Issuer, OAuth2Auth)>,
    pub(super) summary: ConfigSummary,
}

/// What one build reads and finds.
struct Builder<'a> {
    config: &'a AuthConfig,
    /// The issuer of the build before, whose keys are fetched already.
    former: Option<&'a (Issuer, OAuth2Auth)>,
    issuer: Option<(Issuer, OAuth2Auth)>,
    seen: &'a mut Vec<Seen>,
    faults: Faults,
    summary: ConfigSummary,
}

/// Who is asked.
enum Verdict {
    /// Nobody. INVARIANT: made only where the document says so in one of the explicit ways.
    Disabled,
    Ask(Arc<dyn AuthProvider>),
}

/// Builds what a configuration says, or tells everything that is wrong with it.
///
/// The files it read are noted in `seen` in either case.
pub(super) fn build(
    config: &AuthConfig,
    former: Option<&(Issuer, OAuth2Auth)>,
    seen: &mut Vec<Seen>,
) -> Result<Built, ConfigFaults> {
    let origin = config.source.name();
    let document = config.source.read(seen)?;
    let mut builder = Builder {
        config,
        former,
        issuer: None,
        seen,
        faults: Faults::of(Arc::clone(&origin)),
        summary: ConfigSummary {
            source: origin,
            overrides: config.env.override_names(),
            ..ConfigSummary::default()
        },
    };
    let built = builder.document(document);
    let Builder {
        faults,
        issuer,
        mut summary,
        ..
    } = builder;
    summary.warn_of_address(config.address);
    let built = built.map(|(layer, provider, authorizer)| Built {
        layer,
        provider,
        authorizer,
        issuer,
        summary,
    });
    faults.finish(built)
}

type Parts = (
    AuthLayer,
    Option<Arc<dyn AuthProvider>>,
    Option<(String, Arc<dyn Authorizer>)>,
);

impl Builder<'_> {
    fn document(&mut self, document: Document) -> Option<Parts> {
        let Document { mut root, format } = document;
        if !matches!(root.kind, Kind::Map(_)) {
            let place = Place::new("", root.at.clone());
            let message = "the document is no block: write one with an `auth` member";
            self.faults.add(ConfigErrorKind::Malformed, &place, message);
            return None;
        }
        self.config.env.override_in(&mut root, &mut self.faults);
        self.override_by_code(&mut root);
        for name in OURS {
            if let Some(member) = root.member_mut(name) {
                let place = Place::new(*name, member.node.at.clone());
                expand(&mut member.node, &place, &self.config.env, &mut self.faults);
            }
        }

        let authorizer = self.authorizer(&root);
        let Some(auth) = root.member("auth") else {
            self.without_auth(&root);
            return None;
        };
        let place = Place::new("auth", auth.node.at.clone());
        let is_agent = format == Format::Json && agent::is_meant(&auth.node);
        let (layer, provider) = if is_agent {
            let env = &self.config.env;
            let agent = Agent::read(&auth.node, &place, env, &mut self.faults)?;
            let verdict = self.agent(&agent)?;
            self.layer(verdict, None)?
        } else {
            let gateway = read::<Gateway>(&auth.node, &place, &mut self.faults)?;
            let Some(verdict) = self.gateway(&gateway, &place) else {
                // No layer comes of it; what is wrong with its paths is told all the same.
                self.settings(AuthLayer::open(), &gateway);
                return None;
            };
            self.layer(verdict, Some(&gateway))?
        };
        if let (None, Some((_, _))) = (&provider, &authorizer) {
            let message = "an authorizer is named, and nobody is asked who calls: leave it out, \
                           or ask callers for a credential";
            let place = Place::new("authorization", auth.node.at.clone());
            self.faults.add(ConfigErrorKind::Conflict, &place, message);
        }
        Some((layer, provider, authorizer))
    }

    fn override_by_code(&mut self, root: &mut Node) {
        for (path, value) in &self.config.values {
            let place = Place::new(path.as_str(), value.at.clone());
            let levels: Vec<&str> = path.split('.').collect();
            let is_ours = levels.first().is_some_and(|first| OURS.contains(first));
            if !is_ours || levels.contains(&"") {
                let message = "the path of a value does not begin with `auth`: write it as in \
                               `auth.jwt.issuer`";
                self.faults.add(ConfigErrorKind::Malformed, &place, message);
            } else if let Err(fault) = put(root, &levels, value.clone()) {
                self.faults.add(ConfigErrorKind::Conflict, &place, fault);
            }
        }
    }

    fn without_auth(&mut self, root: &Node) {
        let Kind::Map(members) = &root.kind else {
            return;
        };
        let close = members
            .iter()
            .find(|member| suggest::is_slip(&member.name, "auth"));
        let (at, hint) = match close {
            Some(member) => (member.at.clone(), "was it misspelled here? "),
            None => (root.at.clone(), ""),
        };
        let message = format!(
            "there is no `auth`: {hint}write one with api_keys, jwt, oauth2, allowlist or custom \
             in it; to let every caller in, write `auth: {{enabled: false}}`"
        );
        let place = Place::new("", at);
        self.faults.add(ConfigErrorKind::Empty, &place, message);
    }

    fn authorizer(&mut self, root: &Node) -> Option<(String, Arc<dyn Authorizer>)> {
        let Some(member) = root.member("authorization") else {
            self.misspelled_authorization(root);
            return None;
        };
        let place = Place::new("authorization", member.node.at.clone());
        let name: String = read(&member.node, &place, &mut self.faults)?;
        let found = self.config.registry.authorizers.find(&name, "authorizer");
        match found {
            Ok(authorizer) => {
                self.summary.authorizer = Some(name.clone());
                Some((name, authorizer))
            }
            Err(message) => {
                self.faults.add(ConfigErrorKind::Unknown, &place, message);
                None
            }
        }
    }

    /// Members that are not ours are ignored; one that was meant to be ours would leave every
    /// caller unjudged.
    fn misspelled_authorization(&mut self, root: &Node) {
        let Kind::Map(members) = &root.kind else {
            return;
        };
        for member in members {
            if suggest::is_slip(&member.name, "authorization") {
                let place = Place::new("", member.at.clone());
                let message = "did you mean \"authorization\"? write it so, or give the member a \
                               name that is less like it";
                self.faults.add(ConfigErrorKind::Unknown, &place, message);
            }
        }
    }

    fn agent(&mut self, agent: &Agent) -> Option<Verdict> {
        match agent {
            Agent::Nobody => Some(Verdict::Disabled),
            Agent::Jwt(tokens) => self.agent_tokens(tokens).map(Verdict::Ask),
            Agent::Custom(name) => self.custom(&name.value, &name.place).map(Verdict::Ask),
        }
    }

    fn gateway(&mut self, gateway: &Gateway, place: &Place) -> Option<Verdict> {
        self.check_mode(gateway, place);
        let mut providers = Vec::new();
        for (_, place, maker) in gateway.makers() {
            let provider = match maker {
                Maker::ApiKeys(keys) => self.api_keys(keys, place),
                Maker::Jwt(jwt) => self.jwt(jwt, place),
                Maker::OAuth2(oauth2) => self.oauth2(oauth2, place),
                Maker::Allowlist(list) => self.allowlist(list, place),
                Maker::Custom(name) => self.custom(name, place),
            };
            providers.extend(provider);
        }
        let is_off = gateway.enabled.value() == Some(&false);
        let is_nobody = gateway.mode.value() == Some(&Mode::Nobody);
        if is_off || is_nobody {
            return Some(Verdict::Disabled);
        }
        match providers.len() {
            1 => providers.pop().map(Verdict::Ask),
            _ => {
                let chain = CompositeAuth::from_providers(providers).ok()?;
                Some(Verdict::Ask(Arc::new(chain)))
            }
        }
    }

    fn allowlist(&mut self, list: &Allowlist, place: &Place) -> Option<Arc<dyn AuthProvider>> {
        let ids = |spots: &[Spot<super::read::Id>]| -> Vec<String> {
            spots.iter().map(|spot| spot.value.0.clone()).collect()
        };
        let users = ids(&list.user_ids.value()?.0);
        if users.is_empty() {
            // What is wrong with each of them has been told.
            return None;
        }
        let count = users.len();
        let built = match list.platforms.value() {
            Some(platforms) => {
                let platforms = platforms.0.iter().map(|spot| spot.value.clone());
                AllowlistAuth::on_platforms(platforms, users)
            }
            None => {
                let weak = "auth.allowlist names no platform: the same id on another platform is \
                            somebody else";
                self.summary.weak.push(weak.into());
                AllowlistAuth::on_any_platform(users)
            }
        };
        let built = match list.chat_ids.value() {
            Some(chats) => built.and_then(|built| built.with_chat_ids(ids(&chats.0))),
            None => built,
        };
        let allowlist = self.faults.keep(place, built)?;
        let text = format!("allowlist ({count} users)");
        self.summary.providers.push(text);
        Some(Arc::new(allowlist))
    }

    fn custom(&mut self, name: &str, place: &Place) -> Option<Arc<dyn AuthProvider>> {
        match self.config.registry.providers.find(name, "provider") {
            Ok(provider) => {
                self.summary.providers.push(format!("custom ({name})"));
                Some(provider)
            }
            Err(message) => {
                self.faults.add(ConfigErrorKind::Unknown, place, message);
                None
            }
        }
    }

    fn layer(
        &mut self,
        verdict: Verdict,
        gateway: Option<&Gateway>,
    ) -> Option<(AuthLayer, Option<Arc<dyn AuthProvider>>)> {
        let mut layer = match &verdict {
            Verdict::Disabled => {
                self.summary.is_disabled = true;
                AuthLayer::open()
            }
            Verdict::Ask(provider) => AuthLayer::new(Arc::clone(provider)),
        };
        if let Some(gateway) = gateway {
            layer = self.settings(layer, gateway);
        }
        if let Some(adjust) = &self.config.adjust {
            layer = self
                .faults
                .keep(&Place::new("", super::node::At::Code), adjust(layer))?;
        }
        Some(match verdict {
            Verdict::Disabled => (layer, None),
            Verdict::Ask(provider) => (layer, Some(provider)),
        })
    }

    fn settings(&mut self, mut layer: AuthLayer, gateway: &Gateway) -> AuthLayer {
        if let Slot::Here(realm) = &gateway.realm {
            let changed = layer.clone().with_realm(&realm.value);
            layer = self.faults.keep(&realm.place, changed).unwrap_or(layer);
        }
        for path in gateway.public_paths.value().into_iter().flatten() {
            if path.value.starts_with("/{*") {
                let message = "this makes every path public: name the paths; to let every caller \
                               in, write `enabled: false`";
                self.faults
                    .add(ConfigErrorKind::Conflict, &path.place, message);
                continue;
            }
            match layer.clone().try_public(path.value.as_str()) {
                Ok(changed) => {
                    self.summary.public_paths.push(path.value.clone());
                    layer = changed;
                }
                Err(error) if error.kind() == ConfigErrorKind::Conflict => {
                    let message = "an earlier path of the list is the same, or has a parameter \
                                   where this one has {*rest}, or the other way round: leave one \
                                   of the two out";
                    self.faults.add(error.kind(), &path.place, message);
                }
                Err(error) => self.faults.add_error(&path.place, &error),
            }
        }
        if gateway.dev_docs.value() == Some(&true) {
            self.summary.dev_docs = true;
            layer = layer.dev_docs(true);
        }
        layer
    }
}

/// The members of a document that are read.
const OURS: &[&str] = &["auth", "authorization"];
