//! The command that checks a file, and explains what it comes to for a request.

use std::path::PathBuf;

use clap::Args;

/// Say what is wrong with a configuration file: all faults at once, or what it comes to
///
/// Values such as ${NAME} come from the environment of this command. Nothing is connected to, except for a
/// credential that --explain shows to a provider which has to ask its issuer or its key store. No credit of
/// a key is spent, no limit counts, and no audit line is written.
///
/// For example: tower-auth check --config auth.yaml --explain 'POST /run' --credential env:KEY
#[derive(Debug, Args)]
#[command(arg_required_else_help = false)]
pub(crate) struct CheckFile {
    /// The YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,

    /// Say which rule decides about a request, what a caller must send, what each provider says of what
    /// is shown, and what is answered: 'POST /run'. Nothing is served
    #[arg(long, value_name = "METHOD PATH")]
    pub(crate) explain: Option<String>,

    /// Show a credential, which is read from: - (standard input), env:NAME, file:PATH. It stands in
    /// Authorization where a provider looks there, or else in the header of the first provider
    #[arg(long, value_name = "FROM", requires = "explain")]
    pub(crate) credential: Option<String>,

    /// Add a header: 'Name: value'. The value of one that holds a credential is read: 'X-API-Key: env:KEY'.
    /// May be given several times
    #[arg(long, value_name = "HEADER", requires = "explain")]
    pub(crate) header: Vec<String>,
}
