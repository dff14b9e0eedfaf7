//! What the server's document says each route asks for, held against the server [16.3].

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
};

use serde_json::{Value, json};

use crate::{
    agent_server::{SECRET, bearer, signed},
    common::agent::Agent,
};

/// A credential: the place that it is shown in, and whether the server accepts it there.
struct Shown {
    name: &'static str,
    header: Option<(&'static str, String)>,
    /// The place as a security scheme has it.
    place: Option<Value>,
    is_good: bool,
}

fn shown(
    name: &'static str,
    header: &'static str,
    value: impl Into<String>,
    is_good: bool,
) -> Shown {
    let place = match header {
        "authorization" => json!({"type": "http", "scheme": "bearer"}),
        header => json!({"type": "apiKey", "in": "header", "name": header}),
    };
    Shown {
        name,
        header: Some((header, value.into())),
        place: Some(place),
        is_good,
    }
}

fn nothing() -> Shown {
    Shown {
        name: "nothing",
        header: None,
        place: None,
        is_good: false,
    }
}

/// Asks every operation with every credential.
fn compare(agent: &Agent, credentials: &[Shown]) {
    // A file may close the page.
    let good = credentials.iter().find(|credential| credential.is_good);
    let (name, value) = good.unwrap().header.clone().unwrap();
    let document = agent.get("/openapi.json", &[(name, &*value)]).json();
    let schemes = &document["components"]["securitySchemes"];
    let mut seen = [0_usize; 2];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(alternatives) = operation["security"].as_array() else {
                panic!("{method} {path} says nothing")
            };
            for credential in credentials {
                // Both kinds of callers may show theirs behind `Bearer`, each where it is asked.
                let is_partners = alternatives
                    .iter()
                    .any(|one| one.get("x_partner_key").is_some());
                let is_for_here = credential.name.contains("partner's") == is_partners;
                let is_met = |alternative: &Value| {
                    let mut names = alternative.as_object().unwrap().keys();
                    let is_good = credential.is_good && is_for_here;
                    names.all(|name| is_good && is_place(&schemes[name], credential))
                };
                let is_open = alternatives.is_empty() || alternatives.iter().any(is_met);
                let status = status(agent, method, path, credential);
                assert_eq!(
                    status != 401,
                    is_open,
                    "{method} {path} with {}: {status}, and the document says {alternatives:?}",
                    credential.name
                );
                seen[usize::from(is_open)] += 1;
            }
        }
    }
    assert!(seen.iter().all(|&count| count > 5), "{seen:?}");
}

fn is_place(scheme: &Value, credential: &Shown) -> bool {
    let Some(place) = &credential.place else {
        return false;
    };
    let text = |value: &Value, name: &str| value[name].as_str().map(str::to_ascii_lowercase);
    ["type", "scheme", "in", "name"]
        .iter()
        .all(|name| text(scheme, name) == text(place, name))
}

