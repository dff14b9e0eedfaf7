//! Who changes keys.

use serde::{Deserialize, Serialize};

use super::KeyId;
use crate::context::Principal;

/// Who changed a key.
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
    /// Whoever runs the program: a command line, the program itself.
    Operator(Box<str>),
    /// A caller of the program, with the managed key that they showed, if it was one.
    Caller {
        /// Who they are.
        principal: Principal<'static>,
        /// The key that they showed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<KeyId>,
    },
}
