//! An MCP server that clients reach with a token of an issuer, or with an API key.
//!
//! `cargo run --example mcp_server` starts it beside an issuer for this run, and prints a token and what to call;
//! `--help` lists the options. What each file does: `arguments` reads the command line, `server` says who may call
//! which tool, `sessions` whose session is whose, `tools` are what it offers, `welcome` is what gets printed.

mod arguments;
mod server;
mod sessions;
mod tools;
mod welcome;

use std::{
    env,
    error::Error,
    io::{self, IsTerminal, Write},
    net::SocketAddr,
    process::ExitCode,
    time::Duration,
};

use tokio::net::TcpListener;
use tower_auth::testing::TestIssuer;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::{
    arguments::{Arguments, Stopped},
    server::{DEPLOY, Place, app, settings},
    welcome::Welcome,
};

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mcp_server: {error}");
            ExitCode::from(2)
        }
    }
}

async fn serve() -> Result<(), Box<dyn Error>> {
    let arguments = match Arguments::read(env::args_os()) {
        Ok(arguments) => arguments,
        Err(Stopped::Help(text)) => return Ok(write!(io::stdout(), "{text}")?),
        Err(Stopped::Fault(fault)) => return Err(fault.into()),
    };
    log_to_stderr();
    let addr = &arguments.addr;
    let listener = TcpListener::bind(addr).await.map_err(|error| {
        format!("cannot listen on {addr}: {error}; --addr HOST:PORT names another address")
    })?;
    let address = listener.local_addr()?;
    let local_url = format!("http://{}/mcp", reachable(address));
    let public_url = public_url(&arguments, address, &local_url)?;

    // Ends with this process.
    let test_issuer = arguments.issuer.is_none().then(TestIssuer::start);
    let issuer = arguments.issuer.as_deref();
    let issuer = issuer
        .or(test_issuer.as_ref().map(TestIssuer::url))
        .unwrap_or_default();
    let place = Place::new(public_url, issuer, &arguments)?;
    let token = test_issuer.as_ref().map(|issuer| {
        let token = issuer
            .token()
            .with_subject("ada")
            .with_scope(DEPLOY)
            .with_lifetime(HOUR);
        token.with_audience(place.resource.audience()).mint()
    });

    let settings = settings(public_url, address);
    let stop = settings.cancellation_token.clone();
    tokio::spawn({
        let stop = stop.clone();
        async move {
            match tokio::signal::ctrl_c().await {
                Ok(()) => tracing::info!("stopping"),
                Err(error) => tracing::error!(%error, "Ctrl-C cannot be heard"),
            }
            stop.cancel(); // ends the streams of sessions too
        }
    });
    let app = app(&place, &arguments, settings)?;
    // Beside the server: while the issuer is away, its tokens are answered with 503.
    let tokens = place.tokens.clone();
    tokio::spawn(async move { tokens.warm_up().await });

    let welcome = Welcome {
        url: public_url,
        local_url: &local_url,
        metadata_url: place.resource.metadata_url(),
        issuer,
        token: token.as_deref(),
    };
    let mut output = io::stdout();
    write!(output, "{welcome}")?;
    output.flush()?;

    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
    tokio::select! {
        served = server.into_future() => served?,
        // A client that never ends its request does not keep the server.
        () = async { stop.cancelled().await; tokio::time::sleep(PATIENCE).await } => {}
    }
    Ok(())
}

/// Where clients find the endpoint: nobody else's word is taken for it, the `Host` of a request least of all.
fn public_url<'a>(
    arguments: &'a Arguments,
    address: SocketAddr,
    local_url: &'a str,
) -> Result<&'a str, &'static str> {
    match (&arguments.public_url, &arguments.issuer) {
        (Some(url), None) if !url.starts_with("http://") => Err(
            "a server for others takes the tokens of an issuer: add --issuer URL to --public-url",
        ),
        (Some(url), _) => Ok(url),
        (None, _) if address.ip().is_loopback() => Ok(local_url),
        (None, _) => Err(
            "a server for others needs its address in their words: add --public-url \
                          https://HOST/mcp, or leave --addr out",
        ),
    }
}

/// The address, as this machine reaches it.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
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
const HOUR: Duration = Duration::from_secs(60 * 60);
