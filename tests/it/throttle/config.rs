//! Limits from a file [14.1] to [14.3].

use axum::{Router, routing::get};
use tower_auth::{config::AuthConfig, testing::ManualClock, throttle::Attempts};

use super::kit::{PEER, from};
use crate::common::answer::{Answer, send};

const KEY: &str = "sk-live-9f03a51d8c70";

fn document(throttle: &str) -> String {
    format!(
        "auth:\n  api_keys:\n    - {{name: ada, key: {KEY}, tenant: acme}}\n    - {{name: eve, key: \
         sk-live-4c11d0e2b7a9, tenant: acme}}\n  throttle: {throttle}\n"
    )
}

fn config(throttle: &str) -> AuthConfig {
    AuthConfig::from_yaml(document(throttle)).with_clock(ManualClock::now().clock())
}

fn app(config: AuthConfig) -> Router {
    Router::new()
        .route("/run", get(async || "ran"))
        .route("/whoami", get(async || "you"))
        .layer(config.into_layer().unwrap())
}

async fn ask(app: &Router, line: &str, headers: &[(&str, &str)]) -> Answer {
    send(app, from(PEER, line, headers)).await
}

#[tokio::test]
async fn a_file_limits_attempts_and_requests() {
    let app = app(config(
        "{attempts: {quota: 3 per minute}, requests: [{quota: 4 per minute}, {quota: 5 per minute, by: \
         tenant}, {quota: 1 per hour, name: runs, path: /run, method: GET}], max_running: 9}",
    ));
    for status in [401, 401, 401, 429] {
        assert_eq!(
            ask(&app, "GET /whoami", &[("x-api-key", "wrong")])
                .await
                .status,
            status
        );
    }
    let other = |line, key| {
        let request = from("198.51.100.1", line, &[("x-api-key", key)]);
        send(&app, request)
    };
    let first = other("GET /run", KEY).await;
    assert_eq!(first.headers["ratelimit"], "\"runs\";r=0;t=3600");
    assert_eq!(other("GET /run", KEY).await.status, 429);
    for status in [200, 200, 200, 429] {
        assert_eq!(other("GET /whoami", KEY).await.status, status);
    }
    for status in [200, 429] {
        let answer = other("GET /whoami", "sk-live-4c11d0e2b7a9").await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn a_file_names_the_proxies() {
    let app = app(config(
        "{attempts: {quota: 1 per minute}, trusted_proxies: [203.0.113.0/24], proxy_header: X-Real-IP}",
    ));
    let guess = async |client: &str| {
        let headers = [
            ("x-api-key", "wrong"),
            ("x-real-ip", client),
            ("x-forwarded-for", "9.9.9.9"),
        ];
        ask(&app, "GET /run", &headers).await.status
    };
    assert_eq!(guess("192.0.2.1").await, 401);
    assert_eq!(guess("192.0.2.1").await, 429);
    assert_eq!(guess("192.0.2.2").await, 401);
}

#[tokio::test]
async fn what_the_program_limits_holds_where_the_file_says_nothing() {
    let default = || Attempts::new("2 per minute".parse().unwrap());
    for (throttle, guesses) in [
        ("{max_running: 3}", 2),
        ("{attempts: {quota: 3 per minute}}", 3),
    ] {
        let app = app(config(throttle).with_default_attempts(default()));
        for number in 0..6 {
            let answer = ask(&app, "GET /run", &[("x-api-key", "wrong")]).await;
            let expected = if number < guesses { 401 } else { 429 };
            assert_eq!(answer.status, expected, "{throttle} {number}");
        }
    }
}

#[tokio::test]
async fn a_summary_names_the_limits() {
    let setup =
        config("{attempts: {quota: 3/60s}, requests: [{quota: 9/h, by: key}], max_running: 2}");
    let setup = setup.build().unwrap();
    assert_eq!(
        setup.summary().limits(),
        ["attempts 3 per minute", "key 9 per hour, running 2"]
    );
    assert!(
        setup
            .summary()
            .to_string()
            .contains("; limits: attempts 3 per minute")
    );
}

#[tokio::test]
async fn webhooks_of_a_file_count_with_the_rest() {
    let text = document("{attempts: {quota: 2 per minute}}")
        + "  webhooks: [{path: /hook, scheme: telegram, secret: tg_Secret-1234567, allow: {user_ids: [42]}}]\n";
    let (callers, webhooks) = AuthConfig::from_yaml(text).build().unwrap().into_layers();
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .route("/hook", axum::routing::post(async || "handled"))
        .layer(callers)
        .layer(webhooks);
    let hook = [("x-telegram-bot-api-secret-token", "wrong_Secret-1")];
    assert_eq!(ask(&app, "POST /hook", &hook).await.status, 401);
    assert_eq!(
        ask(&app, "GET /run", &[("x-api-key", "wrong")])
            .await
            .status,
        401
    );
    assert_eq!(ask(&app, "POST /hook", &hook).await.status, 429);
    assert_eq!(
        ask(&app, "GET /run", &[("x-api-key", KEY)]).await.status,
        429
    );
}

#[tokio::test]
async fn another_file_goes_on_with_the_counts() {
    let folder = std::env::temp_dir().join(format!("tower-auth-throttle-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("auth.yaml");
    let limits = "{attempts: {quota: 2 per hour}, requests: [{quota: 2 per hour}]}";
    std::fs::write(&file, document(limits)).unwrap();
    let (layer, handle) = AuthConfig::from_file(&file).into_reload_layer().unwrap();
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .layer(layer);
    let statuses = async || {
        let mut statuses = Vec::new();
        for key in ["wrong", KEY] {
            let peer = if key == KEY { "198.51.100.1" } else { PEER };
            statuses.push(
                send(&app, from(peer, "GET /run", &[("x-api-key", key)]))
                    .await
                    .status
                    .as_u16(),
            );
        }
        statuses
    };
    assert_eq!(statuses().await, [401, 200]);
    std::fs::write(&file, document(limits) + "  realm: another\n").unwrap();
    handle.reload().unwrap();
    assert_eq!(statuses().await, [401, 200]);
    assert_eq!(statuses().await, [429, 429]);
    std::fs::write(
        &file,
        document("{attempts: {quota: 9 per hour}, requests: [{quota: 2 per hour}]}"),
    )
    .unwrap();
    handle.reload().unwrap();
    assert_eq!(statuses().await, [401, 429]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn limits_that_a_file_leaves_out_for_a_time_go_on_with_their_counts() {
    let file = std::env::temp_dir().join(format!("tower-auth-limits-{}.yaml", std::process::id()));
    let limits = "{attempts: {quota: 2 per hour}, requests: [{quota: 2 per hour}]}";
    std::fs::write(&file, document(limits)).unwrap();
    let (layer, handle) = AuthConfig::from_file(&file).into_reload_layer().unwrap();
    let app = Router::new()
        .route("/run", get(async || "ran"))
        .layer(layer);
    let statuses = async || {
        let guess = ask(&app, "GET /run", &[("x-api-key", "wrong")]).await;
        let run = from("198.51.100.1", "GET /run", &[("x-api-key", KEY)]);
        [guess.status.as_u16(), send(&app, run).await.status.as_u16()]
    };
    for _ in 0..2 {
        assert_eq!(statuses().await, [401, 200]);
    }
    for between in ["{max_running: 9}", "{attempts: {quota: 9 per hour}}"] {
        std::fs::write(&file, document(between)).unwrap();
        handle.reload().unwrap();
        assert_eq!(statuses().await, [401, 200]);
    }
    std::fs::write(&file, document(limits)).unwrap();
    handle.reload().unwrap();
    assert_eq!(statuses().await, [429, 429]);
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn limits_only_refuse_more() {
    let limits = [
        "{attempts: {quota: 3 per minute}}",
        "{attempts: {quota: 3 per minute}, trusted_proxies: [203.0.113.0/24]}",
        "{requests: [{quota: 3 per minute, by: all}], max_running: 1}",
        "{requests: [{quota: 3/60s, path: '/{*rest}', by: address, except_scope: x}]}",
    ];
    let open = app(AuthConfig::from_yaml(document("{max_running: 65535}")));
    let keys = [
        Some(KEY),
        Some("sk-live-4c11d0e2b7a9"),
        Some("wrong"),
        Some(""),
        None,
    ];
    let paths = [
        "/run",
        "/whoami",
        "/unknown",
        "/health",
        "//run",
        "/run/../whoami",
    ];
    for limits in limits {
        let limited = app(config(limits));
        let mut dice = crate::common::dice::Dice::new(7);
        let mut refused = 0;
        for _ in 0..400 {
            let method = dice.pick(&["GET", "HEAD", "POST", "OPTIONS"]);
            let line = format!("{method} {}", dice.pick(&paths));
            let client = format!("198.51.100.{}", dice.below(3));
            let mut headers = vec![("x-forwarded-for", &*client)];
            headers.extend(dice.pick(&keys).map(|key| ("x-api-key", key)));
            let expected = ask(&open, &line, &headers).await.status;
            let status = ask(&limited, &line, &headers).await.status;
            assert!(
                status == expected || status == 429,
                "{limits}: {line} {status} {expected}"
            );
            refused += usize::from(status == 429);
        }
        assert!(refused > 0, "{limits}");
    }
}
