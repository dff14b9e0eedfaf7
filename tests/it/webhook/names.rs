//! Deliveries that their platform names in what it signs: the name decides.

use serde_json::{Value, json};

use crate::webhook::{
    kit::{Delivery, Hook, NOW},
    schemes::{SECRET, named},
};

fn signed(scheme: &str, time: u64, body: &Value) -> Delivery {
    let body = body.to_string();
    // The kit makes an interaction of what is none.
    (named(scheme).sign)(SECRET, time, body.as_bytes())
}

fn event(scheme: &str, name: &str, text: &str) -> Value {
    match scheme {
        "slack" => json!({"type": "event_callback", "event_id": name, "event": {"text": text}}),
        "stripe" => json!({"object": "event", "id": name, "pending_webhooks": text}),
        _ => json!({"type": 2, "id": name, "data": {"name": text}}),
    }
}

const NAMED: [&str; 3] = ["slack", "stripe", "discord"];

#[tokio::test]
async fn a_retry_in_other_bytes_is_known_by_its_name() {
    for scheme in NAMED {
        let hook = Hook::new((named(scheme).layer)(SECRET));
        for (time, text) in [(NOW, "1"), (NOW + 1, "1"), (NOW, "2"), (NOW + 60, "3")] {
            let retry = signed(scheme, time, &event(scheme, "123", text));
            assert_eq!(hook.send(&retry).await.status, 200);
        }
        assert_eq!(hook.runs(), 1, "{scheme}");
    }
}

#[tokio::test]
async fn another_name_is_another_delivery_though_the_rest_is_equal() {
    for scheme in NAMED {
        let hook = Hook::new((named(scheme).layer)(SECRET));
        for name in ["123", "124", "125", "126", "127"] {
            let delivery = signed(scheme, NOW, &event(scheme, name, "1"));
            assert_eq!(hook.send(&delivery).await.status, 200);
        }
        assert_eq!(hook.runs(), 5, "{scheme}");
    }
}

#[tokio::test]
async fn a_body_without_a_usable_name_is_known_by_its_bytes() {
    for scheme in ["slack", "stripe"] {
        for name in [json!(""), json!(null), json!(7), json!({})] {
            let hook = Hook::new((named(scheme).layer)(SECRET));
            for text in ["1", "1", "2"] {
                let mut body = event(scheme, "123", text);
                let member = if scheme == "slack" { "event_id" } else { "id" };
                body[member] = name.clone();
                assert_eq!(hook.send(&signed(scheme, NOW, &body)).await.status, 200);
            }
            assert_eq!(hook.runs(), 2, "{scheme} {name}");
        }
    }
}