/// The status alone: some answers never end.
fn status(agent: &Agent, method: &str, path: &str, credential: &Shown) -> u16 {
    let host = agent.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let header = credential.header.as_ref();
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n"));
    let path = path.replace("{id}", "no-such-id");
    let request = format!(
        "{} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{}content-length: 0\r\n\
         connection: close\r\n\r\n",
        method.to_uppercase(),
        header.unwrap_or_default(),
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_server_with_keys_answers_as_its_document_says() {
    let agent = Agent::start(&MANY);
    let (key, partner) = (agent.demo_key(), agent.partner_key());
    compare(
        &agent,
        &[
            nothing(),
            shown("the key", "x-api-key", &key, true),
            shown(
                "the key as a token",
                "authorization",
                format!("Bearer {key}"),
                true,
            ),
            shown(
                "the administrator's key",
                "x-api-key",
                agent.admin_key(),
                true,
            ),
            shown("a wrong key", "x-api-key", "sk-live-000000000000", false),
            shown("the partner's key", "x-partner-key", &partner, true),
            shown(
                "the partner's key as a token",
                "authorization",
                format!("Bearer {partner}"),
                true,
            ),
            shown("a wrong key of the partner", "x-partner-key", &key, false),
            shown("the partner's key elsewhere", "x-api-key", &partner, false),
            shown("a token", "authorization", bearer(600), false),
            shown("another scheme", "authorization", "Basic YTpi", false),
        ],
    );
}

#[test]
fn a_server_with_tokens_answers_as_its_document_says() {
    let agent = Agent::start(&["--jwt-secret", SECRET, MANY[0], MANY[1]]);
    let foreign = signed(&json!({"sub": "ada", "aud": "others", "exp": 4_000_000_000_u64}));
    compare(
        &agent,
        &[
            nothing(),
            shown("a token", "authorization", bearer(600), true),
            shown("an expired token", "authorization", bearer(-600), false),
            shown("a token for another", "authorization", foreign, false),
            shown("a key", "x-api-key", "sk-live-000000000000", false),
            shown(
                "the partner's key",
                "x-partner-key",
                agent.partner_key(),
                true,
            ),
        ],
    );
}

#[test]
fn a_server_with_a_key_store_answers_as_its_document_says() {
    let folder = std::env::temp_dir().join(format!("described-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}", folder.join("keys.db").display());
    let agent = Agent::start(&["--key-store", &url, MANY[0], MANY[1]]);
    let line = agent
        .welcome
        .lines()
        .find(|line| line.contains("first key"));
    let key = line.unwrap().split_whitespace().nth(2).unwrap();
    compare(
        &agent,
        &[
            nothing(),
            shown("the first key", "x-api-key", key, true),
            shown(
                "it as a token",
                "authorization",
                format!("Bearer {key}"),
                true,
            ),
            shown("a wrong key", "x-api-key", "sk_live_00000000", false),
            shown(
                "the partner's key",
                "x-partner-key",
                agent.partner_key(),
                true,
            ),
        ],
    );
    drop(agent);
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_server_with_a_file_answers_as_its_document_says() {
    let key = "sk-frontend-4c81";
    let file = std::env::temp_dir().join(format!("described-{}.yaml", std::process::id()));
    std::fs::write(&file, FILE).unwrap();
    let variables = [("FRONTEND_KEY", key), ("JWT_SECRET", SECRET)];
    let agent = Agent::start_with_env(&["--config", file.to_str().unwrap()], &variables);
    compare(
        &agent,
        &[
            nothing(),
            shown("a key", "x-api-key", key, true),
            shown(
                "it as a token",
                "authorization",
                format!("Bearer {key}"),
                true,
            ),
            shown("a wrong key", "x-api-key", "sk-live-000000000000", false),
            shown("a token", "authorization", bearer(600), true),
            shown("an expired token", "authorization", bearer(-600), false),
        ],
    );
    drop(agent);
    let _ = std::fs::remove_file(&file);
}

const FILE: &str = "
auth:
  api_keys: [{name: frontend, key: '${FRONTEND_KEY}', scopes: []}]
  jwt: {secret: '${JWT_SECRET}', audience: agent-server}
  public_paths: [/hooks/public]
  throttle: {attempts: {quota: 10000 per minute}}
";
/// So many wrong credentials come from here.
const MANY: [&str; 2] = ["--max-attempts", "10000"];

#[test]
fn the_document_follows_a_file_that_is_read_again() {
    let folder = std::env::temp_dir().join(format!("tower-auth-described-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("auth.yaml");
    let keys = "auth:\n  api_keys: [{name: ada, key: sk-described-1}]\n  dev_docs: true\n";
    std::fs::write(&file, format!("{keys}  public_paths: [/hooks/public]\n")).unwrap();
    let agent = Agent::start(&["--config", file.to_str().unwrap()]);
    let security = || {
        let headers = [("x-api-key", "sk-described-1")];
        let document = agent.get("/openapi.json", &headers).json();
        document["paths"]["/hooks/public"]["post"]["security"].clone()
    };
    assert_eq!(security(), json!([]));
    std::fs::write(&file, keys).unwrap();
    let begun = std::time::Instant::now();
    while security() == json!([]) {
        assert!(begun.elapsed().as_secs() < 30, "it is still public");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(security(), json!([{"api_key": []}, {"bearer": []}]));
}
