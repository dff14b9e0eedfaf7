//! The HTTP API for managed keys and its document, as a validator of others judges them.

use std::{env, fs, process};

use serde_json::{Value, json};

use crate::common::{agent::Agent, live};

#[test]
fn the_document_is_valid_and_the_answers_are_as_it_says() {
    let Some(validator) = live::python("openapi.py") else {
        return;
    };
    let folder = env::temp_dir().join(format!("key-api-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let store = format!("sqlite:{}/keys.db", folder.display());
    let agent = Agent::start(&["--key-store", &store]);
    let mut judged = Judged::of(&agent);

    let request = json!({
        "name": "robot", "scopes": ["agents:invoke"], "expires_in": "90d", "credits": 5,
        "limit": {"requests": 600, "seconds": 60}, "metadata": {}, "tenant": "acme",
        "owner": {"method": "oauth2", "issuer": "https://id.example", "user_id": "ada"},
    });
    let made = judged.post("/keys", request);
    judged.post("/keys", json!({"nmae": 7, "credits": -1}));
    let digest = "ab".repeat(32);
    judged.post("/keys/import", json!({"name": "old", "digest": digest}));
    judged.post("/keys/import", json!({"name": "old", "digest": digest}));
    let at = format!("/keys/{}", made["id"].as_str().unwrap());
    judged.post(&format!("{at}/rotate"), json!({"overlap": "1h"}));
    judged.post(&format!("{at}/revoke"), json!({"reason": "lost"}));
    judged.post(&format!("{at}/unrevoke"), json!({}));
    for path in [
        "/keys?limit=1",
        "/keys",
        "/keys/audit",
        &at,
        &format!("{at}/audit"),
        "/keys/key_none",
    ] {
        judged.get(path);
    }
    let requests = judged.requests;
    drop(agent);
    fs::remove_dir_all(&folder).unwrap();

    assert!(requests.len() > 18, "{}", requests.len());
    for (request, reply) in requests.iter().zip(live::ask(validator, &requests)) {
        assert_eq!(
            reply["faults"],
            json!([]),
            "{} {}",
            request["schema"],
            request["value"]
        );
    }
}

/// Requests to an agent, and what there is to judge about them.
struct Judged<'a> {
    agent: &'a Agent,
    key: String,
    document: Value,
    requests: Vec<Value>,
}

impl<'a> Judged<'a> {
    fn of(agent: &'a Agent) -> Self {
        let (_, first_key) = agent.welcome.split_once("first key").expect("a first key");
        let key = first_key.split_whitespace().next().unwrap().to_owned();
        // The API's own document: the server merges it into that of all routes.
        let document = agent.get("/openapi.json", &[]).json();
        let requests = vec![json!({"document": document})];
        Self {
            agent,
            key,
            document,
            requests,
        }
    }

    fn post(&mut self, path: &str, body: Value) -> Value {
        let operation = self.operation("post", path);
        let reply = self
            .agent
            .post(path, &[("x-api-key", &self.key)], &body.to_string());
        if reply.status < 300 {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            self.judge(schema, body);
        }
        self.answered(&operation, reply)
    }

    fn get(&mut self, path: &str) {
        let operation = self.operation("get", path);
        let reply = self.agent.get(path, &[("x-api-key", &self.key)]);
        self.answered(&operation, reply);
    }

    fn operation(&self, method: &str, path: &str) -> Value {
        let path = path.split('?').next().unwrap();
        let segments = path
            .split('/')
            .map(|segment| match segment.starts_with("key_") {
                true => "{key_id}",
                false => segment,
            });
        let template = segments.collect::<Vec<_>>().join("/");
        self.document["paths"][&template][method].clone()
    }

    fn answered(&mut self, operation: &Value, reply: live::Reply) -> Value {
        let content = &operation["responses"][reply.status.to_string()]["content"];
        let content = content.as_object().expect("the status is described");
        let (_, media) = content.iter().next().unwrap();
        let value = reply.json();
        self.judge(&media["schema"], value.clone());
        value
    }

    fn judge(&mut self, schema: &Value, value: Value) {
        let place = schema["$ref"]
            .as_str()
            .expect("a schema")
            .trim_start_matches('#');
        self.requests
            .push(json!({"document": self.document, "schema": place, "value": value}));
    }
}
