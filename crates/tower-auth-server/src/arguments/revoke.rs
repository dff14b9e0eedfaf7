//! The command that ends tokens.

use std::time::Duration;

use clap::{ArgGroup, Args};
use tower_auth::keys::Timestamp;

use super::values;

/// End tokens before their time: one token, or everything of a user that was issued until now
///
/// Every server that asks the revocations of this store refuses them within a second: one with
/// `revocations` in its file, or with `Revocations` in its program. Of a user everything ends,
/// whatever provider accepts it and whatever claim the user id is from. The managed keys of the user are
/// revoked with the tokens, for good; the command tells which, and which others have the same user id.
///
/// For example: tower-auth revoke --issuer https://login.example --user 42 --reason "lost laptop"
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = false,
    group = ArgGroup::new("what").required(true).args(["jti", "user", "begin"])
)]
pub(crate) struct RevokeTokens {
    /// Where the revocations are kept: the key store, sqlite:PATH or postgres://USER@HOST/DATABASE, or the
    /// Redis or Valkey server redis://HOST that the servers' file names as `shared`
    #[arg(
        long,
        value_name = "URL",
        env = "TOWER_AUTH_KEY_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,

    /// Who you are, for the audit records of a key store [default: the variable USER, or LOGNAME]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) operator: Option<String>,

    /// The issuer of the tokens as the server's configuration names it, or the source of the provider
    /// that takes them (of an introspection or userinfo endpoint that has neither, its address); without
    /// it, what is of another provider that has neither
    #[arg(long, value_name = "ISSUER", value_parser = values::issuer)]
    pub(crate) issuer: Option<String>,

    /// The id of one token: its claim `jti`
    #[arg(long, value_name = "ID", value_parser = values::filled)]
    pub(crate) jti: Option<String>,

    /// The user, as the server knows it: everything that was issued to it ends
    #[arg(long, value_name = "USER", value_parser = values::filled)]
    pub(crate) user: Option<String>,

    /// Begin a list on a Redis or Valkey server that has none, because it is new or was emptied: until then
    /// its servers let nobody in. Where servers run that know the old list, they write it back by themselves
    #[arg(long, conflicts_with_all = ["issuer", "method", "tenant", "before", "expires_at", "reason"])]
    pub(crate) begin: bool,

    /// Only what a provider of this method accepts, such as oauth2, or api_key for keys. Of a user, only
    /// the ids of the first claim then [default: every method]
    #[arg(long, value_name = "METHOD", value_parser = values::filled)]
    pub(crate) method: Option<String>,

    /// Only what is of this tenant (the claim `tenant`)
    #[arg(long, value_name = "TENANT", conflicts_with = "jti", value_parser = values::filled)]
    pub(crate) tenant: Option<String>,

    /// End only what was issued before: 2026-01-31, or 2026-01-31T12:00:00Z [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "jti", value_parser = values::time)]
    pub(crate) before: Option<Timestamp>,

    /// When the token expires (its claim `exp`): until then the revocation is kept
    #[arg(long, value_name = "TIME", conflicts_with = "user", value_parser = values::time)]
    pub(crate) expires_at: Option<Timestamp>,

    /// How long the revocation is kept: no shorter than the servers' max_token_lifetime
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = values::lifetime)]
    pub(crate) keep: Duration,

    /// Why, for the other administrators
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) reason: String,

    /// Print a JSON document
    #[arg(long)]
    pub(crate) json: bool,
}
