//! A further check around every outcome of a provider.

use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequestBuf,
    provider::{ApiKeyAuth, AuthProvider, CompositeAuth},
};

use crate::chains::members::{
    Event, Kind, Log, Member, Says, When, block_on, expected, kinds, through,
};

/// A member with a check that says `check.0`; `NotMine` stands for no change at all.
fn checked(provider: Kind, check: Kind, log: &Log) -> impl AuthProvider {
    let checks = log.clone();
    Member::new(0, provider, log).and_then(move |context: AuthContext, _: AuthRequestBuf| {
        checks.add(CHECKED);
        let outcome = check.0;
        let says = move || match outcome {
            Says::Accepts | Says::NotMine => Ok(context.clone()),
            refuses => refuses.answer(0).map(|_| unreachable!("accepts nobody")),
        };
        let at_once = (check.1 == When::AtOnce).then(&says);
        async move {
            if check.1 == When::Later {
                tokio::task::yield_now().await;
            }
            at_once.unwrap_or_else(says)
        }
    })
}

/// Every outcome of a provider with every outcome of a check.
fn every_pair() -> impl Iterator<Item = (Kind, Kind)> {
    kinds()
        .into_iter()
        .flat_map(|provider| kinds().into_iter().map(move |check| (provider, check)))
}

/// The check counts only where the provider accepted.
fn both(provider: Kind, check: Kind) -> Says {
    match (provider.0, check.0) {
        (Says::Accepts, Says::NotMine) => Says::Accepts,
        (Says::Accepts, check) => check,
        (provider, _) => provider,
    }
}

#[test]
fn a_check_refuses_whom_the_provider_accepted_and_nobody_else() {
    block_on(async {
        for (provider, check) in every_pair() {
            let log = Log::default();
            let outcome = through(&AuthLayer::new(checked(provider, check, &log))).await;
            let claim = format!("{provider:?}, then {check:?}");
            assert_eq!(outcome, expected(&[both(provider, check)]), "{claim}");
            let asked = log.take().contains(&CHECKED);
            assert_eq!(asked, provider.0 == Says::Accepts, "{claim}");
        }
    });
}

#[test]
fn a_refused_check_hands_on_to_the_next_member() {
    block_on(async {
        for (provider, check) in every_pair() {
            for next in [Says::Accepts, Says::NotMine, Says::Expired] {
                let log = Log::default();
                let next_member = Member::new(1, (next, When::Later), &log);
                let chain = CompositeAuth::new(checked(provider, check, &log)).or(next_member);
                let outcome = through(&AuthLayer::new(chain)).await;
                let claim = format!("{provider:?}, then {check:?}; or {next:?}");
                assert_eq!(outcome, expected(&[both(provider, check), next]), "{claim}");
            }
        }
    });
}

fn keys() -> ApiKeyAuth {
    ApiKeyAuth::new(["sk-live-9f"]).unwrap()
}

fn with_key() -> http::Request<()> {
    let request = http::Request::get("/run").header("x-api-key", "sk-live-9f");
    request.header("x-totp", "123456").body(()).unwrap()
}

async fn ask(provider: &impl AuthProvider) -> tower_auth::AuthResult {
    provider.authenticate(&(&with_key()).into()).await
}

#[test]
fn a_check_changes_the_context_that_the_handler_gets() {
    let provider = keys().and_then(async |context, _| Ok(context.with_claim("role", "editor")));
    let context = block_on(ask(&provider)).unwrap().unwrap();
    assert_eq!(context.claim::<String>("role").unwrap().unwrap(), "editor");
}

#[test]
fn a_changed_context_does_not_leak_into_the_next_request() {
    let provider = keys().and_then(async |context, _| {
        assert_eq!(context.metadata().len(), 0);
        Ok(context.with_claim("seen", true))
    });
    for _ in 0..2 {
        assert!(block_on(ask(&provider)).unwrap().is_some());
    }
}

#[test]
fn a_check_sees_the_request() {
    let provider = keys().and_then(async |context, request| match request.header("x-totp") {
        Some("123456") => Ok(context),
        _ => Err(AuthError::invalid_credential("second_factor")),
    });
    assert!(block_on(ask(&provider)).unwrap().is_some());
}

#[test]
fn checks_run_in_the_order_in_which_they_were_added() {
    let provider = keys()
        .and_then(async |context, _| Ok(context.with_claim("n", 1)))
        .and_then(async |context, _| {
            let before: u64 = context.claim("n").unwrap().unwrap();
            Ok(context.with_claim("n", before + 1))
        });
    let context = block_on(ask(&provider)).unwrap().unwrap();
    assert_eq!(context.claim::<u64>("n").unwrap(), Some(2));
}

#[test]
fn a_check_around_a_chain_covers_every_member() {
    let chain = CompositeAuth::new(keys()).or(ApiKeyAuth::new(["other"]).unwrap());
    let inactive = chain.and_then(async |_, _| Err(AuthError::forbidden("inactive")));
    assert_eq!(block_on(ask(&inactive)).unwrap_err().reason(), "inactive");
}

#[test]
fn a_checked_provider_reads_the_same_places() {
    let provider = keys().and_then(async |context, _| Ok(context));
    assert_eq!(provider.credentials(), keys().credentials());
    assert_eq!(provider.credential_sets(), keys().credential_sets());
    assert_eq!(provider.name(), "api_key");
}

const CHECKED: Event = Event::Asked(9);
