//! `check`.

use tower_auth::config::AuthConfig;

use super::explain;
use crate::{arguments::CheckFile, engines, fault::Fault, output, plain::Plain};

/// Says what a file comes to, or everything that is wrong with it: a line for each fault.
pub(super) async fn run(arguments: &CheckFile) -> Result<(), Fault> {
    // Nothing is served, and a file that this user makes may be closed to the server's.
    let config = AuthConfig::from_file(&arguments.config).insecure_without_audit();
    let setup = engines::register_to_look(config)
        .build()
        .map_err(|faults| {
            for fault in faults.faults() {
                output::note(&Plain(fault));
            }
            match faults.faults().len() {
                1 => Fault::failed("1 fault: mend it, and check again"),
                faults => Fault::failed(format!("{faults} faults: mend them, and check again")),
            }
        })?;
    let summary = setup.summary();
    output::line(&format!("good: {}", Plain(summary)))?;
    for warning in summary.warnings() {
        output::line(&format!("weak: {}", Plain(warning)))?;
    }
    match &arguments.explain {
        Some(request) => explain::run(request, arguments, setup).await,
        None => Ok(()),
    }
}
