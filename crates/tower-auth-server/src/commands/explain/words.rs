//! The words of an explanation.

use tower_auth::{
    AuthContext, AuthError, AuthResult,
    describe::{AccessDescription, LayerDescription, ProviderDescription, Requirement},
};

/// The rule that decides, and what it says.
pub(super) fn rule(
    description: &LayerDescription,
    requirement: &Requirement<'_>,
    webhooks: &[String],
) -> String {
    if description.is_disabled() {
        return "authentication is off, so everybody is let in".into();
    }
    let Some(rule) = requirement.rule() else {
        return "none counts for this path and method, so a credential is required".into();
    };
    let method = rule.method().map(|method| format!("{method} "));
    let built_in = if rule.is_built_in() { ", built in" } else { "" };
    let name = format!("{}{}{built_in}", method.unwrap_or_default(), rule.pattern());
    let webhook = webhooks.iter().find_map(|webhook| {
        let rest = webhook.strip_prefix(rule.pattern())?;
        rest.starts_with(" (").then_some(rest)
    });
    match (rule.access(), webhook) {
        (AccessDescription::Public, _) => format!("{name}: public, nobody is asked"),
        (AccessDescription::Optional, _) => format!(
            "{name}: optional, who shows nothing is let in and who shows a wrong credential is not"
        ),
        (AccessDescription::Providers(_), Some(webhook)) => format!(
            "{name}: webhook{webhook}, a delivery is let in by its signature and nobody else"
        ),
        (AccessDescription::Providers(_), None) => {
            format!("{name}: these providers alone, and not those of the other paths")
        }
        _ => format!("{name}: a credential is required"),
    }
}

/// Where a provider looks.
pub(super) fn places(provider: &ProviderDescription) -> String {
    let name = named(provider);
    if !provider.names_places() {
        return format!("{name} does not say where it looks");
    }
    let places: Vec<String> = provider.places().iter().map(ToString::to_string).collect();
    match places.is_empty() {
        true if provider.name() == "webhook" => format!("{name} reads the signature of a delivery"),
        true => format!("{name} reads no credential of the request"),
        false => format!("{name} reads {}", places.join(", or ")),
    }
}

/// What a provider says of a request.
pub(super) fn said(provider: &ProviderDescription, answer: &AuthResult) -> String {
    let name = named(provider);
    match answer {
        Ok(Some(caller)) => format!("{name} accepts {}", self::caller(caller)),
        Ok(None) => format!("{name} finds no credential of its own"),
        Err(error) => format!("{name} refuses: {}", refusal(error)),
    }
}

pub(super) fn caller(caller: &AuthContext) -> String {
    let mut text = format!("{:?} ({})", caller.user_id(), caller.method());
    if let Some(issuer) = caller.issuer() {
        text += &format!(" of {issuer:?}");
    }
    let scopes: Vec<&str> = caller.scopes().iter().collect();
    match scopes.is_empty() {
        true => text + ", without a scope",
        false => text + ", scopes " + &scopes.join(" "),
    }
}

/// The code that the caller reads, and the reason that the log has.
pub(super) fn refusal(error: &AuthError) -> String {
    match error.reason() {
        reason if reason.is_empty() || reason == error.code() => error.code().to_owned(),
        reason => format!("{} ({reason})", error.code()),
    }
}

fn named(provider: &ProviderDescription) -> String {
    let name = match provider.name() {
        "" => "a provider without a name",
        name => name,
    };
    match provider.sources() {
        [] => name.to_owned(),
        sources => format!("{name} of {}", sources.join(", ")),
    }
}
