//! The bot's route: Telegram proves who writes, a list says who may.

use std::fs;

use serde_json::json;

use crate::common::agent::Agent;
use crate::common::live::Reply;

const KEY: &str = "sk-live-9f03";
const SECRET: &str = "tg_Secret-canary-0c44";
const TOKEN: &str = "x-telegram-bot-api-secret-token";
const PATH: &str = "/hooks/telegram";
const BOT: [&str; 6] = [
    "--telegram-secret",
    SECRET,
    "--telegram-user",
    "42",
    "--telegram-user",
    "1001",
];

fn update(id: u32, user: i64) -> String {
    json!({"update_id": id, "message": {
        "text": "hello", "from": {"id": user}, "chat": {"id": user},
    }})
    .to_string()
}

fn sent(agent: &Agent, headers: &[(&str, &str)], body: &str) -> Reply {
    agent.post(PATH, headers, body)
}

/// It lets in the two users, and nothing and nobody else.
fn guards_the_bot(agent: &Agent) {
    for (id, user) in [(1, 42), (2, 1001)] {
        let reply = sent(agent, &[(TOKEN, SECRET)], &update(id, user));
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json(),
            json!({"method": "sendMessage", "chat_id": user.to_string(),
                   "text": format!("user {user}, you said: hello")})
        );
    }
    let stranger = sent(agent, &[(TOKEN, SECRET)], &update(3, 43));
    assert_eq!((stranger.status, &*stranger.body), (200, ""));
    let repeated = sent(agent, &[(TOKEN, SECRET)], &update(1, 42));
    assert_eq!((repeated.status, &*repeated.body), (200, ""));
    for shown in [
        &[][..],
        &[(TOKEN, "guessed")],
        &[(TOKEN, "")],
        &[("x-api-key", KEY)],
        &[("x-api-key", KEY), (TOKEN, "guessed")],
    ] {
        let reply = sent(agent, shown, &update(4, 42));
        assert_eq!(reply.status, 401, "{shown:?}: {}", reply.body);
    }
    assert_eq!(agent.get(PATH, &[(TOKEN, SECRET)]).status, 401);
    let other = agent.post("/hooks/telegram/", &[(TOKEN, SECRET)], &update(5, 42));
    assert_eq!(other.status, 401);
    // The secret of the bot opens nothing else.
    for path in ["/run", "/hooks/partner"] {
        let reply = agent.post(path, &[(TOKEN, SECRET)], &update(6, 42));
        assert_eq!(reply.status, 401, "{path}");
    }
}

/// The route answers like one that nobody has heard of.
fn has_no_bot(agent: &Agent) {
    for shown in [&[][..], &[(TOKEN, SECRET)], &[(TOKEN, "")]] {
        let reply = sent(agent, shown, &update(1, 42));
        assert_eq!(reply.status, 401, "{shown:?}");
        let unknown = agent.post("/hooks/nowhere", shown, &update(1, 42));
        assert_eq!((reply.status, reply.body), (unknown.status, unknown.body));
    }
    let known = sent(agent, &[("x-api-key", KEY)], &update(1, 42));
    assert_eq!(known.status, 404);
    assert!(!agent.welcome.contains("telegram"), "{}", agent.welcome);
}

#[test]
fn with_a_secret_users_on_the_list_write_to_the_bot() {
    let agent = Agent::start(&[&["--key", KEY][..], &BOT].concat());
    guards_the_bot(&agent);
}

#[test]
fn without_a_secret_there_is_no_bot() {
    has_no_bot(&Agent::start(&["--key", KEY]));
}

#[test]
fn file_that_names_the_webhook_opens_it_for_its_users() {
    let file = written("bot", &with_bot(""));
    let agent = Agent::start(&["--config", file.to_str().unwrap()]);
    guards_the_bot(&agent);
    let says = "webhooks: /hooks/telegram (telegram, 2 users)";
    assert!(agent.welcome.contains(says), "{}", agent.welcome);
    fs::remove_file(&file).unwrap();
}

#[test]
fn file_that_names_no_webhook_leaves_the_route_closed() {
    let file = written(
        "no-bot",
        &format!("auth: {{api_keys: [{{name: a, key: {KEY}}}]}}"),
    );
    has_no_bot(&Agent::start(&["--config", file.to_str().unwrap()]));
    fs::remove_file(&file).unwrap();
}

