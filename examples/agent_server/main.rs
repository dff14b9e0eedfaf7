//! An agent server that only lets in who shows a credential.
//!
//! `cargo run --example agent_server` starts it and prints what to call; `--help` lists the
//! options. What each file does: `arguments` reads the command line, `options` is what it comes to,
//! `limits` says how often somebody may ask or guess, `together` is what several servers share,
//! `key_store` keeps keys,
//! `credentials` says who may call, `permissions` what callers may do, `routes` answers, `docs`
//! describes the routes, `seen` tells an operator what was decided, `telegram` is a bot's route, `welcome` is what gets printed, `shared` is
//! what the routes share, `stop` brings Ctrl-C to whoever has something to end.

mod arguments;
mod credentials;
mod docs;
mod key_store;
mod limits;
mod options;
mod permissions;
mod routes;
mod seen;
mod shared;
mod stop;
mod telegram;
mod together;
mod welcome;

use std::{
    env, error::Error, future::ready, io, io::IsTerminal, io::Write, net::SocketAddr,
    process::ExitCode, sync::Arc, time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, Method, header},
    middleware::map_request,
    routing::{MethodRouter, get, post},
};
use tokio::net::TcpListener;
use tower_auth::{
    Access, AuthLayer, ConfigError, audit::AuditSink, key_api::KeyApi, throttle::EXPOSED_HEADERS,
};
use tower_http::{
    cors::{Any, CorsLayer},
    sensitive_headers::SetSensitiveRequestHeadersLayer,
    trace::{DefaultOnResponse, TraceLayer},
};
use tracing::{Level, Span, level_filters::LevelFilter};
use tracing_subscriber::EnvFilter;

use crate::{
    arguments::{Arguments, Stopped},
    credentials::{Callers, Credentials},
    key_store::Managed,
    options::Options,
    shared::{Shared, Stats},
    stop::Stop,
    welcome::Welcome,
};

/// The routes, and around them who may call them.
fn app(credentials: &Credentials, options: &Options, stop: Stop) -> Result<Router, ConfigError> {
    let dev_docs = options.dev_docs;
    let keys = credentials.managed.as_ref().map(Managed::api);
    match &credentials.callers {
        Callers::Chain(chain) => {
            let mut auth = AuthLayer::new(chain.clone())
                .public("/hooks/public")
                .access(
                    "/hooks/partner",
                    Access::provider(credentials.partner.clone()),
                )
                .dev_docs(dev_docs)
                .end_streams(true);
            let limits = match &credentials.together {
                Some(together) => options.limits.counted_in(&together.counts),
                None => options.limits.clone(),
            };
            auth = limits.around(auth);
            let mut bot = None;
            if let Some(webhook) = &credentials.telegram {
                // Public for the layer around, because this one asks for Telegram's secret.
                let mut webhook = limits.around_webhook(webhook.clone());
                if let Some(together) = &credentials.together {
                    webhook = webhook.with_replay_store(together.handled.clone());
                }
                bot = Some(post(telegram::hook).layer(webhook));
                auth = auth.public((Method::POST, telegram::PATH));
            }
            let has_docs = bot.is_some();
            let headers = auth.credential_headers();
            let described = auth.describe();
            let describe = move || described.clone();
            let pages = docs::pages(&credentials.caller, describe, has_docs, keys.as_ref());
            let app = seen::audited(
                routes(bot, pages, keys, stop)?.layer(auth),
                credentials.audit.as_ref(),
            );
            Ok(watched(app, move || Arc::clone(&headers)))
        }
        Callers::File(file) => {
            // Closed by the layer around, unless the file makes it a webhook: it may do so later.
            let bot = post(telegram::hook);
            let layer = file.layer.clone();
            let describe = move || layer.describe();
            let has_docs = file.has_bot();
            let pages = docs::pages(&credentials.caller, describe, has_docs, keys.as_ref());
            let app = routes(Some(bot), pages, keys, stop)?
                .layer(file.layer.clone())
                // Around it: what this one proves, that one lets in.
                .layer(file.webhooks.clone());
            let layer = file.layer.clone();
            Ok(watched(app, move || layer.credential_headers()))
        }
    }
}

/// Every route; the layers that say who may call come after them, because axum's layers cover only
/// what stands above them.
fn routes(
    bot: Option<MethodRouter<Shared>>,
    pages: Router<Shared>,
    keys: Option<KeyApi>,
    stop: Stop,
) -> Result<Router, ConfigError> {
    let may_invoke = permissions::may_invoke()?;
    let may_read_stats = permissions::may_read_stats()?;
    let shared = Shared {
        stop,
        stats: Stats::new(),
    };

    let mut routes = Router::new()
        .route("/health", get(routes::health)) // always public
        .route("/run", post(routes::run).layer(may_invoke.clone()))
        .route("/run/stream", post(routes::run_stream).layer(may_invoke))
        .route("/events", get(routes::events)) // any caller
        .route("/admin/stats", get(routes::stats).layer(may_read_stats))
        .route("/whoami", get(routes::whoami)) // any caller
        .route("/hooks/public", post(routes::public_hook))
        .route("/hooks/partner", post(routes::partner_hook))
        .merge(pages);
    if let Some(bot) = bot {
        routes = routes.route(telegram::PATH, bot);
    }
    if let Some(keys) = keys {
        routes = routes.nest(routes::KEYS, keys.into_router());
    }
    Ok(routes
        .with_state(shared)
        // A public route reads bodies of strangers.
        .layer(DefaultBodyLimit::max(64 * 1024)))
}

