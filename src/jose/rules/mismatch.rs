//! What the log is told of an issuer or an audience that is another one.

use super::{ClaimRules, Claims, JoseError};
use crate::{error::Mismatch, jose::claims::texts};

impl ClaimRules {
    /// What was wanted and what stands in claims that were refused for that reason; nothing where
    /// they were refused for another one.
    pub(crate) fn mismatch(&self, json: &str, error: JoseError) -> Option<Mismatch> {
        match error {
            JoseError::IssMismatch | JoseError::IssMissing => {
                let claims = Claims::parse(json, &self.names).ok()?;
                let wanted = self.issuer().unwrap_or_default().to_owned();
                Some(Mismatch::new(wanted, claims.issuer()))
            }
            JoseError::AudMismatch | JoseError::AudMissing | JoseError::AudUnexpected => {
                let claims = Claims::parse(json, &self.names).ok()?;
                let came: Vec<_> = claims
                    .audience_claims()
                    .into_iter()
                    .flat_map(texts)
                    .map(|text| text.cow())
                    .collect();
                let came = (!came.is_empty()).then(|| came.join(" "));
                Some(Mismatch::new(self.audiences.join(" "), came.as_deref()))
            }
            _ => None,
        }
    }
}
