//! Providers that say what they are told to, and what the specification makes of them.

use std::{
    fmt,
    panic::resume_unwind,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, AuthResult,
    provider::{AuthProvider, Authentication, CompositeAuth},
};

/// What a member answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    Accepts,
    NotMine,
    Wrong,
    Expired,
    Forbidden,
    Throttled,
    UnknownKey,
    CouldNotCheck,
    Panics,
}

/// When it answers: in `authenticate`, at the first poll of its future, or at a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    AtOnce,
    FirstPoll,
    Later,
}

pub const SAYS: [Says; 9] = [
    Says::Accepts,
    Says::NotMine,
    Says::Wrong,
    Says::Expired,
    Says::Forbidden,
    Says::Throttled,
    Says::UnknownKey,
    Says::CouldNotCheck,
    Says::Panics,
];
pub const WHEN: [When; 3] = [When::AtOnce, When::FirstPoll, When::Later];

pub type Kind = (Says, When);

pub fn kinds() -> Vec<Kind> {
    SAYS.into_iter()
        .flat_map(|says| WHEN.map(|when| (says, when)))
        .collect()
}

impl Says {
    pub fn answer(self, index: usize) -> AuthResult {
        match self {
            Self::Accepts => Ok(Some(AuthContext::new(NAMES[index]))),
            Self::NotMine => Ok(None),
            Self::Wrong => Err(AuthError::invalid_credential("told_to")),
            Self::Expired => Err(AuthError::expired_credential("told_to")),
            Self::Forbidden => Err(AuthError::forbidden("told_to")),
            Self::Throttled => Err(AuthError::throttled(Duration::from_secs(7))),
            Self::UnknownKey => Err(AuthError::unknown_key(Duration::from_secs(23))),
            Self::CouldNotCheck => Err(AuthError::unavailable("told to")),
            // Not `panic!`: it would call the hook, which prints, thousands of times.
            Self::Panics => resume_unwind(Box::new("told to")),
        }
    }
}

/// Who was asked, and who had answered by then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Asked(usize),
    Answered(usize),
}

#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<Event>>>);

impl Log {
    pub fn add(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }

    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A member of a chain, named by its index there.
pub struct Member {
    index: usize,
    kind: Kind,
    log: Log,
}

impl Member {
    pub fn new(index: usize, kind: Kind, log: &Log) -> Self {
        Self {
            index,
            kind,
            log: log.clone(),
        }
    }
}

impl AuthProvider for Member {
    fn authenticate(&self, _: &AuthRequest<'_>) -> Authentication {
        let (index, (says, when), log) = (self.index, self.kind, self.log.clone());
        log.add(Event::Asked(index));
        if when == When::AtOnce {
            log.add(Event::Answered(index));
            return says.answer(index).into();
        }
        Authentication::pending(async move {
            if when == When::Later {
                tokio::task::yield_now().await;
            }
            log.add(Event::Answered(index));
            says.answer(index)
        })
    }

    fn name(&self) -> &'static str {
        NAMES[self.index]
    }
}

/// A chain of those members, in order.
pub fn chain(kinds: &[Kind], log: &Log) -> CompositeAuth {
    let member = |(index, kind): (usize, &Kind)| {
        Arc::new(Member::new(index, *kind, log)) as Arc<dyn AuthProvider>
    };
    CompositeAuth::from_providers(kinds.iter().enumerate().map(member)).unwrap()
}

/// What came of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Outcome {
    pub status: StatusCode,
    /// `accepted`, or the code of the problem body.
    pub code: String,
    /// The member that decided; nobody where none recognized anything.
    pub by: Option<&'static str>,
    pub challenge: Challenge,
    pub retry_after: Option<u64>,
    pub handled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Challenge {
    None,
    Plain,
    InvalidToken,
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status, code, by, ..
        } = self;
        write!(f, "{} {code} by {by:?}; ", status.as_u16())?;
        let Self {
            challenge,
            retry_after,
            handled,
            ..
        } = self;
        write!(f, "{challenge:?}, retry {retry_after:?}, handled {handled}")
    }
}

