//! What was logged while a test ran.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    sync::{LazyLock, Mutex, Once},
};

use tracing::{
    Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer, Registry,
    fmt::format::FmtSpan,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// An event: its level, its target and its fields as they would be printed.
#[derive(Clone, Debug)]
pub struct Event {
    pub level: Level,
    pub target: String,
    pub fields: BTreeMap<&'static str, String>,
}

impl Event {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

/// Everything that this thread logs from now on; a test of tokio's current-thread kind has a
/// thread of its own.
pub struct Log(());

impl Log {
    pub fn start() -> Self {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            let text = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .with_span_events(FmtSpan::FULL)
                .with_writer(|| Page);
            let subscriber = Registry::default().with(text).with(Recorder);
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        EVENTS.take();
        TEXT.take();
        Self(())
    }

    /// The events of this crate so far.
    pub fn events(&self) -> Vec<Event> {
        EVENTS.with_borrow(Clone::clone)
    }

    /// The one event of this crate so far, which is then forgotten.
    #[track_caller]
    pub fn only(&self) -> Event {
        let events = EVENTS.take();
        assert_eq!(events.len(), 1, "{events:?}");
        assert_described(&events[0]);
        events[0].clone()
    }

    /// The errors of this crate on whatever thread, since the process began: tell yours by a field.
    pub fn errors_anywhere() -> Vec<Event> {
        ERRORS.lock().unwrap().clone()
    }

    /// Everything that anybody logged at TRACE, as it would be printed.
    pub fn text(&self) -> String {
        TEXT.with_borrow(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// The reason of a decision by a provider of the crate is on the page of the reference.
fn assert_described(event: &Event) {
    static PAGE: LazyLock<String> = LazyLock::new(|| {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/docs/reference/errors-and-log.md"
        );
        std::fs::read_to_string(file).unwrap()
    });
    const OURS: [&str; 8] = [
        "by_owner",
        "by_role",
        "by_scope",
        "introspection",
        "jwt",
        "mcp",
        "oauth2",
        "userinfo",
    ];
    let is_ours = event
        .field("provider")
        .is_none_or(|name| OURS.contains(&name));
    if let (true, Some(reason), Some(_)) = (is_ours, event.field("reason"), event.field("outcome"))
    {
        // What stands behind a colon is the name of a claim.
        let (word, _) = reason.split_once(':').unwrap_or((reason, ""));
        let is_of_a_test = ["told_to", "user_is_blocked"].contains(&word);
        let is_described = PAGE.contains(&format!("| `{word}` |"));
        assert!(is_of_a_test || is_described, "no page describes {event:?}");
    }
}

thread_local! {
    static EVENTS: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static ERRORS: Mutex<Vec<Event>> = Mutex::new(Vec::new());

struct Page;

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.with_borrow_mut(|text| text.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Recorder;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "tower_auth" {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let event = Event {
            level: *event.metadata().level(),
            target: event.metadata().target().to_owned(),
            fields: fields.0,
        };
        if event.level == Level::ERROR {
            ERRORS.lock().unwrap().push(event.clone());
        }
        EVENTS.with_borrow_mut(|events| events.push(event));
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
