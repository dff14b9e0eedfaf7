//! Valid documents.

use serde_json::{Value, json};
use tower_auth::testing::{IssuerEndpoint, TestIssuer};

use super::{
    callers::{KEYS, SECRETS, World},
    random::Random,
    tree::Node,
};

/// Shorter than any token, and longer than any key.
pub const SHORT: usize = 100;

pub fn document(random: &mut Random, world: &World) -> Node {
    let mut auth = Vec::new();
    let add = |auth: &mut Vec<(String, Node)>, name: &str, value: Value| {
        auth.push((name.to_owned(), Node::of(value)));
    };
    let has_hooks = random.chance(45);
    let mut blocks = Vec::new();
    for (name, percent) in [
        ("api_keys", 75),
        ("key_store", 20),
        ("jwt", 45),
        ("oauth2", 15),
        ("introspection", 8),
        ("allowlist", 20),
        ("custom", 12),
    ] {
        if random.chance(percent) {
            blocks.push(name);
        }
    }
    if blocks.is_empty() && !has_hooks {
        blocks.push("api_keys");
    }
    for name in &blocks {
        let value = match *name {
            "api_keys" => keys(random),
            "key_store" => key_store(random, &blocks),
            "jwt" => jwt(random),
            "oauth2" => oauth2(random, world),
            "introspection" => introspection(random, world),
            "allowlist" => allowlist(random),
            _ => json!("sessions"),
        };
        add(&mut auth, name, value);
    }
    let named = match blocks[..] {
        ["api_keys"] => Some("api_key"),
        ["jwt"] => Some("jwt"),
        ["oauth2"] => Some("oauth2"),
        ["custom"] => Some("custom"),
        _ => None,
    };
    match (named, random.below(10)) {
        (Some(mode), 0..4) => add(&mut auth, "mode", json!(mode)),
        (_, 4..7) if !blocks.is_empty() => add(&mut auth, "mode", json!("composite")),
        _ => {}
    }
    let is_off = random.chance(3);
    if is_off || random.chance(20) {
        add(&mut auth, "enabled", json!(!is_off));
    }
    if random.chance(20) {
        add(&mut auth, "realm", json!("agents"));
    }
    if random.chance(8) {
        add(&mut auth, "max_credential_bytes", json!(SHORT));
    }
    if random.chance(20) {
        add(&mut auth, "throttle", throttle(random));
    }
    if random.chance(25) {
        add(&mut auth, "dev_docs", json!(random.chance(20)));
    }
    if random.chance(50) {
        let paths = ["/hooks/public", "/a/{x}", "/files/{*rest}", "/any/other"];
        let paths = random.some(&paths, 50);
        add(&mut auth, "public_paths", json!(paths));
    }
    if has_hooks {
        add(&mut auth, "webhooks", webhooks(random));
    }
    random.shuffle(&mut auth);
    let mut root = vec![("auth".to_owned(), Node::Map(auth))];
    if random.chance(25) && !blocks.is_empty() && !is_off {
        root.push(("authorization".into(), Node::of(json!("scopes"))));
    }
    if random.chance(20) {
        let other = json!({"enabled": false, "auth": {"mode": "none"}, "api_keys": []});
        root.push(("other".into(), Node::of(other)));
    }
    random.shuffle(&mut root);
    Node::Map(root)
}

fn maybe(random: &mut Random, percent: u64, block: &mut Value, name: &str, value: Value) {
    if random.chance(percent) {
        block[name] = value;
    }
}

/// Limits that no question reaches: a change of theirs may refuse more, and grants nothing.
fn throttle(random: &mut Random) -> Value {
    let mut limits = json!({"attempts": {"quota": "100000 per minute"}});
    let requests = json!([
        {"quota": "100000 per minute, burst 50000"},
        {"quota": "900000 per day", "by": "tenant", "name": "tenants"},
        {"quota": "100000 per hour", "path": "/run", "cost": 2, "name": "runs", "except_scope": "y"},
    ]);
    maybe(random, 60, &mut limits, "requests", requests);
    maybe(random, 30, &mut limits, "max_running", json!(1_000));
    let proxies = json!(["10.0.0.0/8"]);
    maybe(random, 30, &mut limits, "trusted_proxies", proxies);
    limits
}

fn scopes(random: &mut Random) -> Value {
    json!(random.some(&["graph:invoke", "y", "z"], 40))
}