/// SPEC [8.1], [2.2], [2.3] and [6.3], read sentence by sentence and knowing nothing of the code.
pub fn expected(chain: &[Says]) -> Outcome {
    let first = |any_of: &[Says]| chain.iter().position(|says| any_of.contains(says));
    let answer = |index: usize, status: u16, code: &str, challenge, retry_after| Outcome {
        status: StatusCode::from_u16(status).unwrap(),
        code: code.to_owned(),
        by: Some(NAMES[index]),
        challenge,
        retry_after,
        handled: status == 200,
    };
    if let Some(index) = first(&[Says::Accepts]) {
        answer(index, 200, "accepted", Challenge::None, None)
    } else if let Some(index) = first(&[Says::UnknownKey, Says::CouldNotCheck, Says::Panics]) {
        let (code, seconds) = match chain[index] {
            Says::UnknownKey => ("unknown_key", 23),
            _ => ("unavailable", 5),
        };
        answer(index, 503, code, Challenge::None, Some(seconds))
    } else if let Some(index) = first(&[Says::Throttled]) {
        answer(index, 429, "throttled", Challenge::None, Some(7))
    } else if let Some(index) = first(&[Says::Forbidden]) {
        answer(index, 403, "forbidden", Challenge::None, None)
    } else if let Some(index) = first(&[Says::Expired]) {
        let challenge = Challenge::InvalidToken;
        answer(index, 401, "expired_credential", challenge, None)
    } else if let Some(index) = first(&[Says::Wrong]) {
        let challenge = Challenge::InvalidToken;
        answer(index, 401, "invalid_credential", challenge, None)
    } else {
        let nothing = answer(0, 401, "missing_credential", Challenge::Plain, None);
        Outcome {
            by: None,
            ..nothing
        }
    }
}

/// In order; nobody after the one that accepts; each only once the one before has answered.
pub fn expected_events(chain: &[Says]) -> Vec<Event> {
    let accepting = chain.iter().position(|says| *says == Says::Accepts);
    let asked = accepting.map_or(chain.len(), |index| index + 1);
    (0..asked)
        .flat_map(|index| [Event::Asked(index), Event::Answered(index)])
        .collect()
}

pub fn says(kinds: &[Kind]) -> Vec<Says> {
    kinds.iter().map(|(says, _)| *says).collect()
}

/// Sends one request through a layer and reads everything that the caller and the handler see.
pub async fn through(layer: &AuthLayer) -> Outcome {
    let inner = service_fn(async |request: Request<Empty<bytes::Bytes>>| {
        let caller = request.extensions().get::<AuthContext>().cloned();
        let mut response = Response::new(Empty::<bytes::Bytes>::new());
        response.extensions_mut().insert(Handled(caller));
        Ok::<_, std::convert::Infallible>(response)
    });
    let request = Request::get("/run").body(Empty::new()).unwrap();
    let response = layer.layer(inner).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let handled = parts.extensions.get::<Handled>();
    let (code, by) = match handled {
        Some(Handled(caller)) => {
            let caller = caller.as_ref().map(AuthContext::user_id);
            let by = caller.map(|id| *NAMES.iter().find(|name| **name == id).unwrap());
            ("accepted".to_owned(), by)
        }
        None => {
            let bytes = body.collect().await.unwrap().to_bytes();
            let problem: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(problem["status"], parts.status.as_u16());
            let by = parts.extensions.get::<AuthError>().unwrap().provider();
            let code = problem["code"].as_str().unwrap().to_owned();
            (code, Some(by).filter(|by| !by.is_empty()))
        }
    };
    let mut challenges = parts.headers.get_all(header::WWW_AUTHENTICATE).iter();
    let challenge = challenges.next().map(|value| value.to_str().unwrap());
    assert_eq!(challenges.next(), None, "one scheme, one challenge");
    let retry_after = parts.headers.get(header::RETRY_AFTER);
    Outcome {
        status: parts.status,
        code,
        by,
        challenge: match challenge {
            None => Challenge::None,
            Some(r#"Bearer realm="api""#) => Challenge::Plain,
            Some(other) => {
                assert!(other.starts_with(INVALID_TOKEN), "{other}");
                Challenge::InvalidToken
            }
        },
        retry_after: retry_after.map(|value| value.to_str().unwrap().parse().unwrap()),
        handled: handled.is_some(),
    }
}

#[derive(Clone)]
struct Handled(Option<AuthContext>);

/// The same, of an answer that a handler got by asking a chain itself.
pub fn of_answer(answer: &AuthResult) -> (StatusCode, String, Option<&str>) {
    match answer {
        Ok(Some(context)) => (StatusCode::OK, "accepted".into(), Some(context.user_id())),
        Ok(None) => {
            let code = "missing_credential".into();
            (StatusCode::UNAUTHORIZED, code, None)
        }
        Err(error) => (error.status(), error.code().into(), Some(error.provider())),
    }
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

pub const NAMES: [&str; 4] = ["first", "second", "third", "fourth"];
const INVALID_TOKEN: &str =
    r#"Bearer realm="api", error="invalid_token", error_description="the credential "#;
