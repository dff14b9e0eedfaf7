//! The decision table of scopes, generated, against a reference that is naive on purpose.

use proptest::{collection::vec, prelude::*, sample::select};
use tower_auth::authorize::RequireScopes;

use crate::authorize::apps::{ada, token_holder};

/// Splits everything, compares piece by piece.
fn is_granted(held: &[String], from_token: bool, wanted: &str, hierarchical: bool) -> bool {
    let star = "*".to_owned();
    if held.contains(&star) && !from_token {
        return true;
    }
    if wanted == star {
        return false;
    }
    let wanted: Vec<&str> = wanted.split(':').collect();
    for held in held {
        let held: Vec<&str> = held.split(':').collect();
        if held == ["*"] {
            continue;
        }
        if held == wanted {
            return true;
        }
        let above = match held.as_slice() {
            [above @ .., "*"] => above,
            all => all,
        };
        if hierarchical && wanted.len() > above.len() && wanted.starts_with(above) {
            return true;
        }
    }
    false
}

/// Scopes that are near to one another: levels, prefixes, asterisks.
fn scope() -> impl Strategy<Value = String> {
    let level = || {
        prop_oneof![
            6 => select(vec!["agent", "agents", "read", "readonly", "own"]),
            1 => Just("*"),
        ]
    };
    vec(level(), 1..4).prop_map(|levels| levels.join(":"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn grants_what_the_reference_grants_and_nothing_else(
        held in vec(scope(), 0..4),
        wanted in vec(scope(), 1..4),
        from_token: bool,
        any: bool,
        hierarchical: bool,
    ) {
        let caller = if from_token {
            token_holder(&held.join(" "))
        } else {
            ada(&held.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let layer = if any { RequireScopes::any(&wanted).unwrap() } else { RequireScopes::all(&wanted).unwrap() };
        let layer = if hierarchical { layer.hierarchical() } else { layer };
        let mut each = wanted
            .iter()
            .map(|wanted| is_granted(&held, from_token, wanted, hierarchical));
        let expected = if any { each.any(|is| is) } else { each.all(|is| is) };
        prop_assert_eq!(layer.check(&caller).is_ok(), expected);
    }

    #[test]
    fn require_answers_as_the_literal_layer_for_all(
        held in vec(scope(), 0..4),
        wanted in vec(scope(), 1..4),
        from_token: bool,
    ) {
        let caller = if from_token {
            token_holder(&held.join(" "))
        } else {
            ada(&held.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let by_layer = RequireScopes::all(&wanted).unwrap().check(&caller);
        let by_handler = caller.require_scopes(&wanted.join(" "));
        prop_assert_eq!(format!("{by_layer:?}"), format!("{by_handler:?}"));
    }

    #[test]
    fn text_near_a_scope_grants_nothing(
        scope in "[a-z]{1,6}:[a-z]{1,6}",
        cut in 1_usize..6,
        more in "[a-z:*]{1,3}",
    ) {
        let shorter = &scope[..scope.len() - cut.min(scope.len() - 1)];
        let longer = format!("{scope}{more}");
        let before = format!("{more}{scope}");
        for near in [shorter, &longer, &before] {
            let layer = RequireScopes::all([&scope]).unwrap();
            prop_assert!(layer.check(&ada(&[near])).is_err(), "{} for {}", near, scope);
        }
    }
}
