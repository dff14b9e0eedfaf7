//! Layers and signers that cannot be built, and what they show of themselves.

use tower_auth::{
    ConfigErrorKind::{self, Blank, Duplicate, Malformed, Unsupported, WeakKey, WrongKey},
    webhook::{HmacScheme, WebhookLayer, WebhookService, WebhookSigner},
};

use crate::webhook::schemes::{ALL, SECRET, partner, spelled};

#[test]
fn a_blank_secret_is_a_fault() {
    for blank in ["", " ", "\n\t"] {
        let kinds: Vec<ConfigErrorKind> = [
            WebhookLayer::standard(blank),
            WebhookLayer::github(blank),
            WebhookLayer::slack(blank),
            WebhookLayer::telegram(blank),
            WebhookLayer::stripe(blank),
            WebhookLayer::hmac(partner(), blank),
            WebhookLayer::twilio(blank, "https://example.com/h"),
            WebhookLayer::meta(blank),
            WebhookLayer::shopify(blank),
            WebhookLayer::linear(blank),
            WebhookLayer::github("right").and_then(|layer| layer.add_secret(blank)),
            WebhookLayer::meta("right").and_then(|layer| layer.with_verify_token(blank)),
        ]
        .into_iter()
        .map(|layer| layer.unwrap_err().kind())
        .collect();
        assert_eq!(kinds, [Blank; 12], "{blank:?}");
        assert!(WebhookLayer::discord(blank).is_err());
        assert_eq!(WebhookSigner::standard(blank).unwrap_err().kind(), Blank);
        assert_eq!(
            WebhookSigner::hmac(partner(), blank).unwrap_err().kind(),
            Blank
        );
    }
}

#[test]
fn a_secret_of_another_form_is_a_fault() {
    for (secret, kind) in [
        ("whsec_not base64!", Malformed),
        ("whsec_", WeakKey),
        ("whsec_c2hvcnQ=", WeakKey),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", Malformed),
        ("whpk_", WrongKey),
        ("whpk_AAAA", WrongKey),
        ("whpk_!", Malformed),
        ("whsk_AAAA", WrongKey),
    ] {
        let error = WebhookLayer::standard(secret).unwrap_err();
        assert_eq!(error.kind(), kind, "{secret}: {error}");
        assert!(!error.to_string().contains("MfKQ"), "{error}");
    }
    for secret in ["with space", "grüß", "a/b", &"a".repeat(257)] {
        assert_eq!(
            WebhookLayer::telegram(secret).unwrap_err().kind(),
            Malformed
        );
    }
    for key in ["00", &"0".repeat(63), &"g".repeat(64), &"A".repeat(64)] {
        assert!(WebhookLayer::discord(key).is_err(), "{key}");
    }
}

#[test]
fn a_public_key_is_no_secret_in_whatever_form_it_comes() {
    let der = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7UhZbYzwj+1FQ+BvAdbXD7btyx4C\
               qvgwCjGc73MI06NEhoQaPa2PeeqzBZIpYewtJ9Rcd8xYViip2NwX2PQ2pw==";
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
    for secret in [der, &pem] {
        let url = "https://hooks.example/a";
        for made in [
            WebhookLayer::github(secret),
            WebhookLayer::slack(secret),
            WebhookLayer::stripe(secret),
            WebhookLayer::shopify(secret),
            WebhookLayer::linear(secret),
            WebhookLayer::meta(secret),
            WebhookLayer::twilio(secret, url),
            WebhookLayer::hmac(partner(), secret),
            WebhookLayer::github("good").unwrap().add_secret(secret),
        ] {
            let error = made.unwrap_err();
            assert_eq!(error.kind(), WrongKey, "{error}");
            assert!(!error.to_string().contains("MFkw"), "{error}");
        }
        let signer = WebhookSigner::hmac(partner(), secret).unwrap_err();
        assert_eq!(signer.kind(), WrongKey);
    }
    let standard = format!("whsec_{der}");
    assert_eq!(
        WebhookLayer::standard(&*standard).unwrap_err().kind(),
        WrongKey
    );
    assert_eq!(
        WebhookSigner::standard(&*standard).unwrap_err().kind(),
        WrongKey
    );
}

#[test]
fn a_signer_takes_no_key_that_is_for_receivers() {
    for (secret, kind) in [
        (spelled("standard v1a", SECRET), WrongKey),
        ("whsk_AAAA".to_owned(), Malformed),
        ("whsec_AAAA".to_owned(), WeakKey),
    ] {
        assert_eq!(WebhookSigner::standard(secret).unwrap_err().kind(), kind);
    }
    let signer = WebhookSigner::hmac(partner(), SECRET).unwrap();
    assert_eq!(signer.add_secret("other").unwrap_err().kind(), Unsupported);
}

#[test]
fn a_partners_scheme_names_each_header_once() {
    for (built, kind) in [
        (HmacScheme::new(""), Malformed),
        (HmacScheme::new("x acme"), Malformed),
        (
            HmacScheme::new("x-sig").and_then(|one| one.with_timestamp("X-Sig")),
            Duplicate,
        ),
        (partner().with_id("x-acme-time"), Duplicate),
        (partner().with_prefix("a b"), Malformed),
        (partner().with_prefix("ü"), Malformed),
    ] {
        assert_eq!(built.unwrap_err().kind(), kind);
    }
}

#[test]
fn nothing_shows_a_secret() {
    for scheme in ALL {
        let layer = (scheme.layer)(SECRET);
        let shown = format!("{layer:?} {:?}", tower::Layer::layer(&layer, ()));
        assert!(!shown.contains(&spelled(scheme.name, SECRET)), "{shown}");
    }
    let signer = WebhookSigner::hmac(partner(), SECRET).unwrap();
    assert!(!format!("{signer:?}").contains(SECRET));
}

#[test]
fn a_layer_its_service_and_its_signer_go_anywhere() {
    fn goes_anywhere<T: Send + Sync + 'static>() {}
    fn is_cloned<T: Clone>() {}
    goes_anywhere::<WebhookLayer>();
    goes_anywhere::<WebhookService<()>>();
    goes_anywhere::<WebhookSigner>();
    is_cloned::<WebhookLayer>();
    is_cloned::<WebhookService<()>>();
}
