use tower_auth::keys::{KeyFormat, KeyShape};

fn format() -> KeyFormat {
    KeyFormat::new("sk_live").unwrap()
}

#[test]
fn a_key_of_another_prefix_is_not_mine() {
    let other = KeyFormat::new("sk_test").unwrap().generate().unwrap();
    assert_eq!(format().shape(other.expose().as_bytes()), KeyShape::NotMine);
    // A prefix that is the end, or the beginning, of another.
    for prefix in ["live", "sk", "x_sk_live", "sk_live_eu"] {
        let other = KeyFormat::new(prefix).unwrap().generate().unwrap();
        let shape = format().shape(other.expose().as_bytes());
        assert_eq!(shape, KeyShape::NotMine, "{prefix}");
    }
}

#[test]
fn a_token_is_not_mine() {
    for token in [
        "",
        "_",
        "sk_live",
        "sk_live_",
        "eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
    ] {
        assert_eq!(
            format().shape(token.as_bytes()),
            KeyShape::NotMine,
            "{token}"
        );
    }
}

#[test]
fn a_key_with_a_character_more_or_less_is_not_mine() {
    let key = format().generate().unwrap();
    let key = key.expose();
    for other in [
        format!("{key}0"),
        key[..key.len() - 1].to_owned(),
        format!(" {key}"),
    ] {
        assert_eq!(format().shape(other.as_bytes()), KeyShape::NotMine);
    }
}

#[test]
fn a_mistyped_key_has_a_wrong_checksum() {
    let key = format().generate().unwrap();
    let mut mistyped = key.expose().to_owned();
    let last = mistyped.pop().unwrap();
    mistyped.push(if last == '0' { '1' } else { '0' });
    assert_eq!(format().shape(mistyped.as_bytes()), KeyShape::WrongChecksum);
}

#[test]
fn two_keys_differ() {
    let [one, other] = [(); 2].map(|()| format().generate().unwrap());
    assert_ne!(one.expose(), other.expose());
}

#[test]
fn a_prefix_that_could_not_be_told_is_refused() {
    for prefix in [
        "",
        "_",
        "sk_",
        "sk live",
        "sk.live",
        "é",
        "sk\n",
        &"a".repeat(33),
    ] {
        assert!(KeyFormat::new(prefix).is_err(), "{prefix:?}");
    }
}
