//! The commands about keys.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Map, Value};
use tower_auth::{
    Principal,
    keys::{KeyId, KeyOwner},
};

use super::values;

/// Make, show, change and end the managed API keys of a store
#[derive(Debug, Args)]
#[command(arg_required_else_help = false, after_help = STORES)]
pub(crate) struct Keys {
    /// The key store: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(
        long,
        value_name = "URL",
        global = true,
        env = "TOWER_AUTH_KEY_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,

    /// Who you are, for the audit records [default: the variable USER, or LOGNAME]
    #[arg(long = "as", value_name = "NAME", global = true)]
    pub(crate) operator: Option<String>,

    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    Create(Create),
    List(List),
    Show(Show),
    Rotate(Rotate),
    Revoke(Revoke),
    Update(Update),
    Delete(Delete),
    Import(Import),
    /// After a backup was restored: let every server read all keys anew
    ///
    /// Before a server opens the restored store. Keys that were revoked after the backup was made are live
    /// again in it: revoke them anew, too.
    RenewEpoch,
}

/// Make a key, and print it: it is shown this once
///
/// The key alone goes to standard output. A store that is not there is made.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// What the key is for
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) owner: Owner,

    /// The tenant whom the key belongs to
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,

    /// A scope that the key grants; may be given several times. Without one it grants nothing
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(crate) scopes: Vec<String>,

    /// How long the key is valid: a number with s, m, h or d, such as 90d [default: until it is revoked]
    #[arg(long, value_name = "DURATION", value_parser = values::lifetime)]
    pub(crate) expires: Option<Duration>,

    /// How many requests the key is good for; without it, any number
    #[arg(long, value_name = "NUMBER", value_parser = values::credits)]
    pub(crate) credits: Option<u64>,

    /// What the key begins with [default: what the store's keys begin with; sk in a new store]
    #[arg(long, value_name = "PREFIX", value_parser = values::prefix)]
    pub(crate) prefix: Option<String>,

    /// Further claims of the caller: a JSON object
    #[arg(long, value_name = "JSON", value_parser = values::metadata)]
    pub(crate) metadata: Option<Map<String, Value>>,

    /// Only if no live key may administer keys: make one that may, with the scopes keys:read, keys:write
    /// and keys:admin beside those of --scope. Nobody gives a scope that they lack, so name those of the
    /// keys that it will make
    #[arg(long)]
    pub(crate) first_admin: bool,

    /// Print a JSON document with the key in it
    #[arg(long)]
    pub(crate) json: bool,
}

/// List the keys that are live, the oldest first
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Those that are expired or revoked, too
    #[arg(long)]
    pub(crate) all: bool,

    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show one key: everything but the key itself
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The id of the key
    #[arg(value_name = "ID", value_parser = values::id)]
    pub(crate) id: KeyId,

    /// Print a JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Make a successor of a key, and print it: it is shown this once
///
/// It has the caller, scopes and credits of the old key, which works for the overlap.
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    /// The id of the old key
    #[arg(value_name = "ID", value_parser = values::id)]
    pub(crate) id: KeyId,

    /// How long the old key works beside the new one: a number with s, m, h or d; 0s ends it now
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = values::duration)]
    pub(crate) overlap: Duration,

    /// What the key begins with, where the old one was imported [default: what the store's keys begin
    /// with; sk where there are none]
    #[arg(long, value_name = "PREFIX", value_parser = values::prefix)]
    pub(crate) prefix: Option<String>,

    /// Print a JSON document with the key in it
    #[arg(long)]
    pub(crate) json: bool,
}

/// End a key at once: every server that reaches the store refuses it within a second
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The id of the key
    #[arg(value_name = "ID", value_parser = values::id)]
    pub(crate) id: KeyId,

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

