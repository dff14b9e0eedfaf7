//! A provider that accepts listed users of chat platforms.

use std::{collections::HashSet, fmt, sync::Arc};

use super::{AuthProvider, AuthResult, Authentication, PrincipalSource};
use crate::{
    context::AuthContext,
    error::{AuthError, ConfigError, ConfigErrorKind},
    request::{AuthRequest, CredentialSource, Message},
};

/// Accepts a [`Message`] whose platform, chat and user are on its lists.
///
/// A plain HTTP request is "not mine": an id in a body or a header is no message, so the provider is
/// safe in a chain with keys. A message of a platform that is not listed is "not mine" too. A chat or
/// a user that is not listed is refused with 403 (`not_allowlisted`); so is a message without a user,
/// or without a chat where chats are listed. The platform is compared first, then the chat, then the
/// user, each byte for byte.
///
/// The context's user id is the message's user id, its issuer and source are the platform, and its
/// method is `allowlist`; its metadata holds `platform` and `chat_id`.
///
/// # Example
///
/// ```
/// use tower_auth::{AuthRequest, Message, provider::{AllowlistAuth, AuthProvider}};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let allowed = AllowlistAuth::on_platforms(["telegram"], ["42"])?.with_chat_ids(["-1001"])?;
/// let message = Message::new("telegram").with_user_id(42).with_chat_id(-1001);
/// assert!(allowed.authenticate(&AuthRequest::message(&message)).await.unwrap().is_some());
///
/// let stranger = Message::new("telegram").with_user_id(43).with_chat_id(-1001);
/// assert!(allowed.authenticate(&AuthRequest::message(&stranger)).await.is_err());
/// # Ok::<(), tower_auth::ConfigError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct AllowlistAuth {
    lists: Arc<Lists>,
}

/// The ids of an allowlist; `None` means that there is no such list.
#[derive(Debug, Default)]
pub(crate) struct AllowedIds {
    pub(crate) platforms: Option<Vec<String>>,
    pub(crate) user_ids: Option<Vec<String>>,
    pub(crate) chat_ids: Option<Vec<String>>,
}

#[derive(Clone)]
struct Lists {
    platforms: Option<HashSet<Box<str>>>,
    chat_ids: Option<HashSet<Box<str>>>,
    user_ids: Option<HashSet<Box<str>>>,
}

impl AllowlistAuth {
    /// Allows these users on every platform, and logs a warning: user 42 on Discord is not user 42 on
    /// Telegram. Name the platforms with [`on_platforms`](Self::on_platforms) instead.
    ///
    /// # Errors
    ///
    /// The list is empty, or an id is blank.
    pub fn new<S: Into<String>>(
        user_ids: impl IntoIterator<Item = S>,
    ) -> Result<Self, ConfigError> {
        let allowlist = Self::listed(AllowedIds {
            user_ids: Some(owned(user_ids)),
            ..AllowedIds::default()
        })?;
        tracing::warn!(
            target: "tower_auth",
            users = allowlist.lists.user_ids.as_ref().map(HashSet::len),
            "an allowlist names no platform: the same id on another platform is somebody else; \
             use AllowlistAuth::on_platforms"
        );
        Ok(allowlist)
    }

    /// Allows a message whose ids are on every list that is given. Logs no warning where no platform
    /// is listed.
    ///
    /// INVARIANT: without chats, a list of users is required.
    pub(crate) fn listed(ids: AllowedIds) -> Result<Self, ConfigError> {
        let user_ids = match (ids.user_ids, &ids.chat_ids) {
            (None, Some(_)) => None,
            (users, _) => Some(list("user id", users.unwrap_or_default())?),
        };
        let platforms = ids.platforms.map(|members| list("platform", members));
        let chat_ids = ids.chat_ids.map(|members| list("chat id", members));
        Ok(Self {
            lists: Arc::new(Lists {
                platforms: platforms.transpose()?,
                chat_ids: chat_ids.transpose()?,
                user_ids,
            }),
        })
    }

    /// Allows these users on these platforms.
    ///
    /// # Errors
    ///
    /// A list is empty, or a member is blank.
    pub fn on_platforms<P: Into<String>, S: Into<String>>(
        platforms: impl IntoIterator<Item = P>,
        user_ids: impl IntoIterator<Item = S>,
    ) -> Result<Self, ConfigError> {
        Self::listed(AllowedIds {
            platforms: Some(owned(platforms)),
            user_ids: Some(owned(user_ids)),
            chat_ids: None,
        })
    }

