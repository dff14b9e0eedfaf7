//! What platforms and partners send, and messages of a bot.

use aws_lc_rs::hmac;
use serde_json::json;
use tower_auth::Message;

use super::{
    super::files::NOW,
    callers::{Ask, Part, SECRETS},
};

fn delivery(path: &'static str, part: Part, who: String, body: &str) -> Ask {
    Ask {
        parts: vec![part],
        who,
        alone: vec![],
        method: "POST",
        path,
        headers: vec![],
        body: body.to_owned(),
        message: None,
        is_copy: false,
    }
}

pub fn deliveries() -> Vec<Ask> {
    let mut all = Vec::new();
    let mut id = 0;
    for secret in [
        "tg_Secret-1234567",
        "tg_Secret-before",
        "tg_Secret-stranger",
    ] {
        for (user, chat, large) in [
            (42, 42, false),
            (42, 7, false),
            (7, 7, false),
            (42, 42, true),
        ] {
            id += 1;
            let text = "x".repeat(if large { 6000 } else { 1 });
            let body = json!({
                "update_id": id,
                "message": {"from": {"id": user}, "chat": {"id": chat}, "text": text},
            });
            let who = format!("telegram {secret} {user} {chat} {large}");
            let part = Part::Telegram { large };
            let mut ask = delivery("/hooks/telegram", part, who, &body.to_string());
            ask.headers = vec![("x-telegram-bot-api-secret-token", secret.into())];
            all.push(ask);
        }
    }
    let sign = |secret: &str, text: &str| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, text.as_bytes());
        let hex = tag.as_ref().iter().map(|byte| format!("{byte:02x}"));
        hex.collect::<String>()
    };
    for secret in SECRETS {
        for time in [None, Some(NOW), Some(NOW - 100), Some(NOW - 1000)] {
            for (with_id, prefix, large) in [
                (false, "", false),
                (true, "", false),
                (false, "v1=", false),
                (true, "v1=", true),
            ] {
                id += 1;
                let body = json!({"n": id, "x": "x".repeat(if large { 6000 } else { 1 })});
                let body = body.to_string();
                let mut signed = body.clone();
                let mut headers = vec![];
                if let Some(time) = time {
                    signed = format!("{time}.{signed}");
                    headers.push(("x-time", time.to_string()));
                }
                if with_id {
                    signed = format!("id-{id}.{signed}");
                    headers.push(("x-id", format!("id-{id}")));
                }
                headers.push(("x-sig", format!("{prefix}{}", sign(secret, &signed))));
                let who = format!("hmac {secret} {time:?} {with_id} {prefix:?} {large}");
                let mut ask = delivery("/hooks/acme", Part::Hmac { large }, who, &body);
                ask.headers = headers;
                all.push(ask);
            }
        }
    }
    let mut copies = vec![
        all[0].clone(),
        all[0].clone(),
        all[16].clone(),
        all[16].clone(),
    ];
    copies.iter_mut().for_each(|copy| copy.is_copy = true);
    all.extend(copies);
    all
}

pub fn messages() -> Vec<Ask> {
    let mut all = Vec::new();
    for (platform, user, chat) in [
        ("telegram", 1, 3),
        ("telegram", 2, 4),
        ("telegram", 7, 3),
        ("slack", 1, 3),
    ] {
        let who = format!("message {platform} {user} {chat}");
        let mut ask = delivery("message", Part::Message, who, "");
        ask.message = Some(Message::new(platform).with_user_id(user).with_chat_id(chat));
        all.push(ask);
    }
    all
}
