//! Hides credentials from the services inside.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header, uri::PathAndQuery};

use crate::{
    access,
    request::{self, Place},
};

/// Every place in which a layer's providers look for a credential.
#[derive(Clone)]
pub(super) struct Places {
    places: Vec<Place>,
    /// INVARIANT: `Authorization` is the first.
    headers: Arc<[HeaderName]>,
    reads_websocket: bool,
}

impl Places {
    /// `Authorization` is always among the headers, also where no provider names it.
    pub(super) fn new() -> Self {
        Self {
            places: Vec::new(),
            headers: Arc::new([header::AUTHORIZATION]),
            reads_websocket: false,
        }
    }

    pub(super) fn add(&mut self, places: &[Place]) {
        let mut headers = self.headers.to_vec();
        for place in places {
            if !self.places.contains(place) {
                self.places.push(place.clone());
            }
            headers.extend(
                place
                    .header_name()
                    .filter(|name| !headers.contains(name))
                    .cloned(),
            );
        }
        self.headers = headers.into();
        self.reads_websocket = self.places.contains(&Place::WebSocketProtocol);
    }

    pub(super) fn headers(&self) -> &Arc<[HeaderName]> {
        &self.headers
    }

    /// Marks credential headers as sensitive, takes a token out of the offered WebSocket
    /// protocols, and with `hide` removes every credential.
    ///
    /// Returns whether a token was offered there.
    pub(super) fn conceal<B>(&self, request: &mut Request<B>, hide: bool) -> bool {
        let headers = request.headers_mut();
        mark(headers, &self.headers);
        let offered_bearer = self.reads_websocket && take_websocket_token(headers);
        if hide {
            for place in &self.places {
                remove(request, place);
            }
        }
        offered_bearer
    }
}

fn mark(headers: &mut HeaderMap, names: &[HeaderName]) {
    // The first is `Authorization`, which takes less to compare with where it is no variable.
    let others = names.get(1..).unwrap_or_default();
    let is_credential = |shown: &HeaderName| {
        *shown == header::AUTHORIZATION || others.iter().any(|other| shown == other)
    };
    // Most requests show at most one of them, and names alone take less to look at than names with
    // their values, or than the hash of each.
    if headers.keys().any(is_credential) {
        for (shown, value) in headers {
            if is_credential(shown) {
                value.set_sensitive(true);
            }
        }
    }
}

#[inline(never)]
fn take_websocket_token(headers: &mut HeaderMap) -> bool {
    if request::websocket_offers(headers).next().is_none() {
        return false;
    }
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut after_bearer = false;
    for offer in request::websocket_items(headers) {
        if !after_bearer {
            kept.push(offer);
        }
        after_bearer = !after_bearer && offer == b"bearer";
    }
    let value = HeaderValue::from_bytes(&kept.join(&b", "[..]));
    // First, because `insert` panics where a map is as large as it can be, even to replace.
    headers.remove(header::SEC_WEBSOCKET_PROTOCOL);
    if let Ok(value) = value {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, value);
    }
    true
}

#[inline(never)]
fn remove<B>(request: &mut Request<B>, place: &Place) {
    match place {
        Place::Authorization(scheme) => {
            let shows = |value: &HeaderValue| request::names_scheme(value.as_bytes(), scheme);
            let headers = request.headers_mut();
            if headers.get_all(header::AUTHORIZATION).iter().any(shows) {
                headers.remove(header::AUTHORIZATION);
            }
        }
        Place::Header(name) => {
            request.headers_mut().remove(name);
        }
        Place::Cookie(name) => remove_cookie(request.headers_mut(), name),
        Place::WebSocketProtocol => {}
        Place::Query(name) => access::edit_uris(request, |uri| without_parameter(uri, name)),
    }
}

fn remove_cookie(headers: &mut HeaderMap, name: &str) {
    let is_hidden = |cookie: &&[u8]| request::cookie_named(cookie, name).is_some();
    if !request::cookies(headers).any(|cookie| is_hidden(&cookie)) {
        return;
    }
    let kept: Vec<&[u8]> = request::cookies(headers)
        .filter(|cookie| !is_hidden(cookie))
        .collect();
    let value = HeaderValue::from_bytes(&kept.join(&b"; "[..]));
    headers.remove(header::COOKIE);
    if let Ok(mut value) = value
        && !value.is_empty()
    {
        value.set_sensitive(true);
        headers.insert(header::COOKIE, value);
    }
}

/// The URI without the query parameter of that name; nothing where it has none.
fn without_parameter(uri: &Uri, name: &str) -> Option<Uri> {
    let query = uri.query()?;
    let is_shown = |pair: &&str| {
        let (shown, _) = pair.split_once('=').unwrap_or((pair, ""));
        request::is_query_name(shown, name)
    };
    query.split('&').find(is_shown)?;
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_shown(pair)).collect();
    let mut target = uri.path().to_owned();
    if !kept.is_empty() {
        target.push('?');
        target.push_str(&kept.join("&"));
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(target).ok()?);
    Uri::from_parts(parts).ok()
}