    /// Allows every user in these chats of these platforms.
    ///
    /// # Errors
    ///
    /// A list is empty, or a member is blank.
    ///
    /// # Security
    ///
    /// Every member of the chat may call, so the administrators of the chat decide about access.
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthRequest, Message, provider::{AllowlistAuth, AuthProvider}};
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let allowed = AllowlistAuth::in_chats(["telegram"], ["-1001"])?;
    /// let message = Message::new("telegram").with_user_id(7).with_chat_id(-1001);
    /// assert!(allowed.authenticate(&AuthRequest::message(&message)).await.unwrap().is_some());
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// # }).unwrap();
    /// ```
    pub fn in_chats<P: Into<String>, S: Into<String>>(
        platforms: impl IntoIterator<Item = P>,
        chat_ids: impl IntoIterator<Item = S>,
    ) -> Result<Self, ConfigError> {
        Self::listed(AllowedIds {
            platforms: Some(owned(platforms)),
            chat_ids: Some(owned(chat_ids)),
            user_ids: None,
        })
    }

    /// Allows the listed users in these chats only.
    ///
    /// # Errors
    ///
    /// The list is empty, or an id is blank.
    pub fn with_chat_ids<S: Into<String>>(
        mut self,
        chat_ids: impl IntoIterator<Item = S>,
    ) -> Result<Self, ConfigError> {
        Arc::make_mut(&mut self.lists).chat_ids = Some(list("chat id", chat_ids)?);
        Ok(self)
    }

    fn judge(&self, message: &Message) -> AuthResult {
        let Lists {
            platforms,
            chat_ids,
            user_ids,
        } = &*self.lists;
        if platforms
            .as_ref()
            .is_some_and(|allowed| !allowed.contains(message.platform()))
        {
            return Ok(None);
        }
        if chat_ids
            .as_ref()
            .is_some_and(|allowed| !message.chat_id().is_some_and(|id| allowed.contains(id)))
        {
            return Err(refused("chat_not_allowlisted"));
        }
        let is_allowed = |id: &&str| {
            user_ids
                .as_ref()
                .is_none_or(|allowed| allowed.contains(*id))
        };
        let Some(user_id) = message.user_id().filter(is_allowed) else {
            return Err(refused("user_not_allowlisted"));
        };
        let mut context = AuthContext::new(user_id)
            .with_method(NAME)
            .with_issuer(message.platform())
            .with_claim("platform", message.platform());
        if let Some(chat_id) = message.chat_id() {
            context = context.with_claim("chat_id", chat_id);
        }
        Ok(Some(context))
    }
}

impl AuthProvider for AllowlistAuth {
    fn authenticate(&self, request: &AuthRequest<'_>) -> Authentication {
        request
            .as_message()
            .map_or(Ok(None), |message| self.judge(message))
            .into()
    }

    /// Empty: this provider reads the message and no credential of the request.
    fn credential_sets(&self) -> Vec<Vec<CredentialSource>> {
        Vec::new()
    }

    fn name(&self) -> &'static str {
        NAME
    }

    /// One source for each platform: the platform vouches for its users, so every list means the same
    /// user by an id.
    fn principal_sources(&self) -> Vec<PrincipalSource> {
        let platforms = self.lists.platforms.iter().flatten();
        platforms
            .map(|platform| PrincipalSource::of_issuer(NAME, platform))
            .collect()
    }
}

impl fmt::Debug for AllowlistAuth {
    /// Shows the number of allowed ids, and no id.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllowlistAuth")
            .field("platforms", &self.lists.platforms)
            .field("chats", &self.lists.chat_ids.as_ref().map(HashSet::len))
            .field("users", &self.lists.user_ids.as_ref().map(HashSet::len))
            .finish()
    }
}

fn owned<S: Into<String>>(members: impl IntoIterator<Item = S>) -> Vec<String> {
    members.into_iter().map(Into::into).collect()
}

/// Checks the members of a list; `what` names one of them in the error.
fn list<S: Into<String>>(
    what: &str,
    members: impl IntoIterator<Item = S>,
) -> Result<HashSet<Box<str>>, ConfigError> {
    let mut list = HashSet::new();
    for member in members {
        let member = member.into();
        if member.trim().is_empty() {
            return Err(ConfigError::new(
                ConfigErrorKind::Blank,
                format!("a {what} of an allowlist is blank: write the id, or leave the entry out"),
            ));
        }
        if member.trim() != member {
            return Err(ConfigError::new(
                ConfigErrorKind::Malformed,
                format!(
                    "a {what} of an allowlist, {member:?}, begins or ends with white space and \
                     would match nobody: write the id alone"
                ),
            ));
        }
        list.insert(member.into_boxed_str());
    }
    if list.is_empty() {
        return Err(ConfigError::new(
            ConfigErrorKind::Empty,
            format!(
                "an allowlist has no {what}: name at least one (an empty list never means everybody)"
            ),
        ));
    }
    Ok(list)
}

fn refused(reason: &'static str) -> AuthError {
    AuthError::forbidden(reason)
        .with_code("not_allowlisted")
        .with_message("the sender is not on the allowlist")
}

const NAME: &str = "allowlist";
