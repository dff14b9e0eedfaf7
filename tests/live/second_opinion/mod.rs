//! PyJWT and npm `jose` judge what we judge, as strictly as they can be told to: wherever one of
//! them disagrees, a rule says why.

use crate::common;
use crate::common::jose;
use crate::common::odd_jose as odd;

mod cases;
mod rules;
mod twists;

use std::process::Command;

use cases::{Case, cases};
use common::live;
use jose::{NOW, SECRET, key, key_file, key_name};
use rules::{JOSE, PYJWT, Rule};
use serde_json::{Value, json};
use tower_auth::{jose::Algorithm, provider::JwtAuth, testing::ManualClock};

#[test]
fn every_disagreement_with_pyjwt_is_a_rule() {
    every_disagreement_is_a_rule(live::python("mint_pyjwt.py"), PYJWT);
}

#[test]
fn every_disagreement_with_jose_is_a_rule() {
    every_disagreement_is_a_rule(live::node("mint_jose.mjs"), JOSE);
}

/// What we said of a token: nothing against it, or why not.
type Verdict = Result<(), String>;

fn every_disagreement_is_a_rule(peer: Option<Command>, rules: &[Rule]) {
    let Some(peer) = peer else {
        return;
    };
    let cases = cases();
    let questions: Vec<Value> = cases.iter().map(question).collect();
    let answers = live::ask(peer, &questions);

    let mut applied = vec![0; rules.len()];
    let (mut accepted, mut refused) = (0, 0);
    let mut unexplained = vec![];
    assert_eq!(cases.len(), answers.len());
    for (case, answer) in cases.iter().zip(&answers) {
        let (ours, theirs) = (ours(case), theirs(answer));
        match (&ours, &theirs) {
            (Ok(()), Ok(())) => accepted += 1,
            (Err(_), Err(_)) => refused += 1,
            _ => match rules
                .iter()
                .position(|rule| rule.covers(case, &ours, &theirs))
            {
                Some(rule) => applied[rule] += 1,
                None => unexplained.push(format!("we {ours:?}, they {theirs:?}: {case}")),
            },
        }
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for (rule, count) in rules.iter().zip(applied) {
        assert!(count > 0, "nothing is explained by {rule:?}");
    }
    assert!(accepted > 500 && refused > 2_000, "{accepted} {refused}");
}

fn ours(case: &Case) -> Verdict {
    let tokens = JwtAuth::new(key(case.algorithm))
        .with_issuer("https://issuer.example")
        .with_audience("my-agent")
        .with_clock(ManualClock::at_unix(NOW).clock());
    match tokens.verify(&case.token) {
        Ok(_) => Ok(()),
        Err(error) => Err(error.reason().to_owned()),
    }
}

fn theirs(answer: &Value) -> Verdict {
    match answer["accepted"].as_bool() {
        Some(true) => Ok(()),
        Some(false) => Err(answer["error"].as_str().unwrap().to_owned()),
        None => panic!("{answer}"),
    }
}

fn question(case: &Case) -> Value {
    let algorithm = case.algorithm;
    json!({
        "op": "verify", "token": case.token, "key": public(algorithm), "algs": [algorithm.as_str()],
        "now": NOW, "leeway": 30, "verdict_only": true,
        "issuer": "https://issuer.example", "audience": "my-agent",
        "require": ["iss", "aud", "sub", "exp"],
    })
}

fn public(algorithm: Algorithm) -> Value {
    if algorithm.is_symmetric() {
        json!({"secret": str::from_utf8(SECRET).unwrap()})
    } else {
        json!({"pem": key_file(&format!("{}.pub.pem", key_name(algorithm)))})
    }
}
