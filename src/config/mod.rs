//! Who may call, from a file: YAML or JSON, with the environment and the program over it.
//!
//! ```
//! use axum::{Router, routing::post};
//! use tower_auth::config::AuthConfig;
//!
//! let config = AuthConfig::from_yaml(r#"
//! auth:
//!   api_keys:
//!     - name: frontend
//!       key: ${FRONTEND_KEY}
//!       scopes: [graph:invoke]
//!     - name: ci
//!       key_sha256: 5de3dccd1ec31b4de9a7e5a4e8b87bdfdcf9a8c1c8a4ad0a6a0a1fb0f0e1f0a2
//!       expires_at: 2099-01-31T00:00:00Z
//!   jwt:
//!     secret: ${JWT_SECRET}
//!     audience: my-agent
//!   public_paths: [/hooks/public]
//! "#)
//! .with_env([("FRONTEND_KEY", "sk-live-9f"), ("JWT_SECRET", "an example secret of 32 bytes …")]);
//!
//! let app: Router = Router::new().route("/run", post(|| async { "ran" })).layer(config.into_layer()?);
//! # let _ = app;
//! # Ok::<(), tower_auth::config::ConfigFaults>(())
//! ```
//!
//! # It never fails open
//!
//! What is misspelled, mistyped, empty, missing or contradictory is a fault, and nothing is built
//! from a document with a fault. There are four ways to have no authentication, and each has to be
//! written: `enabled: false`, `mode: none`, the agent shape's `"auth": null`, and
//! [`AuthLayer::disabled`](crate::AuthLayer::disabled) in code. All faults are told at once, each with its line, its place in the
//! document and what to write instead ([`ConfigFaults`]): those inside of a block whose name is
//! misspelled, and those of what a missing member would have needed, among them.
//!
//! # What a changed file may grant
//!
//! Whatever becomes of one node of a good file (it is taken out, set to nothing, replaced, or the file
//! is cut off there), nobody who shows nothing is let in, and no credential is granted more than the
//! whole file grants it, or nothing is built. These members are the exceptions, because what they say
//! is a limit, or is itself what lets in:
//!
//! | member | taken out, it grants | set to something else, it grants |
//! |---|---|---|
//! | `auth` | nothing | what the agent shape says, with `"jwt"` or `null` in a JSON document |
//! | `enabled`, `mode` | nothing | everything with `enabled: false` and `mode: none`, to everybody |
//! | `api_keys[].key`, `api_keys[].key_file`, `api_keys[].key_sha256` | nothing | that key what the record grants |
//! | `api_keys[].name`, `api_keys[].user_id`, `api_keys[].roles`, `api_keys[].tenant`, `api_keys[].metadata` | what belongs to the name, without `user_id` | what belongs to that user, role or tenant |
//! | `api_keys[].scopes` | that key every scope | that key those scopes |
//! | `api_keys[].expires_at`, `api_keys[].revoked` | that key what the record grants | the same, by what it says |
//! | `key_store.url`, `key_store.url_file`, `key_store.prefix` | nothing | the keys of that store with that prefix what their records grant |
//! | `key_store.header` | keys in `X-API-Key` and after `Bearer` | keys in that header and after `Bearer` |
//! | `key_store.source`, `key_store.shared_source` | what belongs to such callers without the label | what belongs to such callers with that label |
//! | `key_store.owner_methods` | nothing | keys of callers of that method what their records grant |
//! | `key_store.stale_limit_seconds` | a key that was revoked during an outage 60 seconds | so many seconds |
//! | `key_store.max_lifetime_seconds`, `key_store.free_metadata` | administrators keys that do not end | administrators keys that end later, and metadata of that name |
//! | `jwt.secret`, `jwt.secret_file`, `jwt.public_key_file`, `jwt.algorithm` | nothing | tokens of that key |
//! | `jwt.keys` | nothing; one key taken out of two, tokens of the other need not name it | tokens of those keys |
//! | `jwt.audience`, `jwt.issuer` | tokens without an audience, of any issuer | tokens for those |
//! | `jwt.scope_claim`, `oauth2.scope_claim` | the scopes in `scope` | the scopes in that claim |
//! | `jwt.user_id_claim`, `oauth2.user_id_claim`, `introspection.user_id_claim` | what belongs to who is named in `sub`, `user_id` or `id` | what belongs to who is named in that claim |
//! | `jwt.audience_claim`, `oauth2.audience_claim` | tokens for the audience in `aud` | tokens with the audience in that claim |
//! | `jwt.require_claims`, `jwt.require_scopes`, `oauth2.require_claims`, `oauth2.require_scopes` | tokens without those claims or scopes | tokens with other ones |
//! | `jwt.accept_typ`, `oauth2.accept_typ` | nothing | tokens of those types |
//! | `insecure_unverified_email`, `insecure_ignore_confirmation` of a block | nothing | who wrote any address into an account; tokens that are bound to a key; with `true` |
//! | `jwt.clock_skew_seconds`, `oauth2.clock_skew_seconds` | tokens that expired 30 seconds ago | tokens that expired so many seconds ago |
//! | `jwt.insecure_allow_missing_exp`, `jwt.insecure_allow_short_secret` | nothing | tokens without an expiry, with `true` |
//! | `oauth2.issuer`, `oauth2.audience`, `oauth2.jwks_uri` | nothing, or the keys that are found | tokens of and for those |
//! | `oauth2.algorithms` | tokens of RS256 and ES256 | tokens of those |
//! | `jwt.source`, `introspection.source` | what belongs to such callers without the label | what belongs to such callers with that label |
//! | `granted_scopes`, `granted_roles` of `jwt`, `oauth2` and `introspection` | any scope and role that a token claims | those |
//! | `oauth2.ca_file`, `introspection.ca_file` | what an issuer or endpoint says that the system's authorities vouch for | the same of those authorities |
//! | `oauth2.key_set_bearer_file`, `oauth2.insecure_allow_http`, `introspection.insecure_allow_http` | nothing | the same as over https, with `true` |
//! | `oauth2.strict_at_jwt` | tokens that are no access tokens by RFC 9068 | the same, with `false` |
//! | `introspection.endpoint`, `introspection.client_id` | nothing | tokens that this endpoint knows |
//! | `introspection.audience`, `introspection.issuer` | tokens for other services, of any issuer | tokens for and of those |
//! | `introspection.scope_claim`, `introspection.clock_skew_seconds` | as with `jwt` | as with `jwt` |
//! | `introspection.ignore_jwts`, `introspection.accept_clients` | JSON Web Tokens that the endpoint knows | the same, with `false`; clients that act for themselves, with `true` |
//! | `allowlist.user_ids`, `allowlist.chat_ids`, `allowlist.platforms` | messages of everybody in the chats, of every chat, of every platform | messages of those |
//! | `max_credential_bytes` | what is shown with up to 8 KiB | what is shown with up to that |
//! | `public_paths` | nothing: who may call may call there | that path to everybody |
//! | `shared` | nothing, or as many requests as each process allows alone; copies of a delivery that another process has handled | the same of another state |
//! | `revocations` | what was revoked, and tokens that live long or do not say since when | by its members, tokens that live longer, or that do not say since when (`insecure_allow_missing_iat`); what was revoked during an outage so many seconds; what was issued by a clock ahead |
//! | `audit` | whoever may call while its lines cannot be written (`required`) | nothing |
//! | `dev_docs` | nothing | the docs pages to everybody, with `true` |
//! | `webhooks[]`, `webhooks[].path` | its path to who may call elsewhere | the same, and deliveries to the other path |
//! | `webhooks[].secret`, `webhooks[].public_key`, `webhooks[].hmac`, `webhooks[].scheme` | what is proven by less (a time, a prefix) | deliveries that are signed so |
//! | `webhooks[].allow` | messages of every chat without its `chat_ids`, of everybody in them without its `user_ids` | messages of those senders, or of everyone |
//! | `webhooks[].scopes` | nothing | those scopes |
//! | `webhooks[].max_body_bytes` | deliveries up to 1 MiB | deliveries up to that |
//! | `webhooks[].equal_bodies`, `webhooks[].insecure_allow_replay` | three deliveries with equal bodies | as many as it says; copies too, with `true` |
//! | `custom`, `authorization` | whoever may call, unjudged (`authorization`) | what the program registered by that name |
//!
//! Several blocks are asked in the order of the file, and the first that accepts a credential says its
//! scopes. Where two of them accept the same token, one that no longer does leaves it to the other, and
//! the scopes are those of that one. Who shows two credentials is granted what one of them grants.
//!
//! A key without `scopes` may do everything, so the summary names each, and with it the log at the
//! start: [`ConfigSummary::warnings`].
//!
//! # What a file says
//!
//! The whole is in the [JSON Schema](AuthConfig::json_schema), which editors can use. Members of
//! the document beside `auth` and `authorization` belong to others and are not read.
//!
//! The gateway shape is a block: `auth: {enabled, mode, realm, api_keys, key_store, jwt, oauth2,
//! introspection, allowlist, custom, public_paths, webhooks, max_credential_bytes, dev_docs, throttle,
//! shared, revocations, audit}`. Without `mode`, the block of a provider that is there decides; several make a chain in the order of the file. `custom` is the name of
//! a provider that the program registered with [`with_provider`](AuthConfig::with_provider).
//!
//! The agent shape is a JSON document: `{"auth": null}`, `{"auth": "jwt"}` with the variables
//! `JWT_SECRET_KEY` (the secret, or the public key as PEM) or `JWT_SECRET_KEY_FILE` (a file with it),
//! `JWT_ALGORITHM` (HS256 unless set), `JWT_ISSUER` and `JWT_AUDIENCE`, or
//! `{"auth": {"method": "custom", "path": NAME}}`.
//!
//! # Keys and tokens
//!
//! ```yaml
//! auth:
//!   api_keys:
//!     - name: frontend               # unique: what the log calls the key
//!       key_file: /run/secrets/frontend_key
//!       scopes: [agents:invoke]      # without `scopes` a key may do everything
//!       roles: [editor]              # the claim `roles`, which `by_role` reads
//!       tenant: acme
//!       metadata: {tier: 2}
//!     - name: frontend-2027          # takes the place of the other one: the same caller
//!       key_file: /run/secrets/frontend_key_2027
//!       user_id: frontend
//!       scopes: [agents:invoke]
//!   jwt:
//!     audience: my-agent
//!     keys:                          # or secret, secret_file or public_key_file, and algorithm
//!       - {kid: old, secret_file: /run/secrets/jwt_old}
//!       - {kid: new, public_key_file: issuer.pem, algorithm: ES256}
//!   oauth2:                          # one block, or a list: the token's `iss` picks one
//!     - {issuer: https://staff.example, audience: my-agent}
//!     - issuer: https://partners.example
//!       audience: my-agent
//!       algorithms: RS256
//!       granted_scopes: ["partner:*"] # and no `corp:admin`, whatever their tokens claim
//!       granted_roles: [viewer]
//!     - issuer: https://kubernetes.default.svc.cluster.local
//!       audience: my-agent
//!       jwks_uri: https://kubernetes.default.svc/openid/v1/jwks
//!       ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
//!       key_set_bearer_file: /var/run/secrets/kubernetes.io/serviceaccount/token
//!   introspection:                   # opaque tokens (RFC 7662)
//!     endpoint: https://issuer.example/introspect
//!     client_id: my-agent
//!     client_secret_file: /run/secrets/introspection
//!     audience: my-agent
//!     ignore_jwts: true              # they are for the blocks above
//! ```
//!
//! A claim (`scope_claim`, `user_id_claim`, `require_claims`) is written as a name, as a path with dots
//! (`realm_access.roles`) or, where names hold dots themselves, as the names on the way. This is
//! Amazon Cognito, whose access tokens have no `aud`, with users as its pool names them:
//!
//! ```yaml
//! auth:
//!   oauth2:
//!     issuer: https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE
//!     audience: 1example23456789     # the app client's id
//!     audience_claim: client_id
//!     require_claims:
//!       - {claim: token_use, value: access}
//!     user_id_claim: [username, sub] # the first that is there
//!     scope_claim: {path: [acme, "scopes.granted"]}
//! ```
//!
//! `insecure_allow_http: true` lets one issuer of a private network be asked over plain http
//! (`http://keycloak:8080/realms/agents`), on its own host and port. An introspection endpoint has a
//! switch of its own, because a secret is sent there.
//!
//! A key of fewer than 16 characters may be guessed: that is a warning with the name of the key. A
//! public key, in whatever form, is no secret: where one stands in its place, that is a fault.
//!
//! # Managed keys
//!
//! `key_store` names a store of keys that are made, rotated and revoked while serving
//! ([`ManagedKeys`](crate::keys::ManagedKeys)):
//!
//! ```yaml
//! auth:
//!   key_store:
//!     url: sqlite:/var/lib/agents/keys.db   # or postgres://app:${file:/run/secrets/db}@db/keys
//!     prefix: sk_live                # keys look like sk_live_…
//!     source: managed                # needed beside `api_keys`: their callers are others
//!     stale_limit_seconds: 30        # how long known keys are accepted while the store is away
//!     max_lifetime_seconds: 7776000  # new keys end within 90 days
//!     max_known: 200000              # keys in memory; others are looked up when they are shown
//!     owner_methods: [sessions]      # callers of `custom` who may own keys
//!     free_metadata: [team]          # administrators may write it, whatever they hold themselves
//! ```
//!
//! This crate knows no engine: a program registers what opens a scheme
//! ([`register_key_store`](AuthConfig::register_key_store)), and a scheme that nobody registered is a
//! fault that names the crate to add. The store has to be there: a file makes none.
//!
//! Building opens nothing. [`AuthSetup::open`] opens the store and says what is wrong with it; without
//! that, the first request does, and keys are a 503 until the store is open. It is tried again once a
//! second. [`AuthSetup::managed_keys`] is for whoever administers the keys, and
//! [`ReloadHandle::managed_keys`] where a reload adds the block.
//!
//! A reload keeps the store and the keys that are read. A changed prefix, header or limit holds from the
//! next request on, for administrators too. Another store, and another `source`, `shared_source`,
//! `owner_methods` or `max_known`, is a fault that says to restart. Without the block, its keys end at
//! the next request; the process keeps them in memory, and another file with the block goes on with them.
//!
//! # Several processes
//!
//! `shared` names a state that the processes of a service share: what `throttle` limits is counted there,
//! and webhooks remember there what they have handled:
//!
//! ```yaml
//! auth:
//!   api_keys: [{name: ada, key_file: /run/secrets/ada}]
//!   throttle: {attempts: {quota: 30 per minute}, requests: [{quota: 100 per minute}]}
//!   shared: {url_file: /run/secrets/counts}  # redis://…, or postgres://…
//! ```
//!
//! A program registers what opens a scheme ([`register_shared`](AuthConfig::register_shared)), and
//! [`AuthSetup::open`] connects. While the state is away, each process counts alone
//! ([`SharedCounts`](crate::shared::SharedCounts)), and deliveries are a 503. Another state than before,
//! the first one and none any more are faults of a reload that say to restart.
//!
//! # Secrets
//!
//! A secret is best in a file of its own, as Docker and Kubernetes hand it out. Each secret has a member
//! for that (`key_file`, `secret_file`, `client_secret_file`, `bearer_token_file`,
//! `verify_token_file`, `url_file`), and `${file:PATH}` in a text is what that file holds. A relative path starts
//! from the folder of the configuration. One line break at the end of such a file is not part of the
//! secret; everything else is. White space before or after a secret from anywhere else is a fault. A
//! watched configuration is read again when one of these files changes.
//!
//! # Webhooks
//!
//! `auth.webhooks` is a list of deliveries that are let in by their platform's signature:
//!
//! ```yaml
//! auth:
//!   api_keys: [{name: frontend, key: "${FRONTEND_KEY}"}]
//!   webhooks:
//!     - path: /hooks/telegram
//!       scheme: telegram             # or standard, github, slack, discord, stripe, hmac, twilio,
//!       secret: ${TELEGRAM_SECRET}   #    meta, shopify, linear; [two, secrets] while one is replaced
//!       allow:                       # telegram, discord, slack, meta: senders, or `everyone`
//!         user_ids: [42]             #    and chat_ids: [-1001], or those alone
//!     - path: /hooks/partner
//!       scheme: hmac
//!       secret: ${PARTNER_SECRET}
//!       hmac: {signature_header: x-acme-signature, timestamp_header: x-acme-time}
//! ```
//!
//! [`AuthSetup::into_layers`] gives the [`AuthLayer`](crate::AuthLayer) and the
//! [`WebhookRoutes`](crate::webhook::WebhookRoutes) that go around it. Those prove a delivery and mark
//! it; the rule inside asks for the mark, and for nothing else. So no mistake in putting them together
//! opens a path: without the outer layer, or with the two the other way round, deliveries are refused
//! with 401 like everything else, and a credential of another caller does not help there. On the path
//! of a webhook only `POST` is let in; Meta's handshake, which is a `GET`, is answered by the outer
//! layer and goes no further.
//!
//! A `path` that `public_paths` opens as well is a fault. Webhooks alone are enough: without
//! another block nobody but their deliveries gets in. With `enabled: false` deliveries are still
//! verified.
//!
//! `chat_ids` beside `user_ids` narrows: these users in these chats. Alone it opens the chats to
//! everybody in them, so taking `user_ids` away from such a list lets more people in. The same is so in
//! `auth.allowlist`.
//!
//! # What a file cannot say
//!
//! | what | instead |
//! |---|---|
//! | a cookie (with the origins whose pages may send it), a WebSocket protocol, a query parameter or another header as the place of a credential | a provider of the program's with `with_credentials`, as `custom` |
//! | `UserinfoAuth`, a closure, a provider of one's own, a further check with `and_then` | a provider of the program's, as `custom` |
//! | rules for one method, `Access::Optional`, a provider for one path, preflights | [`with_layer`](AuthConfig::with_layer) |
//! | refusals in words of one's own, credentials hidden from the service inside | [`with_layer`](AuthConfig::with_layer) |
//! | a key as JWK, JWK Set or DER | its PEM in `public_key_file` |
//! | two fixed keys with an audience or issuer each | an issuer each in `oauth2` with `jwks_uri`, or `custom` |
//! | another HTTP client; how many tokens are remembered; limits of waiting, of asking and of age for an issuer's keys and answers | a provider of the program's, as `custom` |
//! | a table of roles, owners, a policy | an authorizer of the program's, named by `authorization` |
//! | a store for managed keys in the agent shape | the gateway shape, or `ManagedKeys` under a name of the program's |
//! | an authorizer for a tool of an MCP server; how many messages are read at the same time, and for how long | further rules and settings of the layer that [`take_mcp`](AuthSetup::take_mcp) gives |
//! | a replay store that servers share; how many bodies of a webhook are read at the same time, and for how long; a provider for the senders | [`with_webhook`](AuthConfig::with_webhook) |
//!
//! # Authorizers
//!
//! `authorization` is the name of an authorizer that the program registered; a program that reads
//! such a file takes it from the [`AuthSetup`] and gives it to a
//! [`Policy`](crate::authorize::Policy) or another layer.
//!
//! # What goes over what
//!
//! [`with_value`](AuthConfig::with_value) over the environment over the file over defaults. A
//! variable `TOWER_AUTH__JWT__SECRET` is `auth.jwt.secret`: two underscores between levels. Blocks
//! are merged member by member, lists are replaced; a variable gives a list or a block as JSON.
//!
//! # Variables in texts
//!
//! `${VAR}` in a text of the file is the variable's value, `${VAR:-default}` has a default for a
//! variable that is unset or empty, `${file:PATH}` is what a file holds, `$$` is a dollar. What they
//! hold is not looked at again. A variable that is unset, or that is empty
//! where a secret belongs, is a fault. A text that comes from a variable may stand for a flag
//! (`true`, `false`), a number, or as JSON for a list.
//!
//! # YAML
//!
//! Texts, flags, numbers, lists and blocks are read; anchors, aliases, merge keys and tags are
//! faults where they concern us. `yes` and `on` are texts and not flags. A file has 1 MiB at most.
//!
//! # Security
//!
//! Texts are wiped when they are dropped and never shown. What the parser, the environment and the
//! operating system keep of them is out of reach: `key_sha256` is how a file holds no secret, and a
//! file for each secret is how the environment holds none.

mod assemble;
mod audit;
mod auth_config;
mod building;
mod environment;
mod expand;
mod fault;
mod managed_keys;
mod method_name;
mod node;
mod opening;
mod read;
mod registry;
mod reload;
mod revocations;
mod schema;
mod setup;
mod shape;
mod shared;
mod source;
mod suggest;
mod summary;

pub use self::{
    auth_config::AuthConfig,
    fault::{ConfigFault, ConfigFaults},
    reload::{ReloadHandle, ReloadLayer, Watch},
    setup::AuthSetup,
    summary::ConfigSummary,
};
