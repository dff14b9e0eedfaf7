//! The members that may grant more when they are taken out or say something else: those that the
//! module's documentation names, and whom each of them lets in then.

use super::{
    callers::{Ask, Expiry, Granted, Odd, Part},
    changes::Touched,
    documents::SHORT,
    tree::{Node, Step},
};

/// What stands in the documentation's list.
pub const MEMBERS: &[&str] = &[
    "auth",
    "enabled",
    "mode",
    "api_keys[].key",
    "api_keys[].key_sha256",
    "api_keys[].scopes",
    "api_keys[].expires_at",
    "api_keys[].revoked",
    "key_store.prefix",
    "key_store.header",
    "jwt.secret",
    "jwt.keys",
    "jwt.audience",
    "jwt.issuer",
    "jwt.scope_claim",
    "jwt.clock_skew_seconds",
    "jwt.insecure_allow_missing_exp",
    "oauth2.audience",
    "oauth2.algorithms",
    "oauth2.scope_claim",
    "oauth2.clock_skew_seconds",
    "oauth2.strict_at_jwt",
    "introspection.audience",
    "introspection.issuer",
    "introspection.scope_claim",
    "introspection.clock_skew_seconds",
    "introspection.ignore_jwts",
    "allowlist.user_ids",
    "allowlist.chat_ids",
    "allowlist.platforms",
    "jwt.audience_claim",
    "jwt.user_id_claim",
    "jwt.require_claims",
    "jwt.require_scopes",
    "jwt.accept_typ",
    "oauth2.audience_claim",
    "oauth2.user_id_claim",
    "oauth2.require_claims",
    "oauth2.require_scopes",
    "oauth2.accept_typ",
    "granted_scopes",
    "insecure_unverified_email",
    "insecure_ignore_confirmation",
    "max_credential_bytes",
    "public_paths",
    "revocations",
    "dev_docs",
    "webhooks[]",
    "webhooks[].path",
    "webhooks[].secret",
    "webhooks[].allow",
    "webhooks[].scopes",
    "webhooks[].hmac",
    "webhooks[].max_body_bytes",
    "webhooks[].insecure_allow_replay",
    "authorization",
];

/// A gain, and what it is measured by.
pub struct Gain<'a> {
    pub whole: &'a Node,
    pub ask: &'a Ask,
    pub before: &'a Granted,
    pub after: &'a Granted,
    /// What the whole file grants the credential where only who calls counts.
    pub elsewhere: &'a Granted,
    pub touched: &'a [Touched],
    /// Whether `auth` is a word in the changed document.
    pub is_word: bool,
}

