//! Bodies that readers could read in two ways, and what the server gets of the others. [15.3]

use axum::body::Body;
use http::StatusCode;
use http_body_util::{BodyExt, StreamBody};

use super::{
    common::answer::send,
    kit::{app, call, layer, message, post, rpc_code},
};

/// A body that some library reads as a call of the tool that needs a scope.
const AMBIGUOUS: &[&str] = &[
    // Doubled members: some keep the last one, some the first.
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"deploy","n\u0061me":"echo"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"params":{"name":"deploy"}}"#,
    // Members that differ by case: some do not tell them apart.
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","params":{"name":"deploy"}}"#,
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"echo\"},\"param\u{17f}\":{\"name\":\"deploy\"}}",
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"Params":{"name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"result":{},"Method":"tools/call"}"#,
    // A reader in C stops at a NUL.
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name\u0000x":"deploy"}}"#,
    // `serde_json` reads another value, where a crate of the program switches that on.
    r#"{"$serde_json::private::RawValue":"{}","jsonrpc":"2.0","id":1,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"$serde_json::private::RawValue":"{\"name\":\"deploy\"}","name":"echo"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"$serde_json::private::Number":"1","name":"echo"}}"#,
    // A reader in JavaScript changes what the object inherits.
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"__proto__":{"name":"deploy"},"name":"echo"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","__proto__":{"method":"tools/call"}}"#,
    // Two kinds of message in one.
    r#"{"jsonrpc":"2.0","id":1,"result":{},"method":"tools/call","params":{"name":"deploy"}}"#,
    r#"{"jsonrpc":"2.0","id":1,"error":{},"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":1,"error":{},"result":{}}"#,
    // No message.
    r#"{"jsonrpc":"2.0","id":1}"#,
    r#"{"jsonrpc":"2.0","result":{}}"#,
    r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
    r#"{"id":1,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":{"$serde_json::private::Number":"1"},"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":7}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":["tools/call"]}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":""}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":null}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["deploy"]}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":"deploy"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["deploy"]}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":null}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":{"$serde_json::private::RawValue":"\"deploy\""}}}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":7}}"#,
    // No JSON, though some read it.
    "",
    " ",
    "null",
    "7",
    "\"tools/call\"",
    "{",
    "[",
    "[]",
    "{}",
    r#"{"jsonrpc":"2.0","id":1,"method":"ping"} {"jsonrpc":"2.0","id":2,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping"}x"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping",}"#,
    r#"{"jsonrpc":"2.0","id":NaN,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":01,"method":"ping"}"#,
    r#"{'jsonrpc':'2.0','id':1,'method':'ping'}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"ping"/**/}"#,
    r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\ud83d"}}"#,
    "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}",
    // Batches: of parts that are no messages, nested, and empty ones.
    r#"[[{"jsonrpc":"2.0","id":1,"method":"ping"}]]"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},7]"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},null]"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{}]"#,
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"deploy"}}]"#,
];

#[tokio::test]
async fn what_readers_could_read_in_two_ways_is_refused() {
    let app = app(layer());
    for body in AMBIGUOUS {
        let answer = post("agents:deploy+admin+docs:read", *body).ask(&app).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let code = rpc_code(&answer);
        assert!((-32700..=-32600).contains(&code), "{body}: {code}");
    }
}

#[tokio::test]
async fn other_encodings_are_refused() {
    let app = app(layer());
    let text = call("deploy");
    let utf16 =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(order).collect() };
    let mut latin1 = message("ping", "{\"x\":\"").into_bytes();
    latin1.truncate(latin1.len() - 1);
    latin1.extend_from_slice(b"\xe4\"}}");
    let overlong = [
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"x\":\"".as_slice(),
        b"\xc0\xae\"}",
    ]
    .concat();
    for body in [
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        [b"\xff\xfe".as_slice(), &utf16(u16::to_le_bytes)].concat(),
        [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat(),
        text.bytes().flat_map(|byte| [byte, 0, 0, 0]).collect(),
        latin1,
        overlong,
    ] {
        assert_eq!(
            post("agents:deploy", body.clone()).status(&app).await,
            400,
            "{body:?}"
        );
    }
}

