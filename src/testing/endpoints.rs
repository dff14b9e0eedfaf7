//! What an issuer answers.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, Request, Response, StatusCode, header};

use super::{
    server::{Handler, Pace},
    state::{CLIENT_ID, CLIENT_SECRET, CLIENT_TOKEN, Fault, IssuerEndpoint, Known, State},
};

pub(super) struct Endpoints {
    state: Arc<State>,
    paths: Vec<(String, IssuerEndpoint)>,
}

impl Endpoints {
    pub(super) fn new(state: Arc<State>, issuer_path: &str) -> Self {
        let all = IssuerEndpoint::ALL.iter();
        Self {
            state,
            paths: all.map(|one| (one.path(issuer_path), *one)).collect(),
        }
    }
}

impl Handler for Endpoints {
    async fn answer(&self, request: Request<String>) -> (Response<String>, Pace) {
        let mut paths = self.paths.iter();
        let Some((_, endpoint)) = paths.find(|(path, _)| path == request.uri().path()) else {
            return (json(StatusCode::NOT_FOUND, NOTHING), Pace::AtOnce);
        };
        self.state.change(|known| {
            let requests = known.requests.entry(*endpoint).or_default();
            requests.push(request.clone());
        });
        self.state
            .until(|known| {
                let fault = known.faults.get(endpoint);
                (!matches!(fault, Some(Fault::Hang))).then_some(())
            })
            .await;
        let known = self.state.lock();
        let right = || answer(*endpoint, &known, &request);
        match known.faults.get(endpoint) {
            None | Some(Fault::Hang) => (right(), Pace::AtOnce),
            Some(Fault::Drip) => (right(), Pace::Drip),
            Some(Fault::Status(status)) => {
                let status = StatusCode::from_u16(*status).expect("a test knows its statuses");
                (json(status, NOTHING), Pace::AtOnce)
            }
            Some(Fault::Garbage) => (json(StatusCode::OK, "<html>\u{0}{"), Pace::AtOnce),
            Some(Fault::Empty) => {
                let empty = match endpoint {
                    IssuerEndpoint::Jwks | IssuerEndpoint::WellKnownJwks => r#"{"keys":[]}"#,
                    _ => "{}",
                };
                (json(StatusCode::OK, empty), Pace::AtOnce)
            }
            Some(Fault::Answer(response)) => (response.clone(), Pace::AtOnce),
        }
    }
}

fn answer(endpoint: IssuerEndpoint, known: &Known, request: &Request<String>) -> Response<String> {
    let method = match endpoint {
        IssuerEndpoint::Introspection => Method::POST,
        _ => Method::GET,
    };
    if *request.method() != method {
        return json(StatusCode::METHOD_NOT_ALLOWED, NOTHING);
    }
    match endpoint {
        IssuerEndpoint::OpenIdConfiguration | IssuerEndpoint::OAuthMetadata => {
            json(StatusCode::OK, known.metadata.to_string())
        }
        IssuerEndpoint::Jwks | IssuerEndpoint::WellKnownJwks => {
            json(StatusCode::OK, known.jwks().to_string())
        }
        IssuerEndpoint::Introspection => introspection(known, request),
        IssuerEndpoint::Userinfo => {
            let shown = authorization(request, "Bearer ");
            match shown.and_then(|token| known.tokens.get(token)) {
                Some(claims) => json(StatusCode::OK, claims.as_str()),
                None => unauthorized("Bearer error=\"invalid_token\""),
            }
        }
    }
}

/// RFC 7662 §2.
fn introspection(known: &Known, request: &Request<String>) -> Response<String> {
    if !may_introspect(request) {
        return unauthorized("Basic realm=\"issuer\"");
    }
    let fields = form_urlencoded::parse(request.body().as_bytes());
    let shown: Vec<_> = fields.filter(|(name, _)| name == "token").collect();
    let [(_, token)] = shown.as_slice() else {
        return json(StatusCode::BAD_REQUEST, r#"{"error":"invalid_request"}"#);
    };
    // As text, so that claims which are no proper object arrive as a test wrote them.
    let members = known.tokens.get(token.as_ref()).map(|claims| {
        let members = claims.trim().strip_prefix('{').unwrap_or("}");
        let comma = if members.trim() == "}" { "" } else { "," };
        format!(r#"{{"active":true{comma}{members}"#)
    });
    let inactive = || r#"{"active":false}"#.into();
    json(StatusCode::OK, members.unwrap_or_else(inactive))
}

fn may_introspect(request: &Request<String>) -> bool {
    if let Some(token) = authorization(request, "Bearer ") {
        return token == CLIENT_TOKEN;
    }
    if !request.headers().contains_key(header::AUTHORIZATION) {
        // RFC 6749 §2.3.1: in the form, and then nowhere else.
        let fields: Vec<_> = form_urlencoded::parse(request.body().as_bytes()).collect();
        let is = |name: &str, wanted: &str| {
            let mut values = fields.iter().filter(|(found, _)| found == name);
            values.next().is_some_and(|(_, value)| value == wanted) && values.next().is_none()
        };
        return is("client_id", CLIENT_ID) && is("client_secret", CLIENT_SECRET);
    }
    let decoded = authorization(request, "Basic ").and_then(|basic| STANDARD.decode(basic).ok());
    let Some(pair) = decoded.and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    // RFC 6749 §2.3.1: both were form-encoded, so the colon between them is the only one.
    let unescape = |text: &str| {
        let field = format!("v={text}");
        let mut fields = form_urlencoded::parse(field.as_bytes());
        fields.next().map(|(_, value)| value.into_owned())
    };
    let Some((id, secret)) = pair.split_once(':') else {
        return false;
    };
    unescape(id).as_deref() == Some(CLIENT_ID) && unescape(secret).as_deref() == Some(CLIENT_SECRET)
}

fn authorization<'a>(request: &'a Request<String>, scheme: &str) -> Option<&'a str> {
    let value = request.headers().get(header::AUTHORIZATION)?;
    value.to_str().ok()?.strip_prefix(scheme)
}

fn unauthorized(challenge: &'static str) -> Response<String> {
    let mut response = json(StatusCode::UNAUTHORIZED, NOTHING);
    let challenge = http::HeaderValue::from_static(challenge);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, challenge);
    response
}

fn json(status: StatusCode, body: impl Into<String>) -> Response<String> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

const NOTHING: &str = "{}";
