//! What a layer tells about itself to whoever describes it.

use std::sync::Arc;

use http::Request;

use super::{
    core::{Admission, Core},
    layer::AuthLayer,
};
use crate::{
    access::{Access, Listed, Rules},
    provider::AuthProvider,
    request::AuthRequest,
};

/// The settings of a layer, for a description.
pub(crate) struct Described<'a>(&'a Core);

impl AuthLayer {
    pub(crate) fn described(&self) -> Described<'_> {
        Described(&self.core)
    }
}

impl<'a> Described<'a> {
    /// The provider that is asked where no rule names another.
    pub(crate) fn provider(&self) -> Arc<dyn AuthProvider> {
        self.0.provider.shared()
    }

    /// Each rule with its access.
    pub(crate) fn rules(&self) -> impl Iterator<Item = Listed<'a, Access>> {
        let rules = self.0.rules.list();
        rules.map(|listed| {
            listed.map(|admission| match admission {
                Admission::Public => Access::Public,
                Admission::Optional => Access::Optional,
                Admission::Required => Access::Required,
                Admission::Provider(provider) => Access::Provider(provider.shared()),
            })
        })
    }

    /// Rules that find the number of a rule among [`rules`](Self::rules).
    pub(crate) fn rule_numbers(&self) -> Rules<usize> {
        self.0.rules.numbers()
    }

    pub(crate) fn realm(&self) -> String {
        self.0.realm.name()
    }

    pub(crate) fn resource_metadata(&self) -> Option<&'a str> {
        self.0.realm.metadata()
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.0.disabled
    }

    pub(crate) fn passes_preflight(&self) -> bool {
        self.0.pass_preflight
    }

    /// A request as the providers see it.
    pub(crate) fn view<'r, B>(&self, request: &'r Request<B>) -> AuthRequest<'r> {
        self.0.view(request)
    }

    /// The limits in words.
    pub(crate) fn limits(&self) -> impl Iterator<Item = String> + use<'a> {
        let attempts = self.0.attempts.iter().map(ToString::to_string);
        attempts.chain(self.0.requests.iter().map(ToString::to_string))
    }
}
