//! What each provider says of a request, one by one.

use std::{future::Future, sync::Arc};

use http::Request;

use super::provider::ProviderDescription;
use crate::{
    access::{Access, Route},
    auth::layer::AuthLayer,
    caught::caught,
    provider::{AuthProvider, ask, authentication::AuthResult},
};

impl AuthLayer {
    /// Asks each provider about a request by itself, in order, to explain what the layer makes of it;
    /// none where nobody is asked.
    ///
    /// The layer itself asks a chain, which ends with the first provider that accepts, and refuses an
    /// ambiguous request before it asks anybody: see [`CompositeAuth`](crate::provider::CompositeAuth).
    /// Limits count nothing here. A provider that waits for its issuer waits here too.
    ///
    /// # Security
    ///
    /// An answer is for whoever runs the server, never for the caller: it tells which provider refused
    /// and why.
    ///
    /// # Example
    ///
    /// ```
    /// use http::Request;
    /// use tower_auth::{AuthLayer, provider::{ApiKeyAuth, CompositeAuth, provider_fn}};
    ///
    /// # async fn explain() -> Result<(), tower_auth::ConfigError> {
    /// let chain = CompositeAuth::new(ApiKeyAuth::new(["sk-live-9f"])?).or(provider_fn(|_| Ok(None)));
    /// let request = Request::post("/run").header("x-api-key", "wrong").body(()).unwrap();
    /// let answers = AuthLayer::new(chain).ask_each(&request).await;
    /// assert_eq!(answers[0].provider().name(), "api_key");
    /// assert_eq!(answers[0].answer().as_ref().unwrap_err().code(), "invalid_credential");
    /// assert!(matches!(answers[1].answer(), Ok(None))); // not its credential
    /// # Ok(())
    /// # }
    /// # let mut explain = std::pin::pin!(explain());
    /// # let waker = std::task::Waker::noop();
    /// # assert!(explain.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_ready());
    /// ```
    pub fn ask_each<B>(
        &self,
        request: &Request<B>,
    ) -> impl Future<Output = Vec<ProviderAnswer>> + Send + use<B> {
        let described = self.described();
        let route = Route::of(request.uri(), request.extensions());
        let number = described
            .rule_numbers()
            .find_opening(request.method(), &route)
            .copied();
        let rule = number.and_then(|number| described.rules().nth(number));
        let provider = match rule.map(|rule| rule.access) {
            _ if described.is_disabled() => None,
            Some(Access::Public) => None,
            Some(Access::Provider(provider)) => Some(provider),
            Some(Access::Optional | Access::Required) | None => Some(described.provider()),
        };
        let mut members = Vec::new();
        if let Some(provider) = provider {
            add_members(provider, &mut members);
        }
        let request = described.view(request).to_buf();
        async move {
            let mut answers = Vec::new();
            for member in members {
                let answer = ask(&*member, &request.as_request()).answer().await;
                answers.push(ProviderAnswer {
                    provider: ProviderDescription::of(&*member),
                    answer,
                });
            }
            answers
        }
    }
}

fn add_members(provider: Arc<dyn AuthProvider>, all: &mut Vec<Arc<dyn AuthProvider>>) {
    match caught(|| provider.members()).unwrap_or_default() {
        members if members.is_empty() => all.push(provider),
        members => members
            .into_iter()
            .for_each(|member| add_members(member, all)),
    }
}

/// What one provider says of a request: made by [`AuthLayer::ask_each`].
#[derive(Clone, Debug)]
pub struct ProviderAnswer {
    provider: ProviderDescription,
    answer: AuthResult,
}

impl ProviderAnswer {
    /// The provider that was asked.
    pub fn provider(&self) -> &ProviderDescription {
        &self.provider
    }

    /// Its answer: a caller, "no credential of mine", or why it refuses.
    pub fn answer(&self) -> &AuthResult {
        &self.answer
    }
}