impl Gain<'_> {
    /// The member that explains it.
    pub fn named(&self) -> Option<&'static str> {
        self.touched.iter().find_map(|node| {
            let parts = &self.ask.parts;
            self.of_the_place(node)
                .or_else(|| parts.iter().find_map(|part| self.of_a_caller(node, part)))
        })
    }

    /// Whether only the scopes are more, and what the authorizer makes of them.
    fn is_of_scopes(&self) -> bool {
        // Where the path itself is another one now, what counts is what was granted elsewhere.
        let is_hook = |node: &Touched| node.path.starts_with("auth.webhooks");
        let before = match self.ask.path {
            "/run" => self.elsewhere,
            _ if self.touched.iter().any(is_hook) => self.elsewhere,
            _ => self.before,
        };
        let before = if self.before == &Granted::Nothing {
            before
        } else {
            self.before
        };
        matches!((before, self.after), (Granted::As(_), Granted::As(_)))
    }

    /// Whether every scope that is new stands in the node now, as far as that is known.
    fn says(&self, node: &Touched) -> bool {
        let Some(now) = &node.now else {
            return !node.gone;
        };
        let said: Vec<&str> = match now {
            Node::List(items) => items.iter().filter_map(word).collect(),
            leaf => word(leaf).into_iter().collect(),
        };
        let had = |scope: &String| {
            let base = [self.before, self.elsewhere];
            base.iter()
                .any(|granted| matches!(granted, Granted::As(scopes) if scopes.contains(scope)))
        };
        match self.after {
            Granted::As(scopes) => scopes.iter().all(|it| had(it) || said.contains(&&**it)),
            _ => false,
        }
    }

    fn of_the_place(&self, node: &Touched) -> Option<&'static str> {
        let Some(path) = node.path.strip_prefix("auth.") else {
            if node.path == "auth" && !node.gone {
                // As a word it is another shape.
                return self.is_word.then_some("auth");
            }
            let is_unjudged = self.elsewhere.covers(self.after) && self.ask.path == "/run";
            return (node.path == "authorization" && is_unjudged).then_some("authorization");
        };
        let is_open = *self.after == Granted::Open;
        match head(path) {
            // An open path asks nobody, who calls is known there once it is closed.
            "max_credential_bytes" => self.is_long().then_some("max_credential_bytes"),
            "public_paths" if node.gone => None,
            "public_paths" => is_open.then_some("public_paths"),
            "dev_docs" if node.gone => None,
            "dev_docs" => (is_open && self.ask.path == "/docs").then_some("dev_docs"),
            "webhooks" => {
                // A path that is no webhook any more is one like any other.
                let (index, member) = item(path, "webhooks").unzip();
                let is_its = match index {
                    Some(index) => self.hook(index) == Some(self.ask.path),
                    None => true,
                };
                let is_other = matches!(member, None | Some("" | "path"));
                let name = if member == Some("path") {
                    "webhooks[].path"
                } else {
                    "webhooks[]"
                };
                (is_its && is_other && self.elsewhere.covers(self.after)).then_some(name)
            }
            _ => None,
        }
    }

    fn hook(&self, index: usize) -> Option<&str> {
        self.text(&["auth", "webhooks"], Some(index), "path")
    }

    /// Whether the whole file accepts that algorithm of an issuer.
    fn lists(&self, algorithm: &str) -> bool {
        let text = self.whole.json();
        match text.split_once("\"algorithms\": ") {
            Some((_, rest)) => rest
                .split([']', '}'])
                .next()
                .unwrap_or_default()
                .contains(algorithm),
            None => ["RS256", "ES256"].contains(&algorithm),
        }
    }

    fn text(&self, path: &[&str], index: Option<usize>, member: &str) -> Option<&str> {
        let mut steps: Vec<Step> = path
            .iter()
            .map(|name| Step::Member((*name).into()))
            .collect();
        steps.extend(index.map(Step::Item));
        steps.push(Step::Member(member.into()));
        match self.whole.get(&steps)? {
            Node::Leaf(value) => value.as_str(),
            _ => None,
        }
    }

    /// Whether a credential is longer than a document lets it be.
    fn is_long(&self) -> bool {
        let mut values = self.ask.headers.iter().map(|(_, value)| value.len());
        *self.before == Granted::Nothing && values.any(|length| length > SHORT)
    }

    fn requires_scopes(&self, block: &str) -> bool {
        let text = self.whole.json();
        let of_block = text.split_once(&format!("\"{block}\": "));
        of_block.is_some_and(|(_, rest)| rest.contains("\"require_scopes\""))
    }

    fn of_a_caller(&self, node: &Touched, part: &Part) -> Option<&'static str> {
        let path = node.path.strip_prefix("auth.")?;
        if let (Part::Token(token), false) = (part, node.gone) {
            let last = path.rsplit('.').next().unwrap_or_default();
            match (last, token.odd) {
                ("insecure_ignore_confirmation", Odd::Bound) => {
                    return Some("insecure_ignore_confirmation");
                }
                ("insecure_unverified_email", Odd::Email) => {
                    return Some("insecure_unverified_email");
                }
                _ => {}
            }
        }
        if let Some((index, member)) = item(path, "api_keys") {
            let name = self.text(&["auth", "api_keys"], Some(index), "name");
            let is_it = matches!(part, Part::Key(key) if Some(*key) == name);
            return match head(member) {
                "scopes" if is_it && self.is_of_scopes() => {
                    // Taken out it is everything; else it is what stands there and no more.
                    (node.gone && member == "scopes" || self.says(node))
                        .then_some("api_keys[].scopes")
                }
                "expires_at" if is_it => {
                    let is_later = |now: &Node| matches!(now, Node::Leaf(date) if is_ahead(date));
                    node.now
                        .as_ref()
                        .is_none_or(is_later)
                        .then_some("api_keys[].expires_at")
                }
                "revoked" if is_it => {
                    let is_no = |now: &Node| *now == Node::Leaf(false.into());
                    node.now
                        .as_ref()
                        .is_none_or(is_no)
                        .then_some("api_keys[].revoked")
                }
                "key" if !node.gone => matches!(part, Part::Stranger).then_some("api_keys[].key"),
                _ => None,
            };
        }
        match (part, head(path)) {
            (Part::Token(token), "jwt") if !token.is_issuers => {
                let member = path.strip_prefix("jwt.")?;
                match head(member) {
                    "audience" if !token.has_right_audience => Some("jwt.audience"),
                    "issuer" if !token.has_right_issuer => Some("jwt.issuer"),
                    "scope_claim" if self.is_of_scopes() || self.requires_scopes("jwt") => {
                        Some("jwt.scope_claim")
                    }
                    "granted_scopes" if self.is_of_scopes() || self.requires_scopes("jwt") => {
                        Some("granted_scopes")
                    }
                    "audience_claim" if token.odd != Odd::Client => Some("jwt.audience_claim"),
                    "user_id_claim" => Some("jwt.user_id_claim"),
                    "require_claims" if token.odd != Odd::Client => Some("jwt.require_claims"),
                    "require_scopes" => Some("jwt.require_scopes"),
                    "accept_typ" if token.odd == Odd::Typ && !node.gone => Some("jwt.accept_typ"),
                    "clock_skew_seconds" if token.expiry == Expiry::JustPast => {
                        Some("jwt.clock_skew_seconds")
                    }
                    "insecure_allow_missing_exp" if token.expiry == Expiry::Missing => {
                        (!node.gone).then_some("jwt.insecure_allow_missing_exp")
                    }
                    "secret" if !token.signed_by_first => (!node.gone).then_some("jwt.secret"),
                    // With one key left, or one of its algorithm, a token need not name it.
                    "keys" if token.kid.is_none() => Some("jwt.keys"),
                    "keys" if !token.signed_by_first && !node.gone => Some("jwt.keys"),
                    _ => None,
                }
            }
            (Part::Token(token), "oauth2") if token.is_issuers => {
                let member = path.strip_prefix("oauth2")?;
                let member = member
                    .strip_prefix("[0]")
                    .unwrap_or(member)
                    .strip_prefix('.')?;
                match head(member) {
                    "audience" if !token.has_right_audience => Some("oauth2.audience"),
                    "algorithms" if !self.lists(token.algorithm) => Some("oauth2.algorithms"),
                    "scope_claim" if self.is_of_scopes() || self.requires_scopes("oauth2") => {
                        Some("oauth2.scope_claim")
                    }
                    "granted_scopes" if self.is_of_scopes() || self.requires_scopes("oauth2") => {
                        Some("granted_scopes")
                    }
                    "audience_claim" if token.odd != Odd::Client => Some("oauth2.audience_claim"),
                    "user_id_claim" => Some("oauth2.user_id_claim"),
                    "require_claims" if token.odd != Odd::Client => Some("oauth2.require_claims"),
                    "require_scopes" => Some("oauth2.require_scopes"),
                    "accept_typ" if token.odd == Odd::Typ && !node.gone => {
                        Some("oauth2.accept_typ")
                    }
                    "clock_skew_seconds" if token.expiry == Expiry::JustPast => {
                        Some("oauth2.clock_skew_seconds")
                    }
                    "strict_at_jwt" if !token.is_at_jwt => Some("oauth2.strict_at_jwt"),
                    _ => None,
                }
            }
            (Part::Token(token), "introspection") if token.is_issuers => {
                match head(path.strip_prefix("introspection.")?) {
                    "audience" if !token.has_right_audience => Some("introspection.audience"),
                    "issuer" if !token.has_right_issuer => Some("introspection.issuer"),
                    "scope_claim" if self.is_of_scopes() => Some("introspection.scope_claim"),
                    "granted_scopes" if self.is_of_scopes() => Some("granted_scopes"),
                    "clock_skew_seconds" if token.expiry == Expiry::JustPast => {
                        Some("introspection.clock_skew_seconds")
                    }
                    "ignore_jwts" if !token.algorithm.is_empty() => {
                        Some("introspection.ignore_jwts")
                    }
                    _ => None,
                }
            }
            (Part::Managed, "key_store") => match head(path.strip_prefix("key_store.")?) {
                "prefix" if node.now == Some(Node::Leaf("sk_live".into())) => {
                    Some("key_store.prefix")
                }
                "header" => Some("key_store.header"),
                _ => None,
            },
            (Part::Message, "allowlist") => match head(path.strip_prefix("allowlist.")?) {
                "user_ids" => Some("allowlist.user_ids"),
                "chat_ids" => Some("allowlist.chat_ids"),
                "platforms" => Some("allowlist.platforms"),
                _ => None,
            },
            (Part::Telegram { large } | Part::Hmac { large }, "webhooks") => {
                let (index, member) = item(path, "webhooks")?;
                if self.hook(index) != Some(self.ask.path) {
                    return None;
                }
                match head(member) {
                    "allow" => Some("webhooks[].allow"),
                    "secret" if !node.gone => Some("webhooks[].secret"),
                    "scopes" if self.is_of_scopes() => {
                        self.says(node).then_some("webhooks[].scopes")
                    }
                    "hmac" => Some("webhooks[].hmac"),
                    "max_body_bytes" if *large => Some("webhooks[].max_body_bytes"),
                    "insecure_allow_replay" if self.ask.is_copy => {
                        Some("webhooks[].insecure_allow_replay")
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// A text, with what stands for a variable that is not set.
fn word(node: &Node) -> Option<&str> {
    let Node::Leaf(value) = node else {
        return None;
    };
    let text = value.as_str()?;
    let default = text.strip_prefix("${UNSET:-");
    Some(default.map_or(text, |default| default.trim_end_matches('}')))
}

/// Whether a date of the documents is after now.
fn is_ahead(date: &serde_json::Value) -> bool {
    date.as_str().is_some_and(|date| date.starts_with("209"))
}

/// The first name of a path.
fn head(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// The index and the rest of a path into that list.
fn item<'p>(path: &'p str, list: &str) -> Option<(usize, &'p str)> {
    let (index, rest) = path
        .strip_prefix(list)?
        .strip_prefix('[')?
        .split_once(']')?;
    Some((index.parse().ok()?, rest.strip_prefix('.').unwrap_or(rest)))
}