/// What sees every request first: the log, and what lets web pages read the answers.
fn watched(
    app: Router,
    credential_headers: impl Fn() -> Arc<[HeaderName]> + Clone + Send + Sync + 'static,
) -> Router {
    let secret_headers: Vec<HeaderName> = credential_headers()
        .iter()
        .cloned()
        .chain([telegram::SECRET_HEADER, header::COOKIE, header::REFERER])
        .collect();
    app.layer(
        TraceLayer::new_for_http()
            .make_span_with(|request: &Request| {
                // The path alone: a query may hold a credential, accepted here or not.
                let (method, path) = (request.method(), request.uri().path());
                tracing::info_span!("request", %method, path, version = ?request.version())
            })
            .on_request(|request: &Request, _: &Span| {
                tracing::debug!(headers = ?request.headers(), "started");
            })
            .on_response(DefaultOnResponse::new().level(Level::INFO)),
    )
    // Around the trace layer, which would otherwise log the credentials themselves.
    // `Referer` is an address that had a query.
    .layer(SetSensitiveRequestHeadersLayer::new(secret_headers))
    // A file that was read again may name others.
    .layer(map_request(move |mut request: Request| {
        let names = credential_headers();
        for (name, value) in request.headers_mut() {
            if names.contains(name) {
                value.set_sensitive(true);
            }
        }
        ready(request)
    }))
    // Outermost, so that preflights are answered and refusals can be read by a web page.
    .layer(cors())
}

/// Any web page may ask: no cookie is read here, so a page has only the credentials it was given.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("x-api-key"),
        ])
        .expose_headers(
            [
                header::WWW_AUTHENTICATE,
                header::ETAG,
                header::LINK,
                header::LOCATION,
            ]
            .into_iter()
            .chain(EXPOSED_HEADERS)
            .collect::<Vec<_>>(),
        )
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("agent_server: {error}");
            ExitCode::from(2)
        }
    }
}

async fn serve() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = match Arguments::read(env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(Stopped::Help(text)) => {
            write!(io::stdout(), "{text}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(Stopped::Fault(fault)) => return Err(fault.into()),
    };
    let options = Options::try_from(arguments)?;
    if options.only_check {
        return Ok(check(&options).await?);
    }
    log_to_stderr();
    // Before it listens: what is at fault never opens a port.
    let mut credentials = Credentials::new(&options).await?;
    let listener = listen(&options.addr).await?;
    if let Some(addr) = &options.metrics_addr {
        seen::serve_metrics(addr).await?;
    }
    let stop = Stop::on_ctrl_c();
    let app = app(&credentials, &options, stop.clone())?;
    let audit_now = audit_now(&credentials);
    seen::reopen_on_hangup(audit_now.clone())?;
    if let Some(tokens) = credentials.issuer.clone() {
        // Beside the server: while the issuer is away, its tokens are answered with 503 and all
        // others are served. The provider logs what goes wrong, and tries again.
        tokio::spawn(async move { tokens.warm_up().await });
    }
    let _watch = match &credentials.callers {
        Callers::File(file) => Some(file.handle.watch(BETWEEN_LOOKS)),
        Callers::Chain(_) => None,
    };

    let address = listener.local_addr()?;
    // After all that may fail: it is shown once.
    let first_key = credentials.make_first_key().await?;
    let welcome = Welcome {
        address,
        credentials: &credentials,
        options: &options,
    };
    let mut output = io::stdout();
    if let Err(error) = write!(output, "{welcome}").and_then(|()| output.flush()) {
        return Err(match first_key {
            Some(key) => credentials.take_back(&key).await,
            None => error.into(),
        });
    }

    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone().wait());
    tokio::select! {
        served = server.into_future() => served?,
        // A client that never ends its request does not keep the server.
        () = async { stop.wait().await; tokio::time::sleep(PATIENCE).await } => {}
    }
    seen::flush(audit_now()).await;
    Ok(ExitCode::SUCCESS)
}

/// What finds the audit file of the moment: that of the options, or that of a file that may have changed meanwhile.
fn audit_now(credentials: &Credentials) -> impl Fn() -> Option<AuditSink> + Clone + Send + use<> {
    let audit = credentials.audit.clone();
    let handle = match &credentials.callers {
        Callers::File(file) => Some(file.handle.clone()),
        Callers::Chain(_) => None,
    };
    move || match &handle {
        Some(handle) => handle.audit(),
        None => audit.clone(),
    }
}

/// Says what a file comes to, or everything that is wrong with it.
async fn check(options: &Options) -> io::Result<ExitCode> {
    match Credentials::new(options).await {
        Ok(credentials) => {
            if let Callers::File(file) = &credentials.callers {
                let summary = file.handle.summary();
                writeln!(io::stdout(), "good: {summary}")?;
                for warning in summary.warnings() {
                    writeln!(io::stdout(), "weak: {warning}")?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            writeln!(io::stderr(), "agent_server: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

async fn listen(addr: &str) -> Result<TcpListener, String> {
    TcpListener::bind(addr).await.map_err(|error| {
        format!("cannot listen on {addr}: {error}; --addr HOST:PORT names another address")
    })
}

fn log_to_stderr() {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into());
    tracing_subscriber::fmt()
        .with_env_filter(filter.from_env_lossy())
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
}

const PATIENCE: Duration = Duration::from_secs(3);
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
