//! What each command does.

mod audit;
mod change;
mod check;
mod create;
mod describe;
mod explain;
mod import;
mod list;
mod revoke;
mod rotate;
mod show;

use crate::{
    arguments::{Command, Keys, KeysCommand},
    fault::Fault,
};

pub(crate) async fn run(command: &Command) -> Result<(), Fault> {
    match command {
        Command::Keys(keys) => run_keys(keys).await,
        Command::Revoke(revoke) => revoke::run(revoke).await,
        Command::Audit(audit) => audit::run(audit).await,
        Command::Check(file) => check::run(file).await,
        Command::Completions { shell } => describe::completions(*shell),
        Command::Man { command } => describe::manual(command),
    }
}

async fn run_keys(keys: &Keys) -> Result<(), Fault> {
    match &keys.command {
        KeysCommand::Create(create) => create::run(keys, create).await,
        KeysCommand::List(list) => list::run(keys, list).await,
        KeysCommand::Show(show) => show::run(keys, show).await,
        KeysCommand::Rotate(rotate) => rotate::run(keys, rotate).await,
        KeysCommand::Revoke(revoke) => change::revoke(keys, revoke).await,
        KeysCommand::Update(update) => change::update(keys, update).await,
        KeysCommand::Delete(delete) => change::delete(keys, delete).await,
        KeysCommand::Import(import) => import::run(keys, import).await,
        KeysCommand::RenewEpoch => change::renew_epoch(keys).await,
    }
}
