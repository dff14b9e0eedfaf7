//! Whether a store would take the lines: an empty one in memory is asked first.

use std::collections::HashMap;

use tower_auth::keys::{KeyAdminError, ManagedKeys, MemoryKeyStore};

use super::line::{Line, WrongLine};
use crate::fault::Fault;

/// Turns the lines that no store takes into wrong ones.
pub(super) async fn rehearse(
    lines: Vec<Result<Line, WrongLine>>,
) -> Result<Vec<Result<Line, WrongLine>>, Fault> {
    let keys = ManagedKeys::new(MemoryKeyStore::new()?, "sk");
    let keys = keys.map_err(|error| Fault::failed(error.to_string()))?;
    let admin = keys.as_operator("rehearsal");
    let mut first = HashMap::new();
    let mut rehearsed = Vec::with_capacity(lines.len());
    for line in lines {
        rehearsed.push(match line {
            Err(wrong) => Err(wrong),
            Ok(line) => {
                let number = line.number;
                let wrong = |why| Err(WrongLine { number, why });
                match first.insert(*line.digest.as_bytes(), number) {
                    Some(other) => wrong(format!(
                        "it has the digest of line {other}: keep one of them"
                    )),
                    None => match admin.import(line.digest, line.request.clone()).await {
                        Ok(_) => Ok(line),
                        Err(KeyAdminError::Unavailable(error)) => return Err(error.into()),
                        Err(error) => wrong(error.to_string()),
                    },
                }
            }
        });
    }
    Ok(rehearsed)
}
