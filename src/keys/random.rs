//! Random bytes that nobody guesses.

use super::KeyStoreError;

/// Bytes of the system's own source.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyStoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(KeyStoreError::unavailable)?;
    Ok(bytes)
}
