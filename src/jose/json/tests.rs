use super::*;

fn names(text: &str) -> Result<Vec<String>, Fault> {
    let mut members = Members::of(text)?;
    let mut names = Vec::new();
    while let Some((name, _)) = members.next()? {
        names.push(name.cow().into_owned());
    }
    Ok(names)
}

fn only_text(json: &str) -> Result<String, Fault> {
    let text = format!("[{json}]");
    let mut items = Items::of(&text)?;
    let Some(Value::Text(text)) = items.next()? else {
        return Err(Fault::WrongType);
    };
    let text = text.cow().into_owned();
    assert!(items.next()?.is_none());
    Ok(text)
}

#[test]
fn reads_every_kind_of_value() {
    let text = " {\t\"a\" : 1 ,\n\"b\":\"x\",\"c\":[1,[],{}],\"d\":{\"e\":null},\"f\":true,\"g\":false}\r\n";
    assert_eq!(names(text).unwrap(), ["a", "b", "c", "d", "f", "g"]);
    assert_eq!(names("{}").unwrap(), Vec::<String>::new());
}

#[test]
fn resolves_escapes_as_serde_json_does() {
    for json in [
        r#""""#,
        r#""plain""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u0041\u00e9\u20AC""#,
        r#""\ud83d\ude00x""#,
        r#""é€😀""#,
        r#""\u0000""#,
    ] {
        let theirs: String = serde_json::from_str(json).unwrap();
        assert_eq!(only_text(json).unwrap(), theirs, "{json}");
    }
}

/// A look at eight bytes at once must find what a look at each finds, wherever it stands.
#[test]
fn finds_each_byte_that_ends_or_breaks_a_text_wherever_it_stands() {
    let odd = ('\0'..='\u{ff}').chain(['\u{100}', '€', '\u{7fff}', '😀']);
    for odd in odd {
        for before in 0..18 {
            for after in [0, 1, 7, 8, 9] {
                let json = format!("\"{}{odd}{}\"", "~".repeat(before), "\u{80}".repeat(after));
                let theirs = serde_json::from_str::<String>(&json).ok();
                assert_eq!(only_text(&json).ok(), theirs, "{json:?}");
            }
        }
    }
}

#[test]
fn compares_with_escapes_resolved() {
    let mut members = Members::of(r#"{"al\u0067":1}"#).unwrap();
    let (name, _) = members.next().unwrap().unwrap();
    assert!(name.is("alg"));
    assert!(!name.is("al"));
    assert!(!name.is("algo"));
}

#[test]
fn refuses_a_member_that_appears_twice() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"\u0061":1,"a":2}"#,
        r#"{"\u00e9":1,"é":2}"#,
        r#"{"\ud83d\ude00":1,"😀":2}"#,
        r#"{"":1,"":2}"#,
    ] {
        assert_eq!(names(text), Err(Fault::DuplicateMember), "{text}");
    }
    // Below the top level the caller decides.
    assert!(names(r#"{"a":{"b":1,"b":2}}"#).is_ok());
}

#[test]
fn refuses_a_member_that_appears_twice_however_many_stand_between() {
    let name = |at: usize| format!("{}{at}", "n".repeat(at % 20));
    for between in [1, 22, 23, 24, 25, 100, 200] {
        let members: Vec<String> = (0..=between)
            .map(|at| format!("\"{}\":1", name(at)))
            .collect();
        let members = members.join(",");
        assert!(names(&format!("{{{members}}}")).is_ok(), "{between}");
        for first in [0, 1, between] {
            let twice = format!("{{{members},\"{}\":1}}", name(first));
            assert_eq!(
                names(&twice),
                Err(Fault::DuplicateMember),
                "{between}, {first}"
            );
        }
    }
}

#[test]
fn refuses_half_a_surrogate_pair() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800x""#,
        r#""\ud800\n""#,
        r#""\udc00\ud800""#,
        r#""\uD83D\u0041""#,
    ] {
        assert_eq!(only_text(text), Err(Fault::LoneSurrogate), "{text}");
        let nested = format!(r#"{{"a":[{{"b":{text}}}]}}"#);
        assert_eq!(names(&nested), Err(Fault::LoneSurrogate), "{nested}");
        let name = format!("{{{text}:1}}");
        assert_eq!(names(&name), Err(Fault::LoneSurrogate), "{name}");
    }
}

