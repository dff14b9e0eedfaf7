//! `check`.

use std::path::Path;

use tower_auth::config::AuthConfig;

use crate::{engines, fault::Fault, output, plain::Plain};

/// Says what a file comes to, or everything that is wrong with it: a line for each fault.
pub(super) fn run(file: &Path) -> Result<(), Fault> {
    let setup = engines::register(AuthConfig::from_file(file))
        .build()
        .map_err(|faults| {
            for fault in faults.faults() {
                output::note(&Plain(fault));
            }
            match faults.faults().len() {
                1 => Fault::failed("1 fault: mend it in the file"),
                faults => Fault::failed(format!("{faults} faults: mend them in the file")),
            }
        })?;
    let summary = setup.summary();
    output::line(&format!("good: {}", Plain(summary)))?;
    for warning in summary.warnings() {
        output::line(&format!("weak: {}", Plain(warning)))?;
    }
    Ok(())
}
