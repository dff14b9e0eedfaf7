//! The shape of what a gateway's file says about tokens.

use crate::{
    config::read::{
        Claim, Claims, Filled, Located, OneOrMore, PublicAlgorithms, RequiredClaim, Seconds, block,
    },
    jose::Algorithm,
    secret::Secret,
};

block! {
    /// Either a secret, a public key or several keys, and what a token must say.
    Jwt {
        /// Several keys, each with the `kid` that tokens name it by.
        keys: optional Filled<JwtKey>,
        /// What `aud` must be or hold. Unless set, a token with an `aud` is refused.
        audience: optional OneOrMore,
        /// What `iss` must be.
        issuer: optional String,
        /// A label that is part of who the callers are, where no `issuer` is set.
        source: optional String,
        /// Whether the secret may be shorter than the hash: it can then be guessed from a token.
        insecure_allow_short_secret: optional bool,
        /// Whether tokens may be without `exp`: they are then good until the key changes.
        insecure_allow_missing_exp: optional bool,
        ..key: FixedKey,
        ..rules: JwtRules,
    }
}

block! {
    /// One of several keys.
    JwtKey {
        /// What tokens name the key by.
        kid: required String,
        ..key: FixedKey,
    }
}

block! {
    /// A key that is known beforehand.
    FixedKey {
        /// The secret of HS256, HS384 or HS512, best as `${VARIABLE}`.
        secret: optional Secret,
        /// A file that holds the secret, from this file's folder on.
        secret_file: optional String,
        /// A PEM file with the public key, from this file's folder on.
        public_key_file: optional String,
        /// The key's one algorithm; HS256 unless set, and needed with a public key.
        algorithm: optional Algorithm,
    }
}

block! {
    /// An issuer and what its tokens must say.
    OAuth2: PartialEq {
        /// What `iss` must be; also where the keys are found, unless `jwks_uri` is set.
        issuer: required String,
        /// What `aud` must be or hold.
        audience: required OneOrMore,
        /// Where the issuer's keys are.
        jwks_uri: optional String,
        /// The algorithms that are accepted, one or a list; RS256 and ES256 unless set.
        algorithms: optional PublicAlgorithms,
        /// Whether only what RFC 9068 calls an access token is accepted; false unless set.
        strict_at_jwt: optional bool,
        /// A PEM file with the certificate authorities that are trusted for the issuer, and no other;
        /// from this file's folder on.
        ca_file: optional String,
        /// A file with a bearer token that the issuer is shown when its keys are fetched, read at each
        /// fetch; from this file's folder on.
        key_set_bearer_file: optional String,
        /// Whether the issuer may be asked over plain http, on its own host and port: whoever is on
        /// the way can then sign any token.
        insecure_allow_http: optional bool,
        ..rules: JwtRules,
    }
}

block! {
    /// An endpoint that says whether an opaque token is good (RFC 7662), and what it must say.
    Introspection: PartialEq {
        /// The endpoint's address.
        endpoint: required String,
        /// The id by which the endpoint knows this server.
        client_id: optional String,
        /// The secret that goes with the id, best as `${VARIABLE}`.
        client_secret: optional Secret,
        /// A file that holds the secret, from this file's folder on.
        client_secret_file: optional String,
        /// A token of this server's own, instead of an id and a secret.
        bearer_token: optional Secret,
        /// A file that holds the token of this server's own, from this file's folder on.
        bearer_token_file: optional String,
        /// What `aud` must be or hold. Unless set, tokens for other services are accepted too.
        audience: optional OneOrMore,
        /// What `iss` must be.
        issuer: optional String,
        /// A label that is part of who the callers are, where no `issuer` is set; the endpoint's
        /// address unless set.
        source: optional String,
        /// How long an answer is remembered: 30 unless set, 300 at most; 0 turns it off.
        cache_seconds: optional Seconds,
        /// Whether JSON Web Tokens are left to the other blocks; false unless set.
        ignore_jwts: optional bool,
        /// Whether a client that acts for itself is a caller too; false unless set.
        accept_clients: optional bool,
        /// Whether the client id and secret stand in the form instead of `Authorization`.
        client_secret_post: optional bool,
        /// A PEM file with the certificate authorities that are trusted for the endpoint, and no
        /// other; from this file's folder on.
        ca_file: optional String,
        /// Whether the endpoint may be asked over plain http: whoever is on the way then reads the
        /// secret and every token.
        insecure_allow_http: optional bool,
        ..rules: TokenRules,
    }
}

block! {
    /// What is said of JSON Web Tokens, whoever has the keys.
    JwtRules: PartialEq {
        /// The claim that stands for `aud`, where the issuer's access tokens have none.
        audience_claim: optional String,
        /// The claims that every token must have, each with its value.
        require_claims: optional Filled<RequiredClaim>,
        /// The scopes that every token must have.
        require_scopes: optional OneOrMore,
        /// Further values of `typ` in the header, beside `JWT` and `at+jwt`.
        accept_typ: optional OneOrMore,
        ..every: TokenRules,
    }
}

block! {
    /// What is said of tokens of every kind.
    TokenRules: PartialEq {
        /// The claim that holds the scopes; `scope` unless set.
        scope_claim: optional Claim,
        /// The claim that names the user, or several in the order in which they are looked for. Unless
        /// set `sub`, `user_id` and `id`; of an introspected token `sub` alone.
        user_id_claim: optional Claims,
        /// The scopes that these tokens may grant at the most, `partner:*` for all that begin so; any
        /// unless set.
        granted_scopes: optional Vec<Located<String>>,
        /// The roles that these tokens may give at the most; any unless set.
        granted_roles: optional Vec<Located<String>>,
        /// How far the clocks may differ: 30 unless set, 300 at most.
        clock_skew_seconds: optional Seconds,
        /// Whether an `email` names a user also where nobody verified it.
        insecure_unverified_email: optional bool,
        /// Whether tokens that are bound to a key (`cnf`) may be shown without a proof.
        insecure_ignore_confirmation: optional bool,
    }
}