/// Change a key; what is not named stays
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The id of the key
    #[arg(value_name = "ID", value_parser = values::id)]
    pub(crate) id: KeyId,

    /// What the key is for
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    #[command(flatten)]
    pub(crate) owner: Owner,

    /// The tenant whom the key belongs to
    #[arg(long, value_name = "TENANT", conflicts_with = "no_tenant")]
    pub(crate) tenant: Option<String>,

    /// Take the tenant away
    #[arg(long)]
    pub(crate) no_tenant: bool,

    /// All scopes that the key grants from now on; may be given several times
    #[arg(long = "scope", value_name = "SCOPE", conflicts_with = "no_scopes")]
    pub(crate) scopes: Vec<String>,

    /// Take all scopes away
    #[arg(long)]
    pub(crate) no_scopes: bool,

    /// How long the key is valid from now on: a number with s, m, h or d, or `never` for without end
    #[arg(long, value_name = "DURATION", value_parser = values::expiry)]
    pub(crate) expires: Option<Expiry>,

    /// How many requests the key is good for from now on; only where it was made with credits
    #[arg(long, value_name = "NUMBER", value_parser = values::credits)]
    pub(crate) credits: Option<u64>,

    /// All further claims of the caller: a JSON object
    #[arg(long, value_name = "JSON", value_parser = values::metadata)]
    pub(crate) metadata: Option<Map<String, Value>>,

    /// Make a revoked key valid again
    #[arg(long)]
    pub(crate) unrevoke: bool,

    /// Print a JSON document
    #[arg(long)]
    pub(crate) json: bool,
}

/// Whom a key stands for.
#[derive(Debug, Args)]
pub(crate) struct Owner {
    /// The user whom the key stands for; a key that is made without one is a caller of its own
    #[arg(long = "owner", id = "owner", value_name = "USER")]
    user_id: Option<String>,

    /// The provider that the user is known to, such as oauth2: then the key reaches what that user
    /// reaches [default: the managed keys themselves]
    #[arg(
        long = "owner-method",
        id = "owner_method",
        value_name = "METHOD",
        requires = "owner"
    )]
    method: Option<String>,

    /// The issuer that the user is of, or the source of that provider, as its callers have it
    #[arg(
        long = "owner-issuer",
        id = "owner_issuer",
        value_name = "ISSUER",
        requires = "owner_method"
    )]
    issuer: Option<String>,
}

impl Owner {
    pub(crate) fn to_key_owner(&self) -> Option<KeyOwner> {
        let user_id = self.user_id.as_deref()?;
        Some(key_owner(
            user_id,
            self.method.as_deref(),
            self.issuer.as_deref(),
        ))
    }
}

/// A user id of the store's own, or with a method a whole principal.
pub(crate) fn key_owner(user_id: &str, method: Option<&str>, issuer: Option<&str>) -> KeyOwner {
    match method {
        Some(method) => Principal::new(method, issuer, user_id).into(),
        None => user_id.into(),
    }
}

/// When a key ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Expiry {
    Never,
    After(Duration),
}

/// Delete a revoked or expired key; its audit records stay
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The id of the key
    #[arg(value_name = "ID", value_parser = values::id)]
    pub(crate) id: KeyId,
}

/// Take over keys that were made elsewhere, by their digests
///
/// A line for each key. CSV begins with a line that names the columns; in JSON lines each line is an
/// object. The columns are `digest` (64 hex digits of SHA-256) and `name`, and where you want them
/// `owner`, `owner_method`, `owner_issuer`, `tenant`, `scopes` (separated by spaces), `expires_at` (2027-01-31, or
/// 2027-01-31T12:00:00Z), `credits` and `metadata` (a JSON object).
///
/// If one line is wrong, none is imported. A line whose digest is in the store already is told, and
/// passed over: an import that stopped can be run again. A store that is not there is made.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The file; `-` is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// The form of the file [default: by its name]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: Option<ImportFormat>,

    /// Say what would be imported, and import nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print a JSON array with a document for each line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Comma-separated values, as spreadsheets write them
    Csv,
    /// One JSON object in each line
    Jsonl,
}

const STORES: &str = "\
--store sqlite:keys.db is a file in the working directory, sqlite:/var/lib/agent/keys.db one with an \
absolute path. Other users of this machine can read a command line: put a URL with a password into \
TOWER_AUTH_KEY_STORE.";
