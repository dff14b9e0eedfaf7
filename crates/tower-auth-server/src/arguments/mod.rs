//! The command line, as `clap` reads it. Completions and manual come from the same description.

mod audit;
mod check;
mod fault;
mod keys;
mod revoke;
mod values;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use clap_complete::Shell;

pub(crate) use self::keys::{
    Create, Delete, Expiry, Import, ImportFormat, Keys, KeysCommand, List, Revoke, Rotate, Show,
    Update, key_owner,
};
pub(crate) use self::{audit::Audit, check::CheckFile, revoke::RevokeTokens, values::MOST_CREDITS};
use crate::fault::Fault;

/// Administers the managed API keys of tower-auth, revokes tokens, tells who did so, and checks configuration files
#[derive(Debug, Parser)]
#[command(
    name = "tower-auth",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    arg_required_else_help = false,
    after_help = "\
Exit codes: 0 it is done; 1 it failed, and a line on standard error says what to do; 2 the command line \
is not of the right form; 130 Ctrl-C."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Keys(Box<Keys>),
    Revoke(Box<RevokeTokens>),
    Audit(Audit),
    Check(CheckFile),
    /// Print the completions for a shell
    ///
    /// For bash: tower-auth completions bash > ~/.local/share/bash-completion/completions/tower-auth
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a page of the manual, for man(1)
    ///
    /// For example: tower-auth man keys create | man -l -
    Man {
        /// The command that the page is about; without one it is about tower-auth
        command: Vec<String>,
    },
}

impl Arguments {
    /// What was asked for; a text where that was help or the version.
    pub(crate) fn read(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Result<Self, String>, Fault> {
        Self::try_parse_from(arguments)
            .map(Ok)
            .or_else(|error| match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(Err(error.to_string())),
                _ => Err(Fault::usage(fault::in_one_line(&error))),
            })
    }

    /// The description itself.
    pub(crate) fn describe() -> clap::Command {
        Self::command()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_finds_no_contradiction() {
        Arguments::describe().debug_assert();
    }
}