#[test]
fn file_that_changes_takes_the_webhook_in_and_out() {
    let keys = format!("auth: {{api_keys: [{{name: a, key: {KEY}}}]}}");
    let file = written("changing", &keys);
    let agent = Agent::start(&["--config", file.to_str().unwrap()]);
    let mut id = 10;
    let mut status = |secret: &str| {
        id += 1;
        sent(&agent, &[(TOKEN, secret)], &update(id, 42)).status
    };
    assert_eq!(status(SECRET), 401);
    fs::write(&file, with_bot("")).unwrap();
    super::config::until(|| status(SECRET) == 200);
    assert_eq!(status("guessed"), 401);
    fs::write(&file, with_bot("").replace("canary", "other")).unwrap();
    super::config::until(|| status(SECRET) == 401);
    assert_eq!(status(&SECRET.replace("canary", "other")), 200);
    fs::write(&file, keys).unwrap();
    super::config::until(|| status(&SECRET.replace("canary", "other")) == 401);
    fs::remove_file(&file).unwrap();
}

#[test]
fn secret_is_neither_printed_nor_logged() {
    let file = written("quiet", &with_bot(""));
    for options in [&BOT[..], &["--config", file.to_str().unwrap()]] {
        let agent = Agent::start_with_log(options, "trace");
        for (id, user, secret) in [(1, 42, SECRET), (2, 43, SECRET), (3, 42, "tg_canary-wrong")] {
            sent(&agent, &[(TOKEN, secret)], &update(id, user));
            agent.post("/run", &[(TOKEN, secret)], "{}");
        }
        assert!(!agent.welcome.contains("canary"), "{}", agent.welcome);
        let ended = agent.killed();
        assert!(
            ended.log.contains(&format!("\"{TOKEN}\": Sensitive")),
            "it logs headers: {}",
            ended.log
        );
        assert!(!ended.log.contains("canary"), "{}", ended.log);
        // The refused sender is logged for audit.
        assert!(ended.log.contains("43"), "{}", ended.log);
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn printed_line_works_when_it_is_pasted() {
    let file = written("pasted", &with_bot(""));
    for options in [&BOT[..], &["--config", file.to_str().unwrap()]] {
        let agent = Agent::start(options);
        let lines = agent.curl_lines();
        let line = lines.iter().find(|line| line.contains(PATH)).unwrap();
        let paste = |secret: &str| {
            super::welcome::paste(
                line,
                &[("TELEGRAM_SECRET", secret), ("TELEGRAM_USER", "42")],
            )
        };
        let Some(answer) = paste("guessed") else {
            return;
        };
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        let answer = paste(SECRET).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("user 42, you said: hello"), "{answer}");
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn document_describes_the_route_where_there_is_a_bot() {
    let agent = Agent::start(&BOT);
    let document = agent.get("/openapi.json", &[]).json();
    let hook = &document["paths"][PATH]["post"];
    assert_eq!(hook["security"], json!([{"telegram_secret": []}]));
    let scheme = &document["components"]["securitySchemes"]["telegram_secret"];
    assert_eq!(scheme["name"], "X-Telegram-Bot-Api-Secret-Token");
    // The others are there as well.
    assert!(document["paths"]["/run"].is_object());
    assert!(document["components"]["securitySchemes"]["api_key"].is_object());
}

#[test]
fn body_of_a_stranger_is_read_up_to_a_limit() {
    let agent = Agent::start(&BOT);
    let long = "x".repeat(64 * 1024 + 1);
    let reply = sent(&agent, &[(TOKEN, SECRET)], &long);
    assert_eq!(reply.status, 413, "{}", reply.body);
}

fn with_bot(more: &str) -> String {
    format!(
        "auth:\n  api_keys: [{{name: a, key: {KEY}}}]\n  webhooks:\n    - path: {PATH}\n      \
         scheme: telegram\n      secret: {SECRET}\n      allow: {{user_ids: [42, 1001]}}\n{more}"
    )
}

fn written(name: &str, text: &str) -> std::path::PathBuf {
    super::config::written(&format!("telegram-{name}"), text)
}