#[test]
fn refuses_what_is_not_json() {
    for text in [
        "",
        " ",
        "{",
        "}",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{,}",
        "{\"a\" 1}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":1}{}",
        "{\"a\":1}\0",
        "\u{feff}{}",
        "{}\u{feff}",
        "\u{a0}{}",
        "{\"a\":01}",
        "{\"a\":+1}",
        "{\"a\":.5}",
        "{\"a\":1.}",
        "{\"a\":1e}",
        "{\"a\":-}",
        "{\"a\":--1}",
        "{\"a\":0x1}",
        "{\"a\":NaN}",
        "{\"a\":Infinity}",
        "{\"a\":tru}",
        "{\"a\":True}",
        "{\"a\":nul}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\\x41\"}",
        "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u+123\"}",
        "{\"a\":\"\\ud83d\\u+e00\"}",
        "{\"a\":\"}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}",
        "{\"a\":[}]}",
        "{\"a\":{]}}",
        "// x\n{}",
        "{/**/}",
    ] {
        assert_eq!(names(text), Err(Fault::Syntax), "{text:?}");
        assert!(
            serde_json::from_str::<serde_json::Value>(text).is_err(),
            "{text:?}"
        );
    }
}

#[test]
fn tells_another_type_from_broken_json() {
    for text in ["[]", "1", "\"a\"", "null", "true", " [1,{}] "] {
        assert_eq!(names(text), Err(Fault::WrongType), "{text}");
    }
    for text in ["[", "[1", "\"a", "nul"] {
        assert_eq!(names(text), Err(Fault::Syntax), "{text}");
    }
}

#[test]
fn nests_so_deep_and_no_deeper() {
    let nest = |depth: usize, open: &str, close: &str| {
        format!("{{\"a\":{}1{}}}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("[", "]"), ("{\"b\":", "}")] {
        assert!(names(&nest(31, open, close)).is_ok());
        assert_eq!(names(&nest(32, open, close)), Err(Fault::TooDeep));
        assert_eq!(names(&nest(10_000, open, close)), Err(Fault::TooDeep));
    }
    assert_eq!(names(&"[".repeat(60_000)), Err(Fault::TooDeep));
}

#[test]
fn holds_so_many_members_and_no_more() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"m{n}\":{n}")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_eq!(names(&object(256)).unwrap().len(), 256);
    assert_eq!(names(&object(257)), Err(Fault::TooManyMembers));
}

#[test]
fn keeps_saying_that_it_is_done() {
    let mut members = Members::of("{} ").unwrap();
    assert!(members.next().unwrap().is_none());
    assert!(members.next().unwrap().is_none());
}

#[test]
fn refuses_numbers_that_serde_json_cannot_hold() {
    let digits = "9".repeat(400);
    for number in [
        "1e400",
        "-1e400",
        "1E+309",
        "1e99999999999999999999",
        &digits,
    ] {
        let text = format!("{{\"a\":[{number}]}}");
        assert_eq!(names(&text), Err(Fault::HugeNumber), "{number}");
    }
    for number in [
        "1e300",
        "1e-400",
        "0e999",
        "-0",
        "18446744073709551616",
        "0.1e5",
    ] {
        let text = format!("{{\"a\":[{number}]}}");
        assert!(names(&text).is_ok(), "{number}");
        assert!(
            serde_json::from_str::<serde_json::Value>(&text).is_ok(),
            "{number}"
        );
    }
}
