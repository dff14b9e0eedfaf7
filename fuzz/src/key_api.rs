//! Bodies of requests to the HTTP API for managed keys.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use axum::{Router, body::Body};
use http::{Request, StatusCode};
use tokio::runtime::Builder;
use tower_auth::{
    AuthLayer,
    key_api::KeyApi,
    keys::{KeyId, KeyOwner, KeyRecord, KeyRequest, MadeKey, ManagedKeys, MemoryKeyStore},
};
use tower_service::Service;

/// A body is answered, and gives nobody more than its sender has. The first line says what is asked, of which
/// key, and by whom: `create`, `update own`, `rotate wider`, `import - admin`.
pub fn key_api_bodies(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (line, body) = match end {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&b"create"[..], data),
    };
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let (action, target, by) = (next(), next(), next());
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        let world = World::new(by == "admin").await;
        world.judge(action, target, body).await;
    });
}

/// A store in which the sender has a key and made another one, beside keys that are wider or somebody else's.
struct World {
    keys: ManagedKeys,
    is_admin: bool,
    sender: MadeKey,
    own: MadeKey,
    wider: MadeKey,
    strange: MadeKey,
}

impl World {
    async fn new(is_admin: bool) -> Self {
        let store = MemoryKeyStore::new().expect("a store");
        let keys = ManagedKeys::new(store, "sk").expect("a prefix");
        let end = SystemTime::now() + Duration::from_secs(86_400);
        let make = async |owner: &str, scopes: &[&str]| {
            let request = KeyRequest::new(owner)
                .with_owner(owner)
                .with_tenant(TENANT)
                .with_scopes(scopes.iter().copied())
                .with_metadata("plan", PLAN)
                .with_expires_at(end);
            let made = keys.as_operator("ada").create(request).await;
            made.expect("an operator makes any key")
        };
        let scopes = if is_admin { ADMIN } else { WRITER };
        Self {
            is_admin,
            sender: make(OWNER, scopes).await,
            own: make(OWNER, &["files:read"]).await,
            wider: make(OWNER, &["*"]).await,
            strange: make("robot-8", &["files:read"]).await,
            keys,
        }
    }

    async fn judge(&self, action: &str, target: &str, body: &[u8]) {
        let before = self.records().await;
        let id = match target {
            "sender" => id_of(&self.sender),
            "wider" => id_of(&self.wider),
            "strange" => id_of(&self.strange),
            _ => id_of(&self.own),
        };
        let (method, path) = match action {
            "update" => ("PATCH", format!("/keys/{id}")),
            "rotate" | "revoke" | "unrevoke" => ("POST", format!("/keys/{id}/{action}")),
            "import" => ("POST", "/keys/import".to_owned()),
            _ => ("POST", "/keys".to_owned()),
        };
        let status = self.send(method, &path, body).await;
        assert!(!status.is_server_error(), "{status}");
        for (id, record) in self.records().await {
            // Whoever may see a key may end it, and that is all that they may do with a wider one.
            let was_so = before
                .get(&id)
                .is_some_and(|before| is_no_more(&record, before));
            let is_hidden = id == *id_of(&self.strange) && !self.is_admin;
            let is_right = was_so || (!is_hidden && self.is_within(&record));
            assert!(is_right, "{status}: {record:?}");
            if is_hidden {
                assert_eq!(Some(&record), before.get(&id), "a key that is not seen");
            }
        }
        if !status.is_success() {
            assert_eq!(
                before,
                self.records().await,
                "refused, and done all the same"
            );
        }
    }

    async fn send(&self, method: &str, path: &str, body: &[u8]) -> StatusCode {
        let api = KeyApi::new(self.keys.clone()).into_router();
        let mut app: Router = Router::new()
            .nest("/keys", api)
            .layer(AuthLayer::new(self.keys.clone()));
        let secret = self.sender.secret().expect("it is new");
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("x-api-key", secret.expose())
            .header("content-type", "application/json")
            .body(Body::from(body.to_vec()));
        let answer = app.call(request.expect("a request")).await;
        answer.expect("a router fails never").status()
    }

    async fn records(&self) -> BTreeMap<KeyId, KeyRecord> {
        let operator = self.keys.as_operator("ada");
        let page = operator.list(None, 100).await.expect("the store answers");
        assert!(!page.has_more, "one request makes one key");
        let records = page.items.iter().map(|key| key.record().clone());
        records
            .map(|record| (record.id().clone(), record))
            .collect()
    }

    /// Whether a key gives no more than the sender has.
    fn is_within(&self, record: &KeyRecord) -> bool {
        let sender = self.sender.key().record();
        let is_own =
            record.owner() == Some(&KeyOwner::from(OWNER)) && record.tenant() == Some(TENANT);
        let mut metadata = record.metadata().iter();
        record.scopes().all(|scope| sender.grants(scope))
            && (is_own || self.is_admin)
            && metadata.all(|(name, value)| sender.metadata().get(name) == Some(value))
            && record
                .expires_at()
                .is_some_and(|at| Some(at) <= sender.expires_at())
    }
}

/// Whether a key gives what it gave before, or has ended.
fn is_no_more(record: &KeyRecord, before: &KeyRecord) -> bool {
    let has_ended = record.revoked().is_some() && record.scopes().eq(before.scopes());
    record == before || has_ended
}

fn id_of(made: &MadeKey) -> &KeyId {
    made.key().record().id()
}

const OWNER: &str = "robot-7";
const TENANT: &str = "acme";
const PLAN: &str = "free";
const WRITER: &[&str] = &["files:read", "keys:read", "keys:write"];
const ADMIN: &[&str] = &["files:read", "keys:admin", "keys:read", "keys:write"];
