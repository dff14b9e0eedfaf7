//! An authenticated chat-platform event.

/// An event whose sender a chat platform vouches for: platform, user id, chat id.
///
/// Make one only from what the platform itself has authenticated (a verified webhook, a gateway
/// connection of a bot library), never from ids that a caller wrote into a request.
///
/// # Example
///
/// ```
/// use tower_auth::Message;
///
/// let message = Message::new("telegram").with_user_id(42).with_chat_id(-1001);
/// assert_eq!(message.user_id(), Some("42"));
/// ```
///
/// Everything that a platform says of a message:
///
/// ```
/// use tower_auth::Message;
///
/// let message = Message::new("telegram")
///     .with_user_id(42)
///     .with_username("ada")
///     .with_chat_id(-100)
///     .with_kind("channel_post");
/// assert_eq!(message.platform(), "telegram");
/// assert_eq!(message.username(), Some("ada"));
/// assert_eq!(message.kind(), Some("channel_post"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    platform: Box<str>,
    user_id: Option<Box<str>>,
    chat_id: Option<Box<str>>,
    username: Option<Box<str>>,
    kind: Option<Box<str>>,
}

impl Message {
    /// An event of that platform (`telegram`, `discord`, …), sent by nobody yet.
    pub fn new(platform: impl Into<String>) -> Self {
        Self {
            platform: platform.into().into_boxed_str(),
            user_id: None,
            chat_id: None,
            username: None,
            kind: None,
        }
    }

    /// Replaces the sender's id; numbers are written in decimal.
    #[must_use]
    pub fn with_user_id(mut self, id: impl ToString) -> Self {
        self.user_id = Some(id.to_string().into_boxed_str());
        self
    }

    /// Replaces the id of the chat, channel or room.
    #[must_use]
    pub fn with_chat_id(mut self, id: impl ToString) -> Self {
        self.chat_id = Some(id.to_string().into_boxed_str());
        self
    }

    /// Replaces the sender's name, which the platform lets people change: never compared.
    #[must_use]
    pub fn with_username(mut self, name: impl Into<String>) -> Self {
        self.username = Some(name.into().into_boxed_str());
        self
    }

    /// Replaces the kind of event, in the platform's own word.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into().into_boxed_str());
        self
    }

    /// The platform.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The sender's id, where the event has a sender.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The id of the chat, channel or room.
    pub fn chat_id(&self) -> Option<&str> {
        self.chat_id.as_deref()
    }

    /// The sender's name.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The kind of event.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }
}
