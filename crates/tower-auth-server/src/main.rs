//! The command `tower-auth`: administers the managed API keys of a store, and checks configuration
//! files.
//!
//! One line on standard error says what went wrong and what to do; the exit code is 1, or 2 where the
//! command line itself is wrong. A key is printed on standard output alone, once, after the store has
//! it. Nothing takes a key as an argument: other users of a machine can read command lines.

mod administration;
mod arguments;
mod commands;
mod engines;
mod fault;
mod interrupt;
mod looked_at;
mod output;
mod plain;
mod table;
mod time;
mod view;

use std::{env, process::ExitCode};

use tokio::runtime::Builder;

use crate::{arguments::Arguments, fault::Fault};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => fault.told().map_or(ExitCode::SUCCESS, |(text, code)| {
            output::note(&text);
            code
        }),
    }
}

fn run() -> Result<(), Fault> {
    let arguments = match Arguments::read(env::args_os())? {
        Ok(arguments) => arguments,
        Err(help) => return output::print(&help),
    };
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Fault::failed(format!("the system gives no runtime: {error}")))?;
    let done = runtime.block_on(commands::run(&arguments.command));
    // After Ctrl-C nobody waits for a store that does not answer.
    runtime.shutdown_background();
    done
}
