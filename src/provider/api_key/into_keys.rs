//! The forms in which API keys are given.

use super::ApiKeyRecord;
use crate::error::ConfigError;

/// One API key, or an iterable of several: texts, [`Secret`](crate::Secret)s or [`ApiKeyRecord`]s.
///
/// The compiler infers `Form`, which tells one key from several; your code never names it.
///
/// # Example
///
/// ```
/// use tower_auth::provider::{ApiKeyAuth, ApiKeyRecord};
///
/// ApiKeyAuth::new("sk-live-9f")?;
/// ApiKeyAuth::new(["sk-live-9f", "sk-live-4c"])?;
/// ApiKeyAuth::new(ApiKeyRecord::new("frontend", "sk-live-9f")?)?;
/// # Ok::<(), tower_auth::ConfigError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an API key nor several of them",
    label = "no API keys",
    note = "give a text, a `Secret` or an `ApiKeyRecord`, or an array, a `Vec` or an iterator of these"
)]
pub trait IntoApiKeys<Form> {
    /// Converts the keys into records.
    ///
    /// # Errors
    ///
    /// A key is empty or blank, or cannot be sent in a header.
    fn into_api_keys(self) -> Result<Vec<ApiKeyRecord>, ConfigError>;
}

/// The form of one key.
#[derive(Debug)]
pub struct OneKey(());

/// The form of several keys.
#[derive(Debug)]
pub struct SeveralKeys(());

impl<K> IntoApiKeys<OneKey> for K
where
    K: TryInto<ApiKeyRecord, Error: Into<ConfigError>>,
{
    fn into_api_keys(self) -> Result<Vec<ApiKeyRecord>, ConfigError> {
        Ok(vec![self.try_into().map_err(Into::into)?])
    }
}

impl<I, K> IntoApiKeys<SeveralKeys> for I
where
    I: IntoIterator<Item = K>,
    K: TryInto<ApiKeyRecord, Error: Into<ConfigError>>,
{
    fn into_api_keys(self) -> Result<Vec<ApiKeyRecord>, ConfigError> {
        let keys = self.into_iter();
        keys.map(|key| key.try_into().map_err(Into::into)).collect()
    }
}
