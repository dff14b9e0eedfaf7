//! Issuers and endpoints: whom they are trusted by.

use super::assembly::Assembly;
use crate::{config::read::Slot, issuer::fetch::Transport, secret::Secret};

/// Whom an issuer or an endpoint is to be trusted by.
#[derive(Clone, Debug)]
pub(super) struct Authorities {
    /// As they were read: the file may hold others by now.
    pub(super) pem: Secret,
    pub(super) transport: Transport,
}

/// What is wrong has been told.
pub(super) struct FaultReported;

impl Assembly<'_> {
    /// The authorities in a CA file, where one is named.
    pub(super) fn authorities(
        &mut self,
        file: &Slot<String>,
    ) -> Result<Option<Authorities>, FaultReported> {
        let file = match file {
            Slot::Absent => return Ok(None),
            Slot::Faulty => return Err(FaultReported),
            Slot::Present(file) => file,
        };
        let pem = self.file_text(file, LARGEST_CA).ok_or(FaultReported)?;
        match Transport::with_ca(pem.expose().as_bytes()) {
            Ok(transport) => Ok(Some(Authorities { pem, transport })),
            Err(fault) => {
                let message = format!("the CA file {}", fault.why);
                self.faults.add(fault.kind, &file.place, message);
                Err(FaultReported)
            }
        }
    }
}

const LARGEST_CA: u64 = 1024 * 1024;
