//! The answer of the layers that serve.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use http::{Request, Response, header};
use tower::{Layer, Service, ServiceExt};
use tower_auth::{AuthContext, AuthError, AuthLayer, webhook::WebhookRoutes};

use super::{line, words};
use crate::fault::Fault;

/// Asks the layers, around a service that does nothing.
pub(super) async fn run(
    layer: AuthLayer,
    routes: WebhookRoutes,
    request: Request<String>,
) -> Result<(), Fault> {
    let service = routes.layer(layer.layer(Inner));
    let Ok(response) = service.oneshot(request).await;
    let status = response.status().as_u16();
    let extensions = response.extensions();
    let text = match (extensions.get::<AuthError>(), extensions.get::<Passed>()) {
        (Some(error), _) => format!("{status} {}, {}", words::refusal(error), error.message()),
        (None, Some(Passed(Some(caller)))) => {
            format!("it passes, as {}", words::caller(caller))
        }
        (None, Some(Passed(None))) => "it passes, and nobody is known".into(),
        (None, None) => format!("{status}, by the layer itself"),
    };
    line("answer", text)?;
    for challenge in response.headers().get_all(header::WWW_AUTHENTICATE) {
        line("challenge", challenge.to_str().unwrap_or_default())?;
    }
    Ok(())
}

/// Tells whom the layers let in.
#[derive(Clone, Debug)]
struct Passed(Option<AuthContext>);

/// The service inside, of which only its being reached counts.
#[derive(Clone, Debug)]
struct Inner;

impl<B> Service<Request<B>> for Inner {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let caller = request.extensions().get::<AuthContext>().cloned();
        let mut response = Response::new(String::new());
        response.extensions_mut().insert(Passed(caller));
        ready(Ok(response))
    }
}
