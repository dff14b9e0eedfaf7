//! Whose users the callers of a chain are: no key's holder becomes another's user.

use std::{panic::catch_unwind, sync::Arc};

use http::{Request, header};
use tower_auth::{
    Access, AuthContext, AuthLayer, AuthRequest, ConfigError, ConfigErrorKind, Principal,
    authorize::{Authorizer, by_owner},
    provider::{
        AllowlistAuth, ApiKeyAuth, ApiKeyRecord, AuthProvider, CompositeAuth, IntoAuthProvider,
        IntrospectionAuth, JwtAuth, OAuth2Auth, OAuth2Issuers, UserinfoAuth, provider_fn,
    },
    testing::ManualClock,
};

use crate::chains::{members::block_on, own_principals::Sessions};

const NOW: u64 = 1_800_000_000;
const OURS: &str = "an example secret of 32 bytes, ours ….";
const THEIRS: &str = "an example secret of 32 bytes, theirs.";

fn keys(name: &str, key: &str) -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new(name, key).unwrap()]).unwrap()
}

fn tokens(secret: &str) -> JwtAuth {
    JwtAuth::hs256(secret)
        .unwrap()
        .with_clock(ManualClock::at_unix(NOW).clock())
}

fn minted(secret: &str, claims: &str) -> String {
    let claims: serde_json::Value = serde_json::from_str(claims).unwrap();
    jsonwebtoken::encode(
        &jsonwebtoken::Header::default(),
        &claims,
        &jsonwebtoken::EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

fn of(iss: &str, sub: &str) -> String {
    format!(r#"{{"iss":"{iss}","sub":"{sub}","exp":1800000600}}"#)
}

/// The caller that a provider makes of what is shown as a bearer credential.
fn caller(provider: &dyn AuthProvider, shown: &str) -> AuthContext {
    let request = Request::get("/run")
        .header(header::AUTHORIZATION, format!("Bearer {shown}"))
        .body(())
        .unwrap();
    let answer = block_on(async { provider.authenticate(&AuthRequest::from(&request)).await });
    answer.unwrap().expect("a caller")
}

/// Whether `caller` may read what `owner` made.
fn owns(owner: &AuthContext, caller: &AuthContext) -> bool {
    let owner: Principal<'static> = owner.principal().into_owned();
    let owners = by_owner(move |_: &str| Ok(Some(owner.clone())));
    block_on(async { owners.check(caller, "document:7", "read").await }).is_ok()
}

pub(super) fn conflict<Form>(provider: impl IntoAuthProvider<Form>) -> ConfigError {
    let error = AuthLayer::try_new(provider).expect_err("users are mixed up");
    assert_eq!(error.kind(), ConfigErrorKind::Conflict, "{error}");
    error
}

pub(super) fn builds<Form>(provider: impl IntoAuthProvider<Form>) {
    AuthLayer::try_new(provider).unwrap();
}

#[test]
fn two_key_tables_with_one_name_are_refused_until_each_has_a_label() {
    let (staff, partners) = (keys("ada", "sk-staff"), keys("ada", "sk-partner"));
    let error = conflict(CompositeAuth::new(staff.clone()).or(partners.clone())).to_string();
    for part in ["`api_key`", "with_source", "with_shared_source"] {
        assert!(error.contains(part), "{error}");
    }

    let chain = CompositeAuth::new(staff.with_source("staff").unwrap())
        .or(partners.with_source("partners").unwrap());
    builds(chain.clone());
    let (staff, partner) = (caller(&chain, "sk-staff"), caller(&chain, "sk-partner"));
    assert_eq!(staff.user_id(), partner.user_id());
    assert!(owns(&staff, &staff) && owns(&partner, &partner));
    assert!(!owns(&staff, &partner) && !owns(&partner, &staff));
}

#[test]
fn two_key_tables_of_the_same_users_share_a_label_while_one_replaces_the_other() {
    let shared = |key| keys("ada", key).with_shared_source("keys").unwrap();
    let chain = CompositeAuth::new(shared("sk-old")).or(shared("sk-new"));
    builds(chain.clone());
    assert!(owns(&caller(&chain, "sk-old"), &caller(&chain, "sk-new")));
}

#[test]
fn a_label_is_shared_only_where_both_say_so() {
    let own = || keys("ada", "sk-1").with_source("keys").unwrap();
    let shared = || keys("ada", "sk-2").with_shared_source("keys").unwrap();
    conflict(CompositeAuth::new(own()).or(shared()));
    conflict(CompositeAuth::new(shared()).or(own()));
    conflict(CompositeAuth::new(own()).or(own()));
    builds(CompositeAuth::new(shared()).or(keys("ada", "sk-3")));
}

#[test]
fn two_secrets_without_an_issuer_are_refused_until_each_has_a_label() {
    conflict(CompositeAuth::new(tokens(OURS)).or(tokens(THEIRS)));

    let chain = CompositeAuth::new(tokens(OURS).with_source("staff").unwrap())
        .or(tokens(THEIRS).with_source("partners").unwrap());
    builds(chain.clone());
    let ada = caller(&chain, &minted(OURS, &of("https://a.example", "ada")));
    // A partner writes whatever `iss` and `sub` it likes.
    for iss in ["https://a.example", "staff", "jwt"] {
        let partner = caller(&chain, &minted(THEIRS, &of(iss, "ada")));
        assert!(!owns(&ada, &partner), "{iss}");
    }
}

#[test]
fn an_iss_that_nobody_required_is_no_part_of_who_the_caller_is() {
    let provider = tokens(OURS);
    let one = caller(&provider, &minted(OURS, &of("https://a.example", "ada")));
    let other = caller(&provider, &minted(OURS, &of("https://b.example", "ada")));
    assert_eq!((one.issuer(), one.source()), (None, None));
    assert_eq!(
        one.claim("iss").unwrap(),
        Some("https://a.example".to_owned())
    );
    assert!(owns(&one, &other));
}

#[test]
fn a_partner_s_iss_never_reaches_the_objects_of_a_configured_issuer() {
    let configured = tokens(OURS).with_issuer("https://a.example");
    let chain = CompositeAuth::new(configured).or(tokens(THEIRS));
    builds(chain.clone());
    let ada = caller(&chain, &minted(OURS, &of("https://a.example", "ada")));
    assert_eq!(ada.source(), Some("https://a.example"));
    let forged = caller(&chain, &minted(THEIRS, &of("https://a.example", "ada")));
    assert!(!owns(&ada, &forged));
}

#[test]
fn a_remembered_token_has_the_source_of_a_new_one() {
    for provider in [
        tokens(OURS).with_source("staff").unwrap(),
        tokens(OURS).with_issuer("staff"),
    ] {
        let token = minted(OURS, &of("staff", "ada"));
        let (first, again) = (caller(&provider, &token), caller(&provider, &token));
        assert_eq!(first.principal(), again.principal());
        assert_eq!(again.source(), Some("staff"));
    }
}

#[test]
fn a_configured_issuer_goes_before_a_label() {
    let provider = tokens(OURS)
        .with_issuer("https://a.example")
        .with_source("x")
        .unwrap();
    let ada = caller(&provider, &minted(OURS, &of("https://a.example", "ada")));
    assert_eq!(ada.source(), Some("https://a.example"));
}

#[test]
fn a_user_id_from_another_claim_than_the_first_is_somebody_else() {
    let second = r#"{"iss":"i","user_id":"ada","exp":1800000600}"#;
    for (provider, source) in [
        (tokens(OURS), "#user_id"),
        (tokens(OURS).with_source("staff").unwrap(), "staff#user_id"),
        (tokens(OURS).with_issuer("i"), "i#user_id"),
    ] {
        let first = caller(&provider, &minted(OURS, &of("i", "ada")));
        let second = caller(&provider, &minted(OURS, second));
        assert_eq!(second.source(), Some(source));
        assert!(!owns(&first, &second));
    }
}

#[test]
fn a_label_that_could_be_taken_for_another_source_is_refused() {
    for label in ["", " ", "staff#user_id", "#", " staff", "staff\n"] {
        assert!(tokens(OURS).with_source(label).is_err(), "{label:?}");
        assert!(tokens(OURS).with_shared_source(label).is_err(), "{label:?}");
        assert!(keys("a", "k").with_source(label).is_err(), "{label:?}");
        let closure = provider_fn(|_| Ok(None));
        assert!(closure.with_source(label).is_err(), "{label:?}");
    }
}

#[test]
fn two_providers_of_one_issuer_speak_of_the_same_users() {
    let oauth2 = |audience| OAuth2Auth::new("https://a.example", audience).unwrap();
    builds(CompositeAuth::new(oauth2("one")).or(oauth2("two")));
    let jwt = |secret| tokens(secret).with_issuer("https://a.example");
    builds(
        CompositeAuth::new(jwt(OURS))
            .or(jwt(THEIRS))
            .or(oauth2("one")),
    );
    let both = OAuth2Issuers::new([
        oauth2("one"),
        OAuth2Auth::new("https://b.example", "x").unwrap(),
    ]);
    builds(CompositeAuth::new(both.unwrap()).or(oauth2("three")));
}

#[test]
fn a_label_that_is_written_like_an_issuer_is_not_that_issuer() {
    let labelled = tokens(THEIRS).with_source("https://a.example").unwrap();
    let issuer = tokens(OURS).with_issuer("https://a.example");
    conflict(CompositeAuth::new(issuer.clone()).or(labelled));
    let shared = tokens(THEIRS)
        .with_shared_source("https://a.example")
        .unwrap();
    conflict(CompositeAuth::new(shared).or(issuer));
}

#[test]
fn an_endpoint_speaks_of_the_same_users_whoever_asks_it() {
    let introspection = |url: &str, id: &str| IntrospectionAuth::new(url, id, "s").unwrap();
    let (one, other) = ("https://a.example/i", "https://a.example/i?tenant=2");
    builds(CompositeAuth::new(introspection(one, "x")).or(introspection(one, "y")));
    conflict(CompositeAuth::new(introspection(one, "x")).or(introspection(other, "x")));
    let labelled = introspection(other, "x").with_source("two").unwrap();
    builds(CompositeAuth::new(introspection(one, "x")).or(labelled));

    let userinfo = |url: &str| UserinfoAuth::new(url).unwrap();
    builds(
        CompositeAuth::new(userinfo(one))
            .or(userinfo(one))
            .or(introspection(one, "x")),
    );
    conflict(CompositeAuth::new(userinfo(one)).or(userinfo(other)));
    let named = userinfo(other).with_issuer("https://two.example");
    builds(CompositeAuth::new(userinfo(one)).or(named));
}

#[test]
fn two_allowlists_of_one_platform_speak_of_the_same_users() {
    let list = |user| AllowlistAuth::on_platforms(["telegram"], [user]).unwrap();
    builds(
        CompositeAuth::new(list("1"))
            .or(list("2"))
            .or(AllowlistAuth::new(["3"]).unwrap()),
    );
}

#[test]
fn wherever_a_second_key_table_is_hidden_it_is_found() {
    let (one, other) = (|| keys("ada", "sk-1"), || keys("ada", "sk-2"));
    conflict(CompositeAuth::new(CompositeAuth::new(one())).or(CompositeAuth::new(other())));
    conflict(CompositeAuth::new(Arc::new(one())).or(Arc::new(Arc::new(other()))));
    conflict(CompositeAuth::new(one()).or(other().and_then(async |caller, _| Ok(caller))));
    let made: [Arc<dyn AuthProvider>; 2] = [Arc::new(one()), Arc::new(other())];
    conflict(CompositeAuth::from_providers(made).unwrap());
}

#[test]
fn a_path_s_own_provider_is_compared_with_the_chain_and_with_other_paths() {
    let layer = || AuthLayer::new(keys("ada", "sk-1"));
    let beside = || Access::provider(keys("ada", "sk-2"));
    let error = layer().try_access("/partner", beside()).unwrap_err();
    assert_eq!(error.kind(), ConfigErrorKind::Conflict);
    assert!(catch_unwind(|| layer().access("/partner", beside())).is_err());

    let labelled = |key, label| Access::provider(keys("ada", key).with_source(label).unwrap());
    let one = layer().try_access("/one", labelled("sk-2", "one")).unwrap();
    assert!(
        one.clone()
            .try_access("/two", labelled("sk-3", "one"))
            .is_err()
    );
    assert!(one.try_access("/two", labelled("sk-3", "two")).is_ok());
}

#[test]
fn one_provider_in_two_places_speaks_of_its_own_users() {
    let (keys, tokens) = (keys("ada", "sk-1"), tokens(OURS));
    let sessions = Arc::new(Sessions);
    let closure = provider_fn(|_| Ok(None)).with_name("closure");
    let chain = CompositeAuth::new(keys.clone())
        .or(tokens.clone())
        .or(Arc::clone(&sessions))
        .or(closure.clone());
    let _layer = AuthLayer::new(chain.clone())
        .access("/chain", Access::provider(chain))
        .access(
            "/keys",
            Access::provider(keys.and_then(async |caller, _| Ok(caller))),
        )
        .access("/tokens", Access::provider(tokens.with_audience("other")))
        .access("/sessions", Access::provider(sessions))
        .access("/closure", Access::provider(closure));
}

#[test]
fn building_panics_where_users_would_be_mixed_up_and_says_what_to_write() {
    let refused = catch_unwind(|| {
        AuthLayer::new(CompositeAuth::new(keys("ada", "sk-1")).or(keys("ada", "sk-2")))
    });
    let text = *refused.unwrap_err().downcast::<String>().unwrap();
    assert!(
        text.contains("with_source") && text.contains("with_shared_source"),
        "{text}"
    );
}

#[test]
fn keys_that_a_handle_puts_in_bear_the_label_too() {
    let provider = keys("ada", "sk-1");
    let before = provider.handle();
    let provider = provider.with_source("staff").unwrap();
    let source = |key: &str| caller(&provider, key).source().map(str::to_owned);
    before
        .add(ApiKeyRecord::new("bob", "sk-2").unwrap())
        .unwrap();
    assert_eq!(source("sk-2").as_deref(), Some("staff"));
    let eve = ApiKeyRecord::new("eve", "sk-3").unwrap();
    before.replace(eve.clone()).unwrap();
    assert_eq!(source("sk-3").as_deref(), Some("staff"));
    before
        .replace(eve.with_issuer("https://a.example"))
        .unwrap();
    assert_eq!(source("sk-3").as_deref(), Some("https://a.example"));
    before.replace_all(["sk-4"]).unwrap();
    assert_eq!(source("sk-4").as_deref(), Some("staff"));
}

#[test]
fn a_label_reaches_every_one_of_many_keys() {
    let records = (0..600).map(|at| ApiKeyRecord::new(format!("n{at}"), format!("sk-{at}")));
    let records: Vec<_> = records.map(Result::unwrap).collect();
    let provider = ApiKeyAuth::new(records)
        .unwrap()
        .with_source("many")
        .unwrap();
    for at in [0, 299, 599] {
        assert_eq!(
            caller(&provider, &format!("sk-{at}")).source(),
            Some("many")
        );
    }
}
