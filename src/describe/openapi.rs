//! What a layer asks for, in an application's own OpenAPI document.

use http::Method;
use utoipa::openapi::{
    OpenApi, PathItem, RefOr,
    path::Operation,
    security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme},
};

use super::{
    layer::{LayerDescription, Requirement},
    provider::{PlaceDescription, ProviderDescription},
    rule::AccessDescription,
};

impl LayerDescription {
    /// Writes into a document what each of its operations asks for: `security`, and the security
    /// schemes that it names.
    ///
    /// A public operation gets `security: []`, an optional one the empty alternative `{}`. A place of a
    /// credential that the document describes already keeps its name and its description; for another
    /// one a scheme is added. What a document said before about `security` is replaced.
    ///
    /// Returns the operations that OpenAPI has no words for, such as `POST /hooks/github`, whose `security` stays
    /// as it was: those of providers that read no place in a request (a signed delivery, a chat message)
    /// or name none.
    ///
    /// A path of the document is taken for the template of a route
    /// ([`of_route`](LayerDescription::of_route)). OpenAPI has no `{*rest}`: where a document writes
    /// `{rest}` for it, the rules for one segment are meant. Scopes are not known here: see
    /// [`describe`](crate::describe).
    ///
    /// # Example
    ///
    /// ```
    /// use tower_auth::{AuthLayer, provider::ApiKeyAuth};
    /// use utoipa::OpenApi;
    ///
    /// #[utoipa::path(post, path = "/run", responses((status = 200)))]
    /// async fn run() {}
    ///
    /// #[utoipa::path(post, path = "/hooks/public", responses((status = 200)))]
    /// async fn hook() {}
    ///
    /// #[derive(OpenApi)]
    /// #[openapi(paths(run, hook))]
    /// struct Api;
    ///
    /// let auth = AuthLayer::new(ApiKeyAuth::new(["sk-live-9f"])?).public("/hooks/public");
    /// let mut api = Api::openapi();
    /// let unsaid = auth.describe().add_security_to(&mut api);
    /// assert!(unsaid.is_empty());
    ///
    /// let api = serde_json::to_value(&api).unwrap();
    /// let alternatives = serde_json::json!([{"api_key": []}, {"bearer": []}]);
    /// assert_eq!(api["paths"]["/run"]["post"]["security"], alternatives);
    /// assert_eq!(api["paths"]["/hooks/public"]["post"]["security"], serde_json::json!([]));
    /// assert_eq!(api["components"]["securitySchemes"]["api_key"]["name"], "X-API-Key");
    /// # Ok::<(), tower_auth::ConfigError>(())
    /// ```
    pub fn add_security_to(&self, api: &mut OpenApi) -> Vec<String> {
        let components = api.components.get_or_insert_default();
        let mut schemes = Schemes {
            known: std::mem::take(&mut components.security_schemes)
                .into_iter()
                .collect(),
        };
        let mut unsaid = Vec::new();
        for (path, item) in &mut api.paths.paths {
            for (method, operation) in operations(item) {
                let requirement = self.of_route(&method, path);
                match schemes.alternatives(&requirement) {
                    Some(alternatives) => operation.security = Some(alternatives),
                    None => unsaid.push(format!("{method} {path}")),
                }
            }
        }
        let components = api.components.get_or_insert_default();
        components.security_schemes = schemes.known.into_iter().collect();
        unsaid
    }
}

/// Each operation with its method.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem {
        get,
        put,
        post,
        delete,
        options,
        head,
        patch,
        trace,
        query,
        additional_operations,
        ..
    } = item;
    let usual = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::OPTIONS, options),
        (Method::HEAD, head),
        (Method::PATCH, patch),
        (Method::TRACE, trace),
    ];
    let usual = usual
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)));
    let query = query.as_mut().map(|operation| ("QUERY", operation));
    let others = additional_operations.iter_mut();
    let others = others.map(|(method, operation)| (method.as_str(), operation));
    let others = query.into_iter().chain(others);
    let others = others.filter_map(|(method, operation)| {
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        Some((method, operation))
    });
    usual.chain(others)
}

/// The security schemes of a document by their names.
struct Schemes {
    known: Vec<(String, RefOr<SecurityScheme>)>,
}

impl Schemes {
    /// The ways to meet a requirement; none where OpenAPI has no words for one of its providers.
    fn alternatives(&mut self, requirement: &Requirement<'_>) -> Option<Vec<SecurityRequirement>> {
        let mut alternatives = Vec::new();
        if matches!(requirement.access(), AccessDescription::Public) {
            return Some(alternatives);
        }
        for provider in requirement.providers() {
            for alternative in self.of_provider(provider)? {
                if !alternatives.contains(&alternative) {
                    alternatives.push(alternative);
                }
            }
        }
        if matches!(requirement.access(), AccessDescription::Optional) {
            alternatives.push(SecurityRequirement::default());
        }
        Some(alternatives)
    }

