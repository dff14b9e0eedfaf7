//! The document as a whole: its members, what goes over what, and the shape of `auth`.

use std::sync::Arc;

use super::{
    assembly::Assembly,
    gateway::{Gateway, Providers},
    guard::Guard,
};
use crate::{
    auth::layer::AuthLayer,
    authorize::Authorizer,
    config::{
        environment::put,
        expand::{Sources, expand},
        fault::{Faults, Place},
        node::{Kind, Node},
        read::read,
        shape::agent::{self, Agent},
        source::{Document, Format},
        suggest,
    },
    error::ConfigErrorKind,
};

/// The authorizer that the document names.
pub(in crate::config) struct NamedAuthorizer {
    pub(in crate::config) name: String,
    pub(in crate::config) authorizer: Arc<dyn Authorizer>,
}

impl Assembly<'_> {
    pub(super) fn document(
        &mut self,
        document: Document,
    ) -> Option<(Guard, Option<NamedAuthorizer>)> {
        let Document { mut root, format } = document;
        if !matches!(root.kind, Kind::Map(_)) {
            let place = Place::new("", root.at.clone());
            let message = "the document is no block: write one with an `auth` member";
            self.malformed(&place, message);
            return None;
        }
        self.config.env.override_in(&mut root, &mut self.faults);
        self.override_by_code(&mut root);
        let auth_name = auth_name(&root);
        for name in [&*auth_name, "authorization"] {
            if let Some(member) = root.member_mut(name) {
                let place = Place::new(name, member.node.at.clone());
                let (mut sources, faults) = self.sources();
                expand(&mut member.node, &place, &mut sources, faults);
            }
        }

        self.misplaced_webhooks(&root);
        let authorizer = self.authorizer(&root);
        if root.member("auth").is_none() {
            self.without_auth(&root);
        }
        // What is wrong inside of a block with a misspelled name is told as well.
        let auth = root.member(&auth_name)?;
        let place = Place::new(&*auth_name, auth.node.at.clone());
        let is_agent = format == Format::Json && agent::is_meant(&auth.node);
        let guard = if is_agent {
            let (mut sources, faults) = self.sources();
            let agent = Agent::read(&auth.node, &place, &mut sources, faults)?;
            let verdict = self.agent(&agent)?;
            self.guard(verdict, None)?
        } else {
            let gateway = read::<Gateway>(&auth.node, &place, &mut self.faults)?;
            let Some(verdict) = self.gateway(&gateway, &place) else {
                // No layer comes of it; what is wrong with its paths is told all the same.
                self.settings(AuthLayer::open(), &gateway);
                return None;
            };
            self.guard(verdict, Some(&gateway))?
        };
        if guard.provider.is_none() && authorizer.is_some() {
            let message = "an authorizer is named, and nobody is asked who calls: leave it out, \
                           or ask callers for a credential";
            let place = Place::new("authorization", auth.node.at.clone());
            self.conflict(&place, message);
        }
        Some((guard, authorizer))
    }

    /// What stands behind the variables of a text, and where to tell that it cannot be had.
    fn sources(&mut self) -> (Sources<'_>, &mut Faults) {
        let sources = Sources {
            env: &self.config.env,
            folder: self.config.source.folder(),
            files: self.files,
        };
        (sources, &mut self.faults)
    }

    fn override_by_code(&mut self, root: &mut Node) {
        for (path, value) in &self.config.values {
            let place = Place::new(path.as_str(), value.at.clone());
            let levels: Vec<&str> = path.split('.').collect();
            let is_ours = levels.first().is_some_and(|first| OURS.contains(first));
            if !is_ours || levels.contains(&"") {
                let message = "the path of a value does not begin with `auth`: write it as in \
                               `auth.jwt.issuer`";
                self.malformed(&place, message);
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
            "there is no `auth`: {hint}write one with a provider in it ({}); to let every caller \
             in, write `auth: {{enabled: false}}`",
            suggest::list(Providers::names())
        );
        let place = Place::new("", at);
        self.missing(&place, message);
    }

    fn authorizer(&mut self, root: &Node) -> Option<NamedAuthorizer> {
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
                Some(NamedAuthorizer { name, authorizer })
            }
            Err(message) => {
                self.unknown(&place, message);
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
            let place = Place::new("", member.at.clone());
            if &*member.name == "<<" {
                let message = "a merge key stands here, and could bring an `authorization`: write each \
                               member out";
                self.unknown(&place, message);
            } else if suggest::is_slip(&member.name, "authorization") {
                let message = "did you mean \"authorization\"? write it so, or give the member a \
                               name that is less like it";
                self.unknown(&place, message);
            }
        }
    }

    /// Members beside `auth` belong to others, unless they look like webhooks of ours.
    fn misplaced_webhooks(&mut self, root: &Node) {
        let Some(member) = root.member("webhooks") else {
            return;
        };
        let is_ours =
            |item: &Node| item.member("path").is_some() && item.member("scheme").is_some();
        if matches!(&member.node.kind, Kind::List(items) if items.iter().any(is_ours)) {
            let place = Place::new("webhooks", member.at.clone());
            let message = "webhooks belong into the block `auth`: move them there, or give the \
                           member another name if it is not for us";
            self.conflict(&place, message);
        }
    }
}

/// What the document calls `auth`: a slip in writing that is a fault, and read all the same.
fn auth_name(root: &Node) -> Box<str> {
    let Kind::Map(members) = &root.kind else {
        return "auth".into();
    };
    let slip = members.iter().find(|member| {
        suggest::is_slip(&member.name, "auth") && matches!(member.node.kind, Kind::Map(_))
    });
    match (root.member("auth"), slip) {
        (None, Some(slip)) => slip.name.clone(),
        _ => "auth".into(),
    }
}

/// The members of a document that are read.
const OURS: &[&str] = &["auth", "authorization"];