fn keys(random: &mut Random) -> Value {
    let mut all = Vec::new();
    for key in KEYS {
        if !random.chance(50) {
            continue;
        }
        let mut record = json!({"name": key.name});
        match random.chance(30) {
            true => record["key_sha256"] = json!(key.sha256()),
            false => record["key"] = json!(key.text),
        }
        let some = scopes(random);
        maybe(random, 70, &mut record, "scopes", some);
        match key.name {
            "expired" | "both" => record["expires_at"] = json!("2020-01-01T00:00:00Z"),
            _ => maybe(
                random,
                30,
                &mut record,
                "expires_at",
                json!("2099-01-01T00:00:00Z"),
            ),
        }
        match key.name {
            "revoked" | "both" => record["revoked"] = json!(true),
            _ => maybe(random, 30, &mut record, "revoked", json!(false)),
        }
        maybe(random, 15, &mut record, "user_id", json!("ada"));
        maybe(random, 15, &mut record, "roles", json!(["editor"]));
        maybe(random, 15, &mut record, "tenant", json!("acme"));
        maybe(
            random,
            15,
            &mut record,
            "metadata",
            json!({"scopes": ["*"], "team": 7}),
        );
        all.push(record);
    }
    if all.is_empty() {
        all.push(json!({"name": KEYS[0].name, "key": KEYS[0].text}));
    }
    random.shuffle(&mut all);
    json!(all)
}

fn key_store(random: &mut Random, blocks: &[&str]) -> Value {
    let prefix = match random.chance(15) {
        true => "another",
        false => "sk_live",
    };
    let mut block = json!({"url": "memory:", "prefix": prefix});
    // Beside other keys its callers need a label.
    if blocks.contains(&"api_keys") || random.chance(30) {
        let name = *random.pick(&["source", "shared_source"]);
        block[name] = json!("managed");
    }
    let header = *random.pick(&["x-agent-key", "authorization"]);
    maybe(random, 25, &mut block, "header", json!(header));
    maybe(random, 20, &mut block, "stale_limit_seconds", json!(5));
    maybe(random, 20, &mut block, "max_lifetime_seconds", json!(60));
    maybe(random, 20, &mut block, "owner_methods", json!(["sessions"]));
    maybe(random, 20, &mut block, "free_metadata", json!(["team"]));
    block
}

fn jwt(random: &mut Random) -> Value {
    let mut block = match random.below(10) {
        0..4 => json!({"secret": SECRETS[0]}),
        4..7 => json!({"secret": "${JWT_SECRET}", "algorithm": "HS256"}),
        7 => json!({"keys": [{"kid": "k1", "secret": SECRETS[0]}]}),
        _ => json!({"keys": [
            {"kid": "k1", "secret": SECRETS[0], "algorithm": "HS256"},
            {"kid": "k2", "secret": SECRETS[1]},
        ]}),
    };
    let audience = match random.below(3) {
        0 => json!(["agent-server", "another"]),
        _ => json!("agent-server"),
    };
    maybe(random, 65, &mut block, "audience", audience);
    maybe(
        random,
        50,
        &mut block,
        "issuer",
        json!("https://issuer.example"),
    );
    maybe(random, 30, &mut block, "scope_claim", json!("scp"));
    let skew = *random.pick(&[0, 5, 60]);
    maybe(random, 40, &mut block, "clock_skew_seconds", json!(skew));
    let flag = random.chance(30);
    maybe(
        random,
        20,
        &mut block,
        "insecure_allow_missing_exp",
        json!(flag),
    );
    claims(random, &mut block);
    grants(random, &mut block);
    maybe(random, 10, &mut block, "source", json!("partners"));
    if block["issuer"].is_string() {
        // An issuer is a source already.
        remove(&mut block, "source");
    }
    block
}

/// What a block says about the claims that tokens must have.
fn claims(random: &mut Random, block: &mut Value) {
    if block["audience"].is_string() {
        maybe(random, 12, block, "audience_claim", json!("client_id"));
    }
    let access = json!([{"claim": "token_use", "value": "access"}]);
    maybe(random, 15, block, "require_claims", access);
    let some = [json!("graph:invoke"), json!(["y"])];
    let some = random.pick(&some).clone();
    maybe(random, 12, block, "require_scopes", some);
    let typ = json!(["custom+jwt"]);
    maybe(random, 15, block, "accept_typ", typ);
    let names = [json!("azp"), json!(["azp", "sub"]), json!("email")];
    let names = random.pick(&names).clone();
    maybe(random, 15, block, "user_id_claim", names);
    let flag = random.chance(30);
    maybe(random, 12, block, "insecure_unverified_email", json!(flag));
}

/// What tokens of a block grant at the most, and whether a binding counts.
fn grants(random: &mut Random, block: &mut Value) {
    let limits = [
        json!(["graph:*"]),
        json!(["y"]),
        json!(["y", "graph:invoke"]),
        json!([]),
    ];
    let limit = random.pick(&limits).clone();
    maybe(random, 20, block, "granted_scopes", limit);
    maybe(random, 10, block, "granted_roles", json!(["viewer"]));
    let flag = random.chance(30);
    maybe(
        random,
        15,
        block,
        "insecure_ignore_confirmation",
        json!(flag),
    );
}