    /// One for each of its places, each with the places of a second factor.
    fn of_provider(&mut self, provider: &ProviderDescription) -> Option<Vec<SecurityRequirement>> {
        let mut factors = Vec::new();
        for factor in provider.second_factors() {
            factors.push(self.name_of(factor)?);
        }
        let places = provider.places().iter();
        let names: Vec<String> = places.filter_map(|place| self.name_of(place)).collect();
        let alternative = |name: String| {
            let names = factors.iter();
            let first = SecurityRequirement::new(name, NO_SCOPES);
            names.fold(first, |requirement, name| requirement.add(name, NO_SCOPES))
        };
        (!names.is_empty()).then(|| names.into_iter().map(alternative).collect())
    }

    /// The name of the scheme for a place, which is added where there is none; nothing for a place that
    /// OpenAPI cannot describe.
    fn name_of(&mut self, place: &PlaceDescription) -> Option<String> {
        let (wanted, scheme) = scheme_of(place)?;
        let same = self.known.iter().find(|(_, known)| match known {
            RefOr::T(known) => is_same(known, &scheme),
            RefOr::Ref(_) => false,
        });
        if let Some((name, _)) = same {
            return Some(name.clone());
        }
        let is_free = |name: &String| self.known.iter().all(|(known, _)| known != name);
        let mut names = (2_usize..).map(|number| format!("{wanted}_{number}"));
        let name = Some(wanted.clone()).filter(is_free);
        let name = name.or_else(|| names.find(is_free))?;
        self.known.push((name.clone(), RefOr::T(scheme)));
        Some(name)
    }
}

/// The scheme for a place, and the name that it has where that is free.
fn scheme_of(place: &PlaceDescription) -> Option<(String, SecurityScheme)> {
    Some(match place {
        PlaceDescription::Authorization { scheme } => {
            let known = match scheme.to_ascii_lowercase().as_str() {
                "bearer" => Some(HttpAuthScheme::Bearer),
                "basic" => Some(HttpAuthScheme::Basic),
                "digest" => Some(HttpAuthScheme::Digest),
                _ => None,
            };
            let name = scheme.to_ascii_lowercase();
            match known {
                Some(known) => (name, SecurityScheme::Http(Http::new(known))),
                None => {
                    let how = format!("`{scheme}`, a space, and the credential");
                    let value = ApiKeyValue::with_description("Authorization".to_owned(), how);
                    (name, SecurityScheme::ApiKey(ApiKey::Header(value)))
                }
            }
        }
        PlaceDescription::Header { name } => {
            let key = match name.as_str() {
                "x-api-key" => "api_key".to_owned(),
                other => other.replace('-', "_"),
            };
            let value = ApiKeyValue::new(place.to_string());
            (key, SecurityScheme::ApiKey(ApiKey::Header(value)))
        }
        PlaceDescription::Cookie { name } => (
            key_of("cookie", name),
            SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(name))),
        ),
        PlaceDescription::Query { name } => (
            key_of("query", name),
            SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new(name))),
        ),
        PlaceDescription::WebSocketProtocol => return None,
    })
}

/// A name of the characters that OpenAPI allows for components.
fn key_of(kind: &str, name: &str) -> String {
    let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_');
    let name = name.chars();
    let name = name.map(|char| if is_allowed(char) { char } else { '_' });
    format!("{kind}_{}", name.collect::<String>())
}

/// Whether two schemes are about one place. Two schemes of `Authorization` that OpenAPI does not know
/// differ in their description alone.
fn is_same(known: &SecurityScheme, scheme: &SecurityScheme) -> bool {
    match (known, scheme) {
        (SecurityScheme::Http(known), SecurityScheme::Http(scheme)) => {
            known.scheme == scheme.scheme
        }
        (SecurityScheme::ApiKey(known), SecurityScheme::ApiKey(scheme)) => match (known, scheme) {
            (ApiKey::Header(known), ApiKey::Header(scheme)) => {
                let is_authorization = scheme.name == "Authorization";
                known.name.eq_ignore_ascii_case(&scheme.name)
                    && (!is_authorization || known.description == scheme.description)
            }
            (ApiKey::Cookie(known), ApiKey::Cookie(scheme))
            | (ApiKey::Query(known), ApiKey::Query(scheme)) => known.name == scheme.name,
            _ => false,
        },
        _ => false,
    }
}

const NO_SCOPES: [&str; 0] = [];
