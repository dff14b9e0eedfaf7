//! The server of an issuer: a thread with a runtime of its own.
//!
//! It answers while the test's own runtime is busy, has stopped its clock, or is none at all.

use std::{
    convert::Infallible,
    future::Future,
    net::{self, Ipv4Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, mpsc as blocking},
    task::{Context, Poll, ready},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, Sleep, sleep_until},
};

/// The handler of requests.
pub(super) trait Handler: Send + Sync + 'static {
    fn answer(
        &self,
        request: Request<String>,
    ) -> impl Future<Output = (Response<String>, Pace)> + Send;
}

/// The speed at which a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    AtOnce,
    /// One byte a second.
    Drip,
}

/// A running server; it stops when this is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// A command to the server, with the channel on which it reports that it is done.
struct Command {
    listen: bool,
    done: blocking::SyncSender<()>,
}

impl Server {
    /// Listens on a free port of the loopback address.
    pub(super) fn start(handler: Arc<impl Handler>) -> Self {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        // Not the runtime's own listener: a test may be within another runtime, where this one
        // must not run.
        let listener = net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .expect("the loopback address has a free port");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let (commands, orders) = mpsc::unbounded_channel();
        let work = move || runtime.block_on(obey(orders, listener, address, handler));
        let thread = thread::Builder::new()
            .name("test-issuer".into())
            .spawn(work)
            .expect("a thread can be started");
        Self {
            address,
            commands: Some(commands),
            thread: Some(thread),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens, or ends every connection and refuses new ones; returns when it is so.
    pub(super) fn listen(&self, listen: bool) {
        let (done, told) = blocking::sync_channel(1);
        let sent = self
            .commands
            .as_ref()
            .is_some_and(|commands| commands.send(Command { listen, done }).is_ok());
        assert!(sent && told.recv().is_ok(), "the issuer's thread has ended");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ended = thread.join();
        }
    }
}

/// Every connection, so that all can be ended at once.
type Connections = Arc<Mutex<Vec<JoinHandle<()>>>>;

async fn obey<H: Handler>(
    mut orders: mpsc::UnboundedReceiver<Command>,
    listener: net::TcpListener,
    address: SocketAddr,
    handler: Arc<H>,
) {
    let listener = listener
        .set_nonblocking(true)
        .and_then(|()| TcpListener::from_std(listener))
        .expect("the runtime takes a listener");
    let connections = Connections::default();
    let serve = |listener| {
        let accepting = accept(listener, Arc::clone(&handler), Arc::clone(&connections));
        tokio::spawn(accepting)
    };
    let mut serving = Some(serve(listener));
    while let Some(command) = orders.recv().await {
        match (command.listen, serving.take()) {
            (true, None) => {
                let listener = TcpListener::bind(address)
                    .await
                    .expect("nobody took the issuer's port meanwhile");
                serving = Some(serve(listener));
            }
            (true, already) => serving = already,
            (false, None) => {}
            (false, Some(accepting)) => stop(accepting, &connections).await,
        }
        let _the_test_waits = command.done.send(());
    }
}

async fn stop(accepting: JoinHandle<()>, connections: &Connections) {
    let end = async |task: JoinHandle<()>| {
        task.abort();
        let _cancelled = task.await;
    };
    // The listener first, or a connection could come in behind the others' back.
    end(accepting).await;
    for connection in take(connections, |_| true) {
        end(connection).await;
    }
}

async fn accept<H: Handler>(listener: TcpListener, handler: Arc<H>, connections: Connections) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        take(&connections, JoinHandle::is_finished);
        let connection = tokio::spawn(converse(stream, Arc::clone(&handler)));
        let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
        connections.push(connection);
    }
}

fn take(connections: &Connections, which: impl Fn(&JoinHandle<()>) -> bool) -> Vec<JoinHandle<()>> {
    let mut connections = connections.lock().unwrap_or_else(PoisonError::into_inner);
    let (taken, kept) = std::mem::take(&mut *connections)
        .into_iter()
        .partition(which);
    *connections = kept;
    taken
}

async fn converse<H: Handler>(stream: TcpStream, handler: Arc<H>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let text = String::from_utf8_lossy(&body).into_owned();
            let (response, pace) = handler.answer(Request::from_parts(head, text)).await;
            Ok::<_, hyper::Error>(response.map(|text| Paced::new(text.into(), pace)))
        }
    });
    let _the_caller_may_hang_up = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A body that is sent at some pace.
struct Paced {
    rest: Bytes,
    next: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    fn new(rest: Bytes, pace: Pace) -> Self {
        let first = || Box::pin(sleep_until(Instant::now() + SECOND));
        Self {
            rest,
            next: (pace == Pace::Drip).then(first),
        }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = match &mut this.next {
            None => this.rest.len(),
            Some(next) => {
                ready!(next.as_mut().poll(cx));
                next.as_mut().reset(Instant::now() + SECOND);
                1
            }
        };
        Poll::Ready(Some(Ok(Frame::data(this.rest.split_to(length)))))
    }
}

const SECOND: Duration = Duration::from_secs(1);
