//! Bodies made at random of what confuses readers: none is let in that any reader takes for more than the caller
//! may. [15.3]

use super::{
    common::dice::{Dice, cases},
    oracle::{Headers, judge},
};

const NAMES: &[&str] = &[
    "echo",
    "deploy",
    "Deploy",
    "review",
    "docs://a",
    "about://x",
    "dep\\u006coy",
    "ech\\u006F",
    "deploy\\u0000",
    " deploy",
    "",
    "docs:\\/\\/a",
    "x",
];
const METHODS: &[&str] = &[
    "tools/call",
    "tools/call",
    "tools/call",
    "prompts/get",
    "resources/read",
    "resources/subscribe",
    "tools\\/call",
    "tools/c\\u0061ll",
    "Tools/Call",
    "tools/list",
    "ping",
    "initialize",
    "",
    "notifications/cancelled",
    "completion/complete",
    "subscriptions/listen",
];
const IDS: &[&str] = &[
    "1",
    "1",
    "\"a\"",
    "-0",
    "1.5e3",
    "1e400",
    "null",
    "true",
    "[1]",
    "01",
    "NaN",
    r#"{"$serde_json::private::Number":"1"}"#,
    "99999999999999999999999",
    "\"\\ud800\"",
];
const MEMBERS: &[(&str, &[&str])] = &[
    (
        "jsonrpc",
        &["jsonrpc", "jsonrpc", "jsonrpc", "JSONRPC", "json\\u0072pc"],
    ),
    ("id", &["id", "id", "id", "ID", "Id", "i\\u0064"]),
    (
        "method",
        &[
            "method",
            "method",
            "method",
            "Method",
            "m\\u0065thod",
            "method\\u0000",
            "$serde_json::private::RawValue",
        ],
    ),
    (
        "params",
        &[
            "params",
            "params",
            "params",
            "Params",
            "param\u{17f}",
            "p\\u0061rams",
            "$serde_json::private::RawValue",
        ],
    ),
    (
        "name",
        &[
            "name",
            "name",
            "name",
            "Name",
            "NAME",
            "n\\u0061me",
            "uri",
            "name ",
            "$serde_json::private::RawValue",
        ],
    ),
    ("uri", &["uri", "uri", "URI", "\\u0075ri", "name"]),
];
const TYPES: &[&str] = &[
    "application/json",
    "application/json",
    "application/json",
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=utf-16",
    "application/json;charset=\"utf-7\"",
    "text/plain",
    "",
];
const VERSIONS: &[&str] = &[
    "",
    "",
    "2025-03-26",
    "2025-06-18",
    "2026-07-28",
    "2099-01-01",
];
const SPACES: &[&str] = &[
    "", "", "", " ", "\t", "\r\n", "\u{feff}", "\u{a0}", "\0", "/**/",
];

#[test]
fn no_body_is_judged_weaker_than_any_reader_takes_it() {
    let mut dice = Dice::new(15);
    let (mut let_in, count) = (0, cases(100_000));
    for _ in 0..count {
        let body = body(&mut dice);
        let content_type = if dice.percent(90) {
            TYPES[0]
        } else {
            dice.pick(TYPES)
        };
        let version = if dice.percent(80) {
            ""
        } else {
            dice.pick(VERSIONS)
        };
        let headers = Headers {
            content_type: content_type.as_bytes(),
            version: version.as_bytes(),
            method: if dice.percent(90) {
                b""
            } else {
                dice.pick(METHODS).as_bytes()
            },
            name: if dice.percent(90) {
                b""
            } else {
                dice.pick(NAMES).as_bytes()
            },
        };
        let_in += usize::from(judge(headers, &body));
    }
    // So that it is no test of a layer that refuses everything.
    assert!(let_in > count / 50, "{let_in} of {count}");
}

fn body(dice: &mut Dice) -> Vec<u8> {
    let mut text = match dice.below(10) {
        0 => {
            let parts: Vec<String> = (0..dice.below(4)).map(|_| part(dice)).collect();
            format!("[{}]", parts.join(","))
        }
        1 => format!("{}{}{}", part(dice), dice.pick(SPACES), part(dice)),
        _ => part(dice),
    };
    if dice.percent(5) {
        text.insert_str(0, dice.pick(SPACES));
    }
    let mut bytes = match dice.below(60) {
        0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        2 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        _ => text.into_bytes(),
    };
    if dice.percent(10) && !bytes.is_empty() {
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(3) {
                0 => bytes[at] = dice.pick(b"\"{}[]:,\\ \x00\xc3\xff\x7f1e"),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, dice.pick(b"\"{}[]:,\\ \x00\xc3\xff\x7f1e")),
            }
            if bytes.is_empty() {
                break;
            }
        }
    }
    bytes
}

/// A message, or what comes near one.
fn part(dice: &mut Dice) -> String {
    if dice.percent(2) {
        return format!("[{}]", part(dice));
    }
    let mut members = Vec::new();
    for (name, chance) in [("jsonrpc", 97), ("id", 92), ("method", 97), ("params", 97)] {
        while dice.percent(
            if members.iter().any(|known: &String| known.contains(name)) {
                6
            } else {
                chance
            },
        ) {
            members.push(member(dice, name));
        }
    }
    if dice.percent(5) {
        members.push(format!(
            "\"{}\":{{}}",
            dice.pick(&["result", "error", "Result", "x"])
        ));
    }
    if dice.percent(30) {
        let at = dice.below(members.len() + 1);
        members.rotate_left(at);
    }
    format!("{{{}}}", members.join(","))
}

fn member(dice: &mut Dice, name: &str) -> String {
    let spelled = spelled(dice, name);
    let value = match name {
        "jsonrpc" => "\"2.0\"".to_owned(),
        "id" if dice.percent(85) => "7".to_owned(),
        "id" => dice.pick(IDS).to_owned(),
        "method" => format!("\"{}\"", dice.pick(METHODS)),
        _ => params(dice),
    };
    let space = if dice.percent(3) {
        dice.pick(SPACES)
    } else {
        ""
    };
    format!("\"{spelled}\"{space}:{value}")
}

fn spelled(dice: &mut Dice, name: &str) -> String {
    let (plain, spellings) = MEMBERS.iter().find(|(known, _)| *known == name).unwrap();
    if dice.percent(85) {
        return (*plain).to_owned();
    }
    dice.pick(spellings).to_owned()
}

fn params(dice: &mut Dice) -> String {
    match dice.below(40) {
        0 => return "null".to_owned(),
        1 => return format!("[\"{}\"]", dice.pick(NAMES)),
        2 => return format!("{:?}", format!("{{\"name\":\"{}\"}}", dice.pick(NAMES))),
        _ => {}
    }
    let mut members = Vec::new();
    for _ in 0..=dice.below(2) {
        let which = dice.pick(&["name", "name", "uri"]);
        let spelled = spelled(dice, which);
        members.push(format!("\"{spelled}\":\"{}\"", dice.pick(NAMES)));
    }
    if dice.percent(30) {
        members.push("\"arguments\":{\"name\":\"deploy\"}".to_owned());
    }
    if dice.percent(10) {
        members.push(format!(
            "\"notifications\":{{\"resourceSubscriptions\":[\"{}\"]}}",
            dice.pick(NAMES)
        ));
    }
    if dice.percent(10) {
        members.push(format!(
            "\"ref\":{{\"type\":\"ref/prompt\",\"name\":\"{}\"}}",
            dice.pick(NAMES)
        ));
    }
    if dice.percent(5) {
        members.push(
            "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\"}".to_owned(),
        );
    }
    format!("{{{}}}", members.join(","))
}
