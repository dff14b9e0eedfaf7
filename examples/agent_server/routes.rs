//! What the server answers once the caller is known.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tower_auth::AuthContext;
use utoipa::ToSchema;

use crate::{
    docs::{Forbidden, Refusal},
    shared::Stats,
    stop::Stop,
};

#[derive(Deserialize, ToSchema)]
pub(crate) struct Task {
    #[schema(example = "hello")]
    input: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Answer {
    #[schema(example = "you said: hello")]
    output: String,
    #[schema(example = "demo")]
    user_id: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Receipt {
    bytes: usize,
    /// Who sent it; nothing where nobody was asked.
    #[schema(example = "partner")]
    from: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Report {
    /// How many times the agent ran.
    #[schema(example = 3)]
    runs: u64,
    #[schema(example = 60)]
    uptime_seconds: u64,
}

impl Answer {
    /// The agent; yours has more to say.
    fn to(task: Task, caller: &AuthContext) -> Self {
        Self {
            output: format!("you said: {}", task.input),
            user_id: caller.user_id().to_owned(),
        }
    }
}

/// Whether the server is up
#[utoipa::path(get, path = "/health", tag = "public",
    responses((status = 200, description = "It is", body = str, example = "ok")))]
pub(crate) async fn health() -> &'static str {
    "ok"
}

/// Run the agent
///
/// It needs the scope `agents:invoke`.
#[utoipa::path(post, path = "/run", tag = "agent",
    responses((status = 200, description = "What the agent says", body = Answer), Refusal, Forbidden))]
pub(crate) async fn run(
    State(stats): State<Stats>,
    caller: AuthContext,
    Json(task): Json<Task>,
) -> Json<Answer> {
    stats.count_run();
    Json(Answer::to(task, &caller))
}

/// Run the agent and read along
///
/// Each word of the output is an event `output`; the event `done` carries the whole answer. The
/// stream ends without it when the server stops, and is broken off when the credential expires or is
/// revoked. It needs the scope `agents:invoke`.
#[utoipa::path(post, path = "/run/stream", tag = "agent",
    responses((status = 200, description = "The events", body = str, content_type = "text/event-stream"), Refusal, Forbidden))]
pub(crate) async fn run_stream(
    State(stop): State<Stop>,
    State(stats): State<Stats>,
    caller: AuthContext,
    Json(task): Json<Task>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    stats.count_run();
    let answer = Answer::to(task, &caller);
    let words: Vec<String> = answer
        .output
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let spoken = stream::iter(words).then(async |word| {
        tokio::time::sleep(PACE).await;
        Event::default().event("output").data(word)
    });
    let done = stream::once(async move {
        Event::default()
            .event("done")
            .json_data(answer)
            .unwrap_or_default()
    });
    // The layer breaks it off where the credential ends.
    let events = spoken.chain(done).take_until(Box::pin(stop.wait()));
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::default())
}

/// Listen to what the agent does
///
/// It stays open, with a comment every few seconds, until the server stops; it is broken off when the
/// credential expires or is revoked.
#[utoipa::path(get, path = "/events", tag = "agent",
    responses((status = 200, description = "The events", body = str, content_type = "text/event-stream"), Refusal))]
pub(crate) async fn events(
    State(stop): State<Stop>,
    caller: AuthContext,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // This agent does nothing by itself; yours has more to say.
    let greeting = format!("listening as {}", caller.principal().method());
    let greeting = stream::once(async move { Event::default().comment(greeting) });
    let events = greeting
        .chain(stream::pending())
        .take_until(Box::pin(stop.wait()));
    let comments = KeepAlive::new()
        .interval(BETWEEN_COMMENTS)
        .text("still here");
    Sse::new(events.map(Ok)).keep_alive(comments)
}

/// What the server has done
///
/// It needs the role `admin`.
#[utoipa::path(get, path = "/admin/stats", tag = "admin",
    responses((status = 200, description = "The figures", body = Report), Refusal, Forbidden))]
pub(crate) async fn stats(State(stats): State<Stats>) -> Json<Report> {
    Json(Report {
        runs: stats.runs(),
        uptime_seconds: stats.uptime().as_secs(),
    })
}

/// Who the caller turned out to be
#[utoipa::path(get, path = "/whoami", tag = "agent",
    responses((status = 200, description = "The context", body = Object), Refusal))]
pub(crate) async fn whoami(caller: AuthContext) -> Json<AuthContext> {
    Json(caller)
}

/// A webhook that anybody may call
#[utoipa::path(post, path = "/hooks/public", tag = "public",
    request_body(content = String, example = "event"), responses((status = 200, description = "Received", body = Receipt)))]
pub(crate) async fn public_hook(body: Bytes) -> Json<Receipt> {
    Json(Receipt {
        bytes: body.len(),
        from: None,
    })
}

/// A webhook for one partner, with a key of its own
#[utoipa::path(post, path = "/hooks/partner", tag = "partner",
    request_body(content = String, example = "event"),
    responses((status = 200, description = "Received", body = Receipt), Refusal))]
pub(crate) async fn partner_hook(caller: AuthContext, body: Bytes) -> Json<Receipt> {
    Json(Receipt {
        bytes: body.len(),
        from: Some(caller.user_id().to_owned()),
    })
}

/// Where administrators manage the keys of a store.
pub(crate) const KEYS: &str = "/keys";
/// So often that no proxy takes the connection for a dead one.
const BETWEEN_COMMENTS: Duration = Duration::from_secs(3);
/// How long the agent thinks about a word.
const PACE: Duration = Duration::from_millis(200);
