//! The actor of a change.

use serde::{Deserialize, Serialize};

use super::KeyId;
use crate::context::Principal;

/// The actor that changed a key.
///
/// # Example
///
/// ```
/// use tower_auth::keys::KeyActor;
///
/// let ada = KeyActor::Operator("ada".into());
/// assert_eq!(serde_json::to_string(&ada)?, r#"{"operator":"ada"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyActor {
    /// The operator of the program: a command line, or the program itself.
    Operator(Box<str>),
    /// A caller of the program, with the managed key in the request, if there was one.
    Caller {
        /// The principal of the caller.
        principal: Principal<'static>,
        /// The managed key in the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<KeyId>,
    },
}
