//! The shape of the token blocks in a gateway's file.

use crate::{
    config::read::{
        Claim, Claims, Filled, Located, OneOrMore, PublicAlgorithms, RequiredClaim, Seconds, block,
    },
    jose::Algorithm,
    secret::Secret,
};

block! {
    /// Either a secret, a public key or several keys, and the rules for a token.
    Jwt {
        /// Several keys, each with its `kid` in tokens.
        keys: optional Filled<JwtKey>,
        /// The required `aud`, or values of which `aud` must hold one. Unless set, it is the `resource`
        /// of `mcp`; without `mcp`, a token with an `aud` is refused.
        audience: optional OneOrMore,
        /// The required `iss`.
        issuer: optional String,
        /// A label that is part of the callers' principals, where no `issuer` is set.
        source: optional String,
        /// Whether the secret may be shorter than the hash: an attacker can then guess it from a
        /// token.
        insecure_allow_short_secret: optional bool,
        /// Whether tokens may lack `exp`: a leaked token is then accepted until the key changes.
        insecure_allow_missing_exp: optional bool,
        ..key: FixedKey,
        ..rules: JwtRules,
    }
}

block! {
    /// One of several keys.
    JwtKey {
        /// The key's `kid` in tokens.
        kid: required String,
        ..key: FixedKey,
    }
}

block! {
    /// A configured key.
    FixedKey {
        /// The secret of HS256, HS384 or HS512, best as `${VARIABLE}`.
        secret: optional Secret,
        /// A file that holds the secret, relative to this file's folder.
        secret_file: optional String,
        /// A PEM file with the public key, relative to this file's folder.
        public_key_file: optional String,
        /// The key's only algorithm; HS256 unless set, and required with a public key.
        algorithm: optional Algorithm,
    }
}

block! {
    /// An issuer and the rules for its tokens.
    OAuth2: PartialEq {
        /// The required `iss`; the issuer is also asked for its keys, unless `jwks_uri` is set.
        issuer: required String,
        /// The required `aud`, or values of which `aud` must hold one.
        audience: required OneOrMore,
        /// The address of the issuer's keys.
        jwks_uri: optional String,
        /// The algorithms that are accepted, one or a list; RS256 and ES256 unless set.
        algorithms: optional PublicAlgorithms,
        /// Whether only access tokens of RFC 9068 are accepted; false unless set.
        strict_at_jwt: optional bool,
        /// A PEM file with the only certificate authorities that are trusted for the issuer, relative
        /// to this file's folder.
        ca_file: optional String,
        /// A file with the bearer token for requests to the issuer's keys, read at each fetch;
        /// relative to this file's folder.
        key_set_bearer_file: optional String,
        /// Whether the issuer may be asked over plain http, on its own host and port: an attacker on
        /// the network can then sign any token.
        insecure_allow_http: optional bool,
        ..rules: JwtRules,
    }
}

block! {
    /// An endpoint that checks opaque tokens (RFC 7662), and the rules for them.
    Introspection: PartialEq {
        /// The endpoint's address.
        endpoint: required String,
        /// The id of this server at the endpoint.
        client_id: optional String,
        /// The secret of the id, best as `${VARIABLE}`.
        client_secret: optional Secret,
        /// A file that holds the secret, relative to this file's folder.
        client_secret_file: optional String,
        /// A bearer token of this server, instead of an id and a secret.
        bearer_token: optional Secret,
        /// A file that holds the bearer token, relative to this file's folder.
        bearer_token_file: optional String,
        /// The required `aud`, or values of which `aud` must hold one. Unless set, it is the `resource`
        /// of `mcp`; without `mcp`, tokens for other services are accepted too.
        audience: optional OneOrMore,
        /// The required `iss`.
        issuer: optional String,
        /// A label that is part of the callers' principals, where no `issuer` is set; the endpoint's
        /// address unless set.
        source: optional String,
        /// How long an answer is remembered: 30 unless set, 300 at most; 0 turns it off.
        cache_seconds: optional Seconds,
        /// Whether JSON Web Tokens are left to the other blocks; false unless set.
        ignore_jwts: optional bool,
        /// Whether a client that acts for itself is accepted too; false unless set.
        accept_clients: optional bool,
        /// Whether the client id and secret are sent in the form instead of `Authorization`.
        client_secret_post: optional bool,
        /// A PEM file with the only certificate authorities that are trusted for the endpoint,
        /// relative to this file's folder.
        ca_file: optional String,
        /// Whether the endpoint may be asked over plain http: an attacker on the network then reads
        /// the secret and every token.
        insecure_allow_http: optional bool,
        ..rules: TokenRules,
    }
}

block! {
    /// The rules for JSON Web Tokens of every key.
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
    /// The rules for tokens of every kind.
    TokenRules: PartialEq {
        /// The claim that holds the scopes; `scope` unless set.
        scope_claim: optional Claim,
        /// The claim that names the user, or several claims in the order in which they are looked for.
        /// Unless set `sub`, `user_id` and `id`; of an introspected token `sub` alone.
        user_id_claim: optional Claims,
        /// The only scopes that these tokens may grant, `partner:*` for all with this prefix; any
        /// unless set.
        granted_scopes: optional Vec<Located<String>>,
        /// The only roles that these tokens may give; any unless set.
        granted_roles: optional Vec<Located<String>>,
        /// How far the clocks may differ: 30 unless set, 300 at most.
        clock_skew_seconds: optional Seconds,
        /// Whether an `email` is a user id even if the token does not say that it was verified.
        insecure_unverified_email: optional bool,
        /// Whether tokens that are bound to a key (`cnf`) are accepted without a proof.
        insecure_ignore_confirmation: optional bool,
    }
}
