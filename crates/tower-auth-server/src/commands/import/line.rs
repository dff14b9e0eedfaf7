//! A line of an import, whatever the form of its file.
//!
//! No message repeats what a line says: a key may stand where its digest belongs.

use serde_json::{Map, Value};
use tower_auth::keys::{KeyDigest, KeyRequest};

use crate::{
    arguments::{MOST_CREDITS, key_owner},
    time,
};

/// A key to be imported.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) digest: KeyDigest,
    pub(super) name: String,
    pub(super) request: KeyRequest,
}

/// A line that cannot be imported, and what to write.
#[derive(Debug)]
pub(super) struct WrongLine {
    pub(super) number: u64,
    pub(super) why: String,
}

/// The columns, in the order in which they are documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Digest,
    Name,
    Owner,
    OwnerMethod,
    OwnerIssuer,
    Tenant,
    Scopes,
    ExpiresAt,
    Credits,
    Metadata,
}

/// What a line says, as texts: nothing where it says nothing.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) digest: Option<String>,
    pub(super) name: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) owner_method: Option<String>,
    pub(super) owner_issuer: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) expires_at: Option<String>,
    pub(super) credits: Option<String>,
    pub(super) metadata: Option<Map<String, Value>>,
}

impl Column {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "digest" => Self::Digest,
            "name" => Self::Name,
            "owner" => Self::Owner,
            "owner_method" => Self::OwnerMethod,
            "owner_issuer" => Self::OwnerIssuer,
            "tenant" => Self::Tenant,
            "scopes" => Self::Scopes,
            "expires_at" => Self::ExpiresAt,
            "credits" => Self::Credits,
            "metadata" => Self::Metadata,
            _ => return None,
        })
    }
}

impl Cells {
    /// Puts a text where it belongs.
    pub(super) fn put(&mut self, column: Column, text: &str) -> Result<(), &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        let own = || Some(text.to_owned());
        match column {
            Column::Digest => self.digest = own(),
            Column::Name => self.name = own(),
            Column::Owner => self.owner = own(),
            Column::OwnerMethod => self.owner_method = own(),
            Column::OwnerIssuer => self.owner_issuer = own(),
            Column::Tenant => self.tenant = own(),
            Column::Scopes => self.scopes = text.split_whitespace().map(str::to_owned).collect(),
            Column::ExpiresAt => self.expires_at = own(),
            Column::Credits => self.credits = own(),
            Column::Metadata => {
                self.metadata = Some(serde_json::from_str(text).map_err(|_| NO_METADATA)?);
            }
        }
        Ok(())
    }

    /// The key that the line is about.
    pub(super) fn into_line(self, number: u64) -> Result<Line, WrongLine> {
        let wrong = |why: &str| WrongLine {
            number,
            why: why.to_owned(),
        };
        let digest = self.digest.ok_or_else(|| wrong(NO_DIGEST))?;
        let digest = KeyDigest::from_hex(&digest).ok_or_else(|| wrong(NOT_A_DIGEST))?;
        let name = self
            .name
            .ok_or_else(|| wrong("the name is missing: write what the key is for"))?;
        let mut request = KeyRequest::new(&name).with_scopes(self.scopes);
        let (method, issuer) = (self.owner_method.as_deref(), self.owner_issuer.as_deref());
        match self.owner.as_deref() {
            Some(owner) if method.is_some() || issuer.is_none() => {
                request = request.with_owner(key_owner(owner, method, issuer));
            }
            None if method.is_none() && issuer.is_none() => {}
            _ => return Err(wrong(NO_OWNER)),
        }
        if let Some(tenant) = self.tenant {
            request = request.with_tenant(tenant);
        }
        if let Some(credits) = self.credits {
            request = request.with_credits(number_of(&credits).ok_or_else(|| wrong(NO_CREDITS))?);
        }
        if let Some(at) = self.expires_at {
            let at = time::time(&at).and_then(|at| at.to_system_time());
            request = request.with_expires_at(at.ok_or_else(|| wrong(NO_TIME))?);
        }
        for (name, value) in self.metadata.into_iter().flatten() {
            request = request.with_metadata(name, value);
        }
        Ok(Line {
            number,
            digest,
            name,
            request,
        })
    }
}

fn number_of(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten()?;
    (number <= MOST_CREDITS).then_some(number)
}

pub(super) const NO_METADATA: &str =
    "the metadata is no JSON object: write one like {\"plan\": \"gold\"}";
const NO_DIGEST: &str = "the digest is missing: write the SHA-256 of the key, 64 hex digits";
const NOT_A_DIGEST: &str = "the digest is not 64 hex digits: write the SHA-256 of the key (`printf %s KEY | \
                            sha256sum`); the key itself belongs into no file";
const NO_OWNER: &str = "an owner_method needs an owner beside it, and an owner_issuer needs both: write them, \
                        or leave them out";
const NO_CREDITS: &str = "the credits are no whole number: write one such as 10000";
const NO_TIME: &str =
    "expires_at is no time: write a day such as 2027-01-31, or 2027-01-31T12:00:00Z";