fn remove(block: &mut Value, name: &str) {
    if let Some(members) = block.as_object_mut() {
        members.remove(name);
    }
}

fn oauth2(random: &mut Random, world: &World) -> Value {
    let audience = world.audience();
    let mut block = json!({"issuer": world.issuer.url(), "audience": audience});
    if random.chance(30) {
        block["audience"] = json!([audience, "another"]);
    }
    // Found without it, too; here it saves a request.
    block["jwks_uri"] = json!(world.jwks_uri());
    let algorithms = [json!(["ES256"]), json!(["ES256", "ES384"]), json!("ES384")];
    let algorithms = random.pick(&algorithms).clone();
    maybe(random, 50, &mut block, "algorithms", algorithms);
    maybe(random, 30, &mut block, "scope_claim", json!("scp"));
    let skew = *random.pick(&[0, 5, 60]);
    maybe(random, 40, &mut block, "clock_skew_seconds", json!(skew));
    let strict = random.chance(50);
    maybe(random, 30, &mut block, "strict_at_jwt", json!(strict));
    claims(random, &mut block);
    grants(random, &mut block);
    match random.chance(30) {
        true => json!([block]),
        false => block,
    }
}

fn introspection(random: &mut Random, world: &World) -> Value {
    let mut block = json!({
        "endpoint": world.issuer.endpoint(IssuerEndpoint::Introspection),
        "client_id": TestIssuer::CLIENT_ID,
        "client_secret": TestIssuer::CLIENT_SECRET,
    });
    maybe(random, 60, &mut block, "audience", json!(world.audience()));
    maybe(random, 40, &mut block, "issuer", json!(world.issuer.url()));
    maybe(random, 30, &mut block, "scope_claim", json!("scp"));
    let skew = *random.pick(&[0, 5, 60]);
    maybe(random, 30, &mut block, "clock_skew_seconds", json!(skew));
    maybe(random, 30, &mut block, "cache_seconds", json!(10));
    let leaves = random.chance(50);
    maybe(random, 30, &mut block, "ignore_jwts", json!(leaves));
    maybe(random, 20, &mut block, "accept_clients", json!(false));
    grants(random, &mut block);
    block
}

fn allowlist(random: &mut Random) -> Value {
    let mut block = match random.chance(70) {
        true => json!({"user_ids": [1, "2"]}),
        false => json!({"chat_ids": [3]}),
    };
    maybe(random, 50, &mut block, "chat_ids", json!([3]));
    maybe(random, 60, &mut block, "platforms", json!(["telegram"]));
    block
}

fn webhooks(random: &mut Random) -> Value {
    let mut all = Vec::new();
    if random.chance(70) {
        let mut hook = json!({"path": "/hooks/telegram", "scheme": "telegram"});
        hook["secret"] = random
            .pick(&[
                json!("tg_Secret-1234567"),
                json!(["tg_Secret-1234567", "tg_Secret-before"]),
                json!("${TELEGRAM_SECRET}"),
            ])
            .clone();
        hook["allow"] = random
            .pick(&[
                json!("everyone"),
                json!({"user_ids": [42]}),
                json!({"chat_ids": [42]}),
                json!({"user_ids": [42, "7"], "chat_ids": [42]}),
            ])
            .clone();
        finish(random, &mut hook);
        all.push(hook);
    }
    if all.is_empty() || random.chance(60) {
        let mut hmac = json!({"signature_header": "x-sig"});
        maybe(random, 70, &mut hmac, "timestamp_header", json!("x-time"));
        let name = *random.pick(&["id_header", "unsigned_id_header"]);
        maybe(random, 40, &mut hmac, name, json!("x-id"));
        maybe(random, 30, &mut hmac, "prefix", json!("v1="));
        if !hmac["timestamp_header"].is_null() {
            maybe(random, 40, &mut hmac, "clock_skew_seconds", json!(20));
        }
        let mut hook = json!({"path": "/hooks/acme", "scheme": "hmac", "secret": SECRETS[0]});
        if hmac["timestamp_header"].is_null() && !hmac["unsigned_id_header"].is_null() {
            maybe(random, 30, &mut hook, "equal_bodies", json!(2));
        }
        hook["hmac"] = hmac;
        finish(random, &mut hook);
        all.push(hook);
    }
    random.shuffle(&mut all);
    json!(all)
}

fn finish(random: &mut Random, hook: &mut Value) {
    let some = scopes(random);
    maybe(random, 50, hook, "scopes", some);
    maybe(random, 25, hook, "user_id", json!("bot"));
    maybe(random, 30, hook, "max_body_bytes", json!(5000));
    maybe(random, 20, hook, "refuse_handled", json!(false));
    maybe(random, 20, hook, "insecure_allow_replay", json!(false));
}
