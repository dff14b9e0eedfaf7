//! A second factor: a token first, then a one-time code (TOTP, RFC 6238) that works once.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderName, Request, StatusCode},
    routing::get,
};
use http_body_util::BodyExt;
use jsonwebtoken::{EncodingKey, Header, get_current_timestamp};
use serde_json::json;
use totp_rs::{Builder, Totp};
use tower::ServiceExt;
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequestBuf, CredentialSource,
    provider::{AuthProvider, JwtAuth},
};

/// Who has which authenticator, and what it was used for; yours is a table.
struct SecondFactors {
    by_user: Mutex<HashMap<String, SecondFactor>>,
}

struct SecondFactor {
    totp: Totp,
    last_step: u64,
    wrong_in_a_row: u32,
}

impl SecondFactors {
    fn check(
        &self,
        caller: AuthContext,
        request: &AuthRequestBuf,
    ) -> Result<AuthContext, AuthError> {
        let Some(code) = request.header("x-totp") else {
            return Err(AuthError::invalid_credential("no_second_factor")
                .with_code("second_factor_required")
                .with_message("a one-time code is required in X-TOTP"));
        };
        // Held while the code is compared and remembered, so that of two requests with the same
        // code one loses.
        let mut by_user = self.by_user.lock().unwrap_or_else(PoisonError::into_inner);
        let factor = by_user
            .get_mut(caller.user_id())
            .ok_or_else(|| AuthError::forbidden("no_second_factor_enrolled"))?;
        factor.check(code)?;
        Ok(caller.with_claim("second_factor", "totp"))
    }
}

impl SecondFactor {
    fn new(totp: Totp) -> Self {
        Self {
            totp,
            last_step: 0,
            wrong_in_a_row: 0,
        }
    }

    fn check(&mut self, code: &str) -> Result<(), AuthError> {
        // Six digits are soon guessed by whoever may guess for ever.
        if self.wrong_in_a_row >= MAX_WRONG {
            return Err(AuthError::forbidden("second_factor_locked"));
        }
        match self.totp.check_current(code) {
            Some(step) if step > self.last_step => {
                self.last_step = step;
                self.wrong_in_a_row = 0;
                Ok(())
            }
            // Somebody saw it being typed, or sent it twice: RFC 6238 §5.2.
            Some(_) => Err(AuthError::invalid_credential("second_factor_used")),
            None => {
                self.wrong_in_a_row += 1;
                Err(AuthError::invalid_credential("second_factor_wrong"))
            }
        }
    }
}

async fn whoami(caller: AuthContext) -> String {
    caller.user_id().to_owned()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // Twenty random bytes, which the user's authenticator has too.
    let totp = Builder::new()
        .with_secret(*b"twenty example bytes")
        .build()?;
    let enrolled = HashMap::from([("ada".to_owned(), SecondFactor::new(totp.clone()))]);
    let factors = Arc::new(SecondFactors {
        by_user: Mutex::new(enrolled),
    });

    let provider = JwtAuth::hs256(SECRET)?
        .with_audience("my-agent")
        .and_then(move |caller, request| {
            let factors = Arc::clone(&factors);
            async move { factors.check(caller, &request) }
        })
        // So that the layer keeps the code out of sight like the token.
        .with_credentials([CredentialSource::header(HeaderName::from_static("x-totp"))]);
    let app = Router::new()
        .route("/whoami", get(whoami))
        .layer(AuthLayer::new(provider));

    let (ada, bob) = (token("ada")?, token("bob")?);
    let code = totp.generate_current().to_string();
    let wrong = "not a code";
    for (what, token, code, status, says) in [
        (
            "no code   ",
            &ada,
            None,
            StatusCode::UNAUTHORIZED,
            "second_factor_required",
        ),
        ("a code    ", &ada, Some(&*code), StatusCode::OK, "ada"),
        (
            "once more ",
            &ada,
            Some(&*code),
            StatusCode::UNAUTHORIZED,
            "invalid_credential",
        ),
        (
            "of another",
            &bob,
            Some(&*code),
            StatusCode::FORBIDDEN,
            "forbidden",
        ),
    ] {
        expect(&app, what, (token, code), status, says).await?;
    }

    for _ in 0..MAX_WRONG {
        let shown = (&*ada, Some(wrong));
        expect(
            &app,
            "wrong     ",
            shown,
            StatusCode::UNAUTHORIZED,
            "invalid_credential",
        )
        .await?;
    }
    let shown = (&*ada, Some(wrong));
    expect(
        &app,
        "locked    ",
        shown,
        StatusCode::FORBIDDEN,
        "forbidden",
    )
    .await
}

async fn expect(
    app: &Router,
    what: &str,
    (token, code): (&str, Option<&str>),
    status: StatusCode,
    says: &str,
) -> Result<(), Box<dyn Error>> {
    let mut request = Request::get("/whoami").header("authorization", token);
    if let Some(code) = code {
        request = request.header("x-totp", code);
    }
    let response = app.clone().oneshot(request.body(Body::empty())?).await?;
    assert_eq!(response.status(), status);
    let body = response.into_body().collect().await?.to_bytes();
    let body = String::from_utf8(body.into())?;
    println!("{what} {status}: {body}");
    assert!(body.contains(says));
    Ok(())
}

fn token(user_id: &str) -> jsonwebtoken::errors::Result<String> {
    let exp = get_current_timestamp() + 600;
    let claims = json!({"sub": user_id, "aud": "my-agent", "exp": exp});
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&Header::default(), &claims, &key)?;
    Ok(format!("Bearer {token}"))
}

const MAX_WRONG: u32 = 5;
const SECRET: &str = "an example secret of 32 bytes at least";
