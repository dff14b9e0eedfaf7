//! The command that shows what administrators did.

use clap::Args;
use tower_auth::keys::KeyId;

use super::values;

/// Show what administrators did to keys and revocations, the newest first
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub(crate) struct Audit {
    /// The key store: sqlite:PATH or postgres://USER@HOST/DATABASE
    #[arg(
        long,
        value_name = "URL",
        env = "TOWER_AUTH_KEY_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,

    /// The id of a key, also of a deleted one; without it, everything
    #[arg(value_name = "ID", value_parser = values::id)]
    pub(crate) id: Option<KeyId>,

    /// At most so many records
    #[arg(long, value_name = "NUMBER", value_parser = values::count)]
    pub(crate) limit: Option<usize>,

    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
}
