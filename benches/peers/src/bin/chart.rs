//! Draws the chart anew from the figures of a run: `chart FOLDER`.

use std::{env, error::Error, fs, path::PathBuf};

use tower_auth_peers::report::chart;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("usage: chart FOLDER")?;
    let folder = PathBuf::from(folder);
    let file = |name| fs::read_to_string(folder.join(name));
    let chart = chart::draw(
        &file("peers.csv")?,
        &file("server.csv")?,
        &file("machine.csv")?,
    );
    let chart = chart.ok_or("the files in that folder are not those of a run")?;
    fs::write(folder.join("peers.svg"), chart)?;
    Ok(())
}
