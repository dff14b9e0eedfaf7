//! Nothing of tower-auth panics where `jsonwebtoken` does.

use std::panic;

use jsonwebtoken::{EncodingKey, Header};
use tower_auth::{
    jose::{Algorithm, Key},
    provider::JwtAuth,
    testing::TestIssuer,
};

fn main() {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let encoding = panic::catch_unwind(|| {
        let key = EncodingKey::from_secret(b"secret");
        jsonwebtoken::encode(&Header::default(), &(), &key)
    });
    panic::set_hook(hook);
    assert!(
        encoding.is_err(),
        "jsonwebtoken has a backend: nothing is shown"
    );

    let issuer = TestIssuer::start();
    for algorithm in ["RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        let algorithm: Algorithm = algorithm.parse().expect("an algorithm");
        let jwk = issuer.jwk(&issuer.key_id(algorithm)).to_string();
        let tokens =
            JwtAuth::new(Key::from_jwk(&jwk).expect("a key")).with_audience(TestIssuer::AUDIENCE);
        let token = issuer.token().with_algorithm(algorithm).mint();
        let caller = tokens.verify(&token).expect("it is good");
        assert_eq!(caller.user_id(), "test-user");
    }
    println!("all verified");
}
