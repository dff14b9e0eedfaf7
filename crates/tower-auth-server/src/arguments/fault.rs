//! A mistake on the command line, in one line.
//!
//! clap repeats what was given. It may be a key, or a URL with a password, so that the words here name
//! the option alone.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};

pub(super) fn in_one_line(error: &clap::Error) -> String {
    let shown = first(error, ContextKind::InvalidArg);
    let option = shown.map(name);
    match (error.kind(), option) {
        (ErrorKind::InvalidUtf8, _) => "an argument is not UTF-8: write it in UTF-8".into(),
        (ErrorKind::InvalidSubcommand, _) => {
            let help = help(error, ContextKind::SuggestedSubcommand);
            format!("there is no such command{help}")
        }
        (ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, _) => {
            format!("a command is missing{}{HELP}", listed(error))
        }
        (ErrorKind::UnknownArgument, Some(unknown)) if unknown.starts_with('-') => {
            let help = help(error, ContextKind::SuggestedArg);
            format!("there is no option {unknown}{help}")
        }
        (ErrorKind::UnknownArgument, _) => {
            format!("there is a word too much: each value stands behind its option{HELP}")
        }
        (ErrorKind::MissingRequiredArgument, _) => {
            let all = all(error, ContextKind::InvalidArg).join(" and ");
            format!("{all} is missing{HELP}")
        }
        (ErrorKind::ArgumentConflict, Some(option)) => {
            match all(error, ContextKind::PriorArg).as_slice() {
                [other, ..] if name(other) != option => {
                    format!("{option} and {} exclude each other: give one", name(other))
                }
                _ => format!("{option} is given twice: give it once"),
            }
        }
        (ErrorKind::TooManyValues, Some(switch)) => format!("{switch} takes no value"),
        (ErrorKind::ValueValidation, Some(option)) => match error.source() {
            Some(why) => format!("{option} {why}"),
            None => format!("{option} has a value that is not of its form{HELP}"),
        },
        (ErrorKind::InvalidValue, Some(option)) => {
            match all(error, ContextKind::ValidValue).as_slice() {
                [] => format!("{option} needs a value behind it"),
                valid => format!("{option} is one of: {}", valid.join(", ")),
            }
        }
        (_, Some(option)) => format!("{option} needs a value behind it"),
        (_, None) => format!("the command line is not of the right form{HELP}"),
    }
}

/// An option without the placeholder of its value; a positional argument as it is shown.
fn name(shown: &str) -> &str {
    match shown.starts_with('-') {
        true => shown.split([' ', '=']).next().unwrap_or(shown),
        false => shown,
    }
}

fn first(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    all(error, kind).into_iter().next()
}

fn all(error: &clap::Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one],
        Some(ContextValue::Strings(all)) => all.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

/// What is meant, if that can be guessed, and where everything stands.
fn help(error: &clap::Error, kind: ContextKind) -> String {
    match first(error, kind) {
        Some(meant) => format!(": did you mean {meant}? --help shows what there is"),
        None => HELP.to_owned(),
    }
}

fn listed(error: &clap::Error) -> String {
    match all(error, ContextKind::ValidSubcommand).as_slice() {
        [] => String::new(),
        commands => format!(": write one of {}", commands.join(", ")),
    }
}

const HELP: &str = "; --help shows what there is";
