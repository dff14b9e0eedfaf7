//! Random bytes for secrets.

use super::KeyStoreError;

/// Returns bytes from the system's random source.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyStoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(KeyStoreError::unavailable)?;
    Ok(bytes)
}
