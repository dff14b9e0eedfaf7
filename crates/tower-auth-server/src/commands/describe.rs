//! `completions` and `man`.

use clap_complete::Shell;

use crate::{arguments::Arguments, fault::Fault, output};

pub(super) fn completions(shell: Shell) -> Result<(), Fault> {
    let mut written = Vec::new();
    clap_complete::generate(
        shell,
        &mut Arguments::describe(),
        "tower-auth",
        &mut written,
    );
    output::print(&String::from_utf8_lossy(&written))
}

/// One page; a command's page is named as its completions and its help name it.
pub(super) fn manual(path: &[String]) -> Result<(), Fault> {
    let mut command = Arguments::describe();
    // Subcommands get the options that stand before them, and their full names.
    command.build();
    for name in path {
        let Some(found) = command.find_subcommand(name) else {
            return Err(Fault::usage(
                "there is no page for that command: write it as in `tower-auth man keys create`",
            ));
        };
        command = found.clone();
    }
    let name = command
        .get_display_name()
        .unwrap_or("tower-auth")
        .to_owned();
    let mut written = Vec::new();
    clap_mangen::Man::new(command)
        .title(name.to_uppercase())
        .render(&mut written)
        .map_err(|error| Fault::failed(format!("the page cannot be written: {error}")))?;
    output::print(&String::from_utf8_lossy(&written))
}
