//! The settings of a layer for its responses: refusals that a closure replaces, and the caller for layers
//! outside.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;

use super::layer::AuthLayer;
use crate::{error::AuthError, request::AuthRequest};

impl AuthLayer {
    /// Replaces the response to a refusal, also of inner authorization layers.
    ///
    /// The closure gets the error, the head of the request, and the response that would be sent. The
    /// head is as this layer got it, without the credentials that its providers name and without
    /// `Authorization`; where an inner layer refused a known caller, the [`AuthContext`](crate::AuthContext)
    /// is among its [extensions](AuthRequest::extension). For the sake of those refusals each request
    /// that passes costs a copy of its head, if a closure is set.
    ///
    /// # Security
    ///
    /// What stands in the head is what the caller wrote. A redirect back to where a request came from
    /// takes the path alone, and checks that it begins with one `/`: `//evil.example` is another host.
    ///
    /// # Example
    ///
    /// Browsers are sent to a page where they can log in; programs get the usual answer.
    ///
    /// ```
    /// use http::{HeaderValue, Response, StatusCode, header};
    /// use tower_auth::{AuthErrorKind, AuthLayer, provider::ApiKeyAuth};
    ///
    /// let keys = ApiKeyAuth::new(["sk-live-9f"])?;
    /// let layer = AuthLayer::new(keys).with_refusal(|error, request, response| {
    ///     let accepted = request.header("accept").unwrap_or_default();
    ///     if error.kind() != AuthErrorKind::MissingCredential || !accepted.contains("text/html") {
    ///         return response;
    ///     }
    ///     let mut login = Response::default();
    ///     *login.status_mut() = StatusCode::SEE_OTHER;
    ///     login.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/login"));
    ///     login
    /// });
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_refusal<F>(self, respond: F) -> Self
    where
        F: Fn(&AuthError, &AuthRequest<'_>, Response<Bytes>) -> Response<Bytes>
            + Send
            + Sync
            + 'static,
    {
        self.edit(|core| core.on_refusal = Some(Arc::new(respond)))
    }

    /// Sets whether the body of a response ends with the credential of its caller, by its expiry or its
    /// revocation: for server-sent events, answers of a model, large downloads. Off unless set.
    ///
    /// The body then ends as an error, never as an answer that looks complete: over HTTP/1.1 the
    /// connection is closed without the last chunk, over HTTP/2 the stream is reset; a gRPC stream ends
    /// with the status `UNAUTHENTICATED`. No frame passes after the end, and a body that waits for its
    /// data is ended at once, within a second of a revocation by any process. What was handed to the
    /// server before is on its way. The first frame of a body of known length passes always, since it may
    /// be the whole answer.
    ///
    /// An upgraded connection has no body: its handler waits for
    /// [`AuthContext::ended`](crate::AuthContext::ended).
    ///
    /// A body costs nothing more until it has to wait for its data, and less than 200 bytes from then on.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, provider::JwtAuth};
    ///
    /// let tokens = JwtAuth::hs256("an example secret of 32 bytes …")?;
    /// let layer = AuthLayer::new(tokens).end_streams(true);
    /// # let _ = layer;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn end_streams(self, end: bool) -> Self {
        self.edit(|core| core.end_streams = end)
    }

    /// Sets whether the accepted caller is put into the response's extensions too, as an
    /// [`AuthContext`](crate::AuthContext), for layers outside: an access log, metrics. Off unless
    /// set, since it costs each request a few allocations.
    ///
    /// It is the caller that this layer accepted, whatever inner services put there; no public or
    /// optional path has one where nobody was accepted. A refusal needs no setting: its
    /// [`AuthError`] is among the response's extensions always. Extensions stay inside the process:
    /// no server sends them to a client.
    ///
    /// # Example
    ///
    /// ```
    /// use axum::{Router, extract::Request, middleware::{Next, from_fn}, response::Response, routing::get};
    /// use tower_auth::{AuthContext, AuthError, AuthLayer, provider::ApiKeyAuth};
    ///
    /// async fn access_log(request: Request, next: Next) -> Response {
    ///     let response = next.run(request).await;
    ///     let user = response.extensions().get::<AuthContext>().map(AuthContext::user_id);
    ///     let code = response.extensions().get::<AuthError>().map(AuthError::code);
    ///     println!("{} {user:?} {code:?}", response.status());
    ///     response
    /// }
    ///
    /// let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).report_caller(true);
    /// let app: Router = Router::new()
    ///     .route("/run", get(|| async { "ran" }))
    ///     .layer(auth)
    ///     .layer(from_fn(access_log)); // outside
    /// # let _ = app;
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    #[must_use]
    pub fn report_caller(self, report: bool) -> Self {
        self.edit(|core| core.report_caller = report)
    }
}
