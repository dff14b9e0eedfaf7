//! The log fields of a mismatched issuer or audience.

use super::{ClaimRules, Claims, JoseError};
use crate::{error::Mismatch, jose::claims::texts};

impl ClaimRules {
    /// The required and the found value of claims that were refused for a mismatch; `None` where they
    /// were refused for another reason.
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
