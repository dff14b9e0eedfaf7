//! Checks the form of an administrator's requests.

use serde_json::{Map, Value};

use super::{KeyAdminError, KeyOwner, KeyRequest, KeyUpdate};

pub(super) fn request(request: &KeyRequest) -> Result<(), KeyAdminError> {
    text("name", &request.name, LONGEST_NAME)?;
    if let Some(tenant) = &request.tenant {
        text("tenant", tenant, LONGEST_NAME)?;
    }
    if let Some(key) = &request.idempotency_key {
        text("idempotency key", key, LONGEST_NAME)?;
    }
    request.owner.as_ref().map_or(Ok(()), owner)?;
    scopes(&request.scopes)?;
    metadata(&request.metadata)
}

pub(super) fn update(update: &KeyUpdate) -> Result<(), KeyAdminError> {
    if let Some(name) = &update.name {
        text("name", name, LONGEST_NAME)?;
    }
    if let Some(Some(tenant)) = &update.tenant {
        text("tenant", tenant, LONGEST_NAME)?;
    }
    update.owner.as_ref().map_or(Ok(()), owner)?;
    update.scopes.as_deref().map_or(Ok(()), scopes)?;
    update.metadata.as_ref().map_or(Ok(()), metadata)
}

pub(super) fn reason(reason: &str) -> Result<(), KeyAdminError> {
    if reason.is_empty() {
        return Ok(());
    }
    text("reason", reason, LONGEST)
}

fn owner(owner: &KeyOwner) -> Result<(), KeyAdminError> {
    match owner {
        KeyOwner::UserId(id) => text("owner", id, LONGEST),
        KeyOwner::Principal(principal) => {
            text("owner", principal.user_id(), LONGEST)?;
            principal
                .source()
                .map_or(Ok(()), |source| text("owner's source", source, LONGEST))
        }
    }
}

fn text(what: &str, text: &str, longest: usize) -> Result<(), KeyAdminError> {
    let chars = text.chars().take(longest + 1).count();
    let is_plain = !text.trim().is_empty() && !text.chars().any(char::is_control);
    match is_plain && chars <= longest {
        true => Ok(()),
        false => invalid(format!(
            "the {what} is blank, has control characters, or has more than {longest} characters"
        )),
    }
}

/// RFC 6749 §3.3: a scope has no space, `"` or `\`.
fn scopes(scopes: &[String]) -> Result<(), KeyAdminError> {
    let is_token = |byte: u8| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~');
    let is_scope =
        |scope: &String| (1..=LONGEST_NAME).contains(&scope.len()) && scope.bytes().all(is_token);
    if scopes.len() > MOST_SCOPES || !scopes.iter().all(is_scope) {
        return invalid(format!(
            "the scopes are more than {MOST_SCOPES}, or one is no word of 1 to {LONGEST_NAME} \
             printable ASCII characters without space, quote and backslash"
        ));
    }
    Ok(())
}

fn metadata(metadata: &Map<String, Value>) -> Result<(), KeyAdminError> {
    let len = serde_json::to_string(metadata).map_or(usize::MAX, |text| text.len());
    if len > MOST_METADATA || metadata.contains_key("tenant") {
        return invalid(format!(
            "the metadata has more than {MOST_METADATA} bytes of JSON, or a tenant, which is a member of \
             its own"
        ));
    }
    if !metadata
        .iter()
        .all(|(name, value)| is_plain(name) && can_be_read(value, DEEPEST))
    {
        return invalid(format!(
            "the metadata is nested more than {DEEPEST} deep, or has a name that begins with \
             {PRIVATE_NAMES}"
        ));
    }
    Ok(())
}

/// Whether a store that keeps the value as JSON reads the same value again. A record that it cannot
/// read would stop every process that reads the store.
fn can_be_read(value: &Value, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    match value {
        Value::Array(items) => items.iter().all(|item| can_be_read(item, depth)),
        Value::Object(members) => members
            .iter()
            .all(|(name, value)| is_plain(name) && can_be_read(value, depth)),
        _ => true,
    }
}

/// `serde_json` reads the value behind such a name in a way of its own.
fn is_plain(name: &str) -> bool {
    !name.starts_with(PRIVATE_NAMES)
}

fn invalid(why: String) -> Result<(), KeyAdminError> {
    Err(KeyAdminError::Invalid(why.into()))
}

const LONGEST_NAME: usize = 128;
const LONGEST: usize = 256;
const MOST_SCOPES: usize = 64;
const MOST_METADATA: usize = 8 * 1024;
/// A record stands within an audit record, and JSON is read 128 deep.
const DEEPEST: usize = 32;
const PRIVATE_NAMES: &str = "$serde_json::private::";