#[tokio::test]
async fn every_part_of_a_batch_is_judged() {
    let app = app(layer());
    let (echo, deploy) = (call("echo"), call("deploy"));
    for (scopes, body, expected) in [
        ("", format!("[{echo},{echo}]"), 200),
        ("", format!("[{echo},{deploy}]"), 403),
        ("", format!("[{deploy},{echo}]"), 403),
        ("agents:deploy", format!("[{echo},{deploy}]"), 200),
        (
            "agents:deploy",
            format!(" \t\r\n[ {echo} , {deploy} ] "),
            200,
        ),
        (
            "agents:deploy",
            format!("[{deploy},{}]", call("unheard_of")),
            403,
        ),
        ("", format!("[{}]", vec![&*echo; 100].join(",")), 200),
        ("", format!("[{}]", vec![&*echo; 101].join(",")), 400),
    ] {
        assert_eq!(
            post(scopes, body.clone()).status(&app).await.as_u16(),
            expected,
            "{body}"
        );
    }
    // The newest version has none.
    let sent = post("", format!("[{echo}]")).with("mcp-protocol-version", "2026-07-28");
    assert_eq!(sent.status(&app).await, StatusCode::BAD_REQUEST);
    // A header that fits one part alone routes the other one.
    let sent = post("", format!("[{echo},{}]", message("ping", "{}"))).with("mcp-method", "ping");
    assert_eq!(sent.status(&app).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_batch_is_told_all_that_its_parts_need() {
    let body = format!(
        "[{},{},{}]",
        call("deploy"),
        call("admin_x"),
        call("deploy")
    );
    let answer = post("", body).ask(&app(layer())).await;
    let text = super::kit::challenge(&answer.headers).to_owned();
    assert!(text.contains("scope=\"agents:deploy admin\""), "{text}");
}

#[tokio::test]
async fn the_server_gets_the_body_byte_for_byte_however_it_came() {
    let app = app(layer());
    let body = format!(
        " {}\r\n",
        call("echo").replace("{}", r#"{"ä\u0041":[1.50,-0,"\/"]}"#)
    );
    for piece in [1, 2, 3, 7, body.len()] {
        let frames = body.as_bytes().chunks(piece).map(|chunk| {
            Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::copy_from_slice(chunk)))
        });
        let stream = StreamBody::new(futures_util::stream::iter(frames.collect::<Vec<_>>()));
        let request = post("", "").request().map(|_| Body::new(stream));
        let answer = send(&app, request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.body, body.as_bytes(), "{piece}");
    }
}

#[tokio::test]
async fn a_body_of_one_frame_is_not_copied() {
    let sent = bytes::Bytes::from(call("echo"));
    let app = axum::Router::new().route(
        "/mcp",
        axum::routing::post(async |request: axum::extract::Request| {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            format!("{:?}", body.as_ptr())
        }),
    );
    let app = app
        .layer(layer())
        .layer(tower_auth::AuthLayer::new(super::kit::keys()));
    let request = post("", "").request().map(|_| Body::from(sent.clone()));
    let answer = send(&app, request).await;
    assert_eq!(answer.body, format!("{:?}", sent.as_ptr()));
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused_declared_or_not() {
    let app = app(layer().with_max_body_len(1000));
    let long = call("echo").replace("{}", &format!("{{\"x\":\"{}\"}}", "y".repeat(1000)));
    assert_eq!(
        post("", long.clone()).status(&app).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let frames = long
        .into_bytes()
        .chunks(100)
        .map(|chunk| {
            Ok::<_, std::io::Error>(http_body::Frame::data(bytes::Bytes::copy_from_slice(chunk)))
        })
        .collect::<Vec<_>>();
    let stream = StreamBody::new(futures_util::stream::iter(frames));
    let request = post("", "").request().map(|_| Body::new(stream));
    assert_eq!(
        send(&app, request).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn arguments_may_be_deep_up_to_a_bound() {
    let app = app(layer());
    let nested = |depth: usize| {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        call("echo").replace("{}", &format!("{{\"x\":{value}}}"))
    };
    assert_eq!(post("", nested(100)).status(&app).await, StatusCode::OK);
    for depth in [128, 1_000, 400_000] {
        assert_eq!(post("", nested(depth)).status(&app).await, 400, "{depth}");
    }
}
