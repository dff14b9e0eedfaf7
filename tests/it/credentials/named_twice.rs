//! A place that one provider or chain names more than once is one place [1.2].

use crate::common;

use common::answer::{guarded, run};
use http::{HeaderName, header};
use tower_auth::{
    AuthContext, AuthError, AuthLayer, AuthRequest, CredentialSource,
    provider::{
        ApiKeyAuth, ApiKeyRecord, AuthProvider, Authentication, CompositeAuth, provider_fn,
    },
};

const KEY: &str = "sk-live-9f3a51d8c702";
const OTHER: &str = "sk-live-4cb7e0925d16";

fn tenant(name: &str, key: &str) -> ApiKeyAuth {
    ApiKeyAuth::new([ApiKeyRecord::new(name, key).unwrap()]).unwrap()
}

/// Two tenants' providers behind one name: as whoever writes it, the places are joined.
struct Tenants {
    members: [ApiKeyAuth; 2],
    places: Vec<CredentialSource>,
}

impl Tenants {
    fn new() -> Self {
        let members = [tenant("ada", KEY), tenant("eve", OTHER)];
        let places = members.iter().flat_map(AuthProvider::credentials);
        Self {
            places: places.cloned().collect(),
            members,
        }
    }
}

impl AuthProvider for Tenants {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        let [first, second] = &self.members;
        match first.authenticate(request) {
            Authentication::Ready(Err(_)) => second.authenticate(request),
            answer => answer,
        }
    }

    fn credentials(&self) -> &[CredentialSource] {
        &self.places
    }
}

#[tokio::test]
async fn two_providers_joined_in_one_of_ones_own_accept_what_each_of_them_does() {
    let app = guarded(AuthLayer::new(Tenants::new()));
    for (key, user) in [(KEY, "ada"), (OTHER, "eve")] {
        run(&app, &[("x-api-key", key.as_bytes())])
            .await
            .accepted_as(user);
        let bearer = format!("Bearer {key}");
        run(&app, &[("authorization", bearer.as_bytes())])
            .await
            .accepted_as(user);
    }
    run(&app, &[("x-api-key", b"wrong")])
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn a_place_that_is_named_twice_is_still_refused_where_it_is_shown_twice() {
    let app = guarded(AuthLayer::new(Tenants::new()));
    for name in ["x-api-key", "authorization"] {
        let doubled: &[(&str, &[u8])] = &[(name, KEY.as_bytes()), (name, KEY.as_bytes())];
        run(&app, doubled)
            .await
            .refused_with(400, "invalid_request");
    }
}

#[tokio::test]
async fn every_kind_of_place_may_be_named_twice() {
    let header = || CredentialSource::header(HeaderName::from_static("x-api-key"));
    let bearer = CredentialSource::bearer;
    let cases: [(&[CredentialSource], &str, &str); 6] = [
        (&[header(), header()], "x-api-key", KEY),
        (&[header(), header().fallback()], "x-api-key", KEY),
        (
            &[bearer(), CredentialSource::authorization("BEARER")],
            "authorization",
            "Bearer sk-live-9f3a51d8c702",
        ),
        (
            &[
                CredentialSource::cookie("key"),
                CredentialSource::cookie("key"),
            ],
            "cookie",
            "key=sk-live-9f3a51d8c702",
        ),
        (
            &[
                CredentialSource::websocket_protocol(),
                CredentialSource::websocket_protocol(),
            ],
            "sec-websocket-protocol",
            "bearer, sk-live-9f3a51d8c702",
        ),
        (
            &[
                CredentialSource::websocket_protocol().fallback(),
                bearer().fallback(),
                bearer().fallback(),
            ],
            "authorization",
            "Bearer sk-live-9f3a51d8c702",
        ),
    ];
    for (places, name, value) in cases {
        let provider = tenant("ada", KEY).with_credentials(places.iter().cloned());
        let app = guarded(AuthLayer::new(provider));
        run(&app, &[(name, value.as_bytes())])
            .await
            .accepted_as("ada");
    }
}

#[tokio::test]
async fn a_query_parameter_may_be_named_twice() {
    let query = || CredentialSource::insecure_query("key");
    let request = http::Request::get(format!("/?key={KEY}")).body(()).unwrap();
    let shown = AuthRequest::from(&request);
    let found = shown.credential(&[query(), query()]).unwrap().unwrap();
    assert_eq!(found.as_str(), Some(KEY));
}

#[tokio::test]
async fn a_whole_header_and_the_scheme_inside_it_are_one_place_read_as_it_is_named_first() {
    let (raw, bearer) = (
        CredentialSource::header(header::AUTHORIZATION),
        CredentialSource::bearer(),
    );
    let provider = tenant("ada", KEY).with_credentials([bearer.clone(), raw.clone()]);
    let app = guarded(AuthLayer::new(provider));
    for value in ["Bearer sk-live-9f3a51d8c702", KEY] {
        run(&app, &[("authorization", value.as_bytes())])
            .await
            .accepted_as("ada");
    }

    let provider = tenant("ada", KEY).with_credentials([raw, bearer]);
    let app = guarded(AuthLayer::new(provider));
    run(&app, &[("authorization", KEY.as_bytes())])
        .await
        .accepted_as("ada");
    run(&app, &[("authorization", b"Bearer sk-live-9f3a51d8c702")])
        .await
        .refused_with(401, "invalid_credential");
}

#[tokio::test]
async fn two_places_of_one_provider_stay_two_where_one_of_them_is_named_twice() {
    let key = CredentialSource::header(HeaderName::from_static("x-api-key"));
    let places = [key.clone(), key, CredentialSource::bearer()];
    let app = guarded(AuthLayer::new(tenant("ada", KEY).with_credentials(places)));
    let both: &[(&str, &[u8])] = &[
        ("x-api-key", KEY.as_bytes()),
        ("authorization", b"Bearer sk-live-9f3a51d8c702"),
    ];
    run(&app, both).await.refused_with(400, "invalid_request");
}

#[tokio::test]
async fn a_check_may_name_the_place_that_its_provider_reads() {
    let provider = tenant("ada", KEY)
        .and_then(async |context, _| Ok(context))
        .with_credentials([CredentialSource::header(HeaderName::from_static(
            "x-api-key",
        ))]);
    // Once more in a provider of one's own, which tells no more than the list.
    let places = provider.credentials().to_vec();
    let wrapped =
        provider_fn(
            move |request: &AuthRequest<'_>| match request.credential(&places)? {
                None => Ok(None),
                Some(shown) if shown.as_bytes() == KEY.as_bytes() => {
                    Ok(Some(AuthContext::new("ada")))
                }
                Some(_) => Err(AuthError::invalid_credential("unknown")),
            },
        )
        .with_credentials(provider.credentials().to_vec());
    for app in [
        guarded(AuthLayer::new(provider)),
        guarded(AuthLayer::new(CompositeAuth::new(wrapped))),
    ] {
        run(&app, &[("x-api-key", KEY.as_bytes())])
            .await
            .accepted_as("ada");
    }
}
