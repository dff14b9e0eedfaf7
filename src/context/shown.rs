//! A caller as text: for logs, and for other programs.

use std::fmt;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use super::AuthContext;

impl fmt::Debug for AuthContext {
    /// Shows the identity of the caller; claims may be private, so only their names appear.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthContext")
            .field("user_id", &self.user_id())
            .field("method", &self.method())
            .field("issuer", &self.issuer())
            .field("source", &self.source())
            .field("scopes", &self.scopes().to_string())
            .field("expires_at", &self.expires_at_unix())
            .field("metadata", &self.metadata().keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Serialize for AuthContext {
    /// Serializes user id, method, issuer, scopes, expiry (Unix seconds) and metadata, and the source
    /// if it is not the issuer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let source = self.source().filter(|_| self.source() != self.issuer());
        let count = 6 + usize::from(source.is_some());
        let mut fields = serializer.serialize_struct("AuthContext", count)?;
        fields.serialize_field("user_id", self.user_id())?;
        fields.serialize_field("method", self.method())?;
        fields.serialize_field("issuer", &self.issuer())?;
        match source {
            Some(source) => fields.serialize_field("source", source)?,
            None => fields.skip_field("source")?,
        }
        fields.serialize_field("scopes", self.scopes())?;
        fields.serialize_field("expires_at", &self.expires_at_unix())?;
        fields.serialize_field("metadata", self.metadata())?;
        fields.end()
    }
}
