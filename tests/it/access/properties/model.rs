//! What a layer must answer, told by the words of the rules alone ([1.2], [1.3], [1.5], [1.6], [3.1] to
//! [3.3], [8.1]): slow, plain, and independent of the crate.

use http::Method;

use crate::access::properties::{
    Ran,
    common::paths_model::{Kind, Pattern, Segment, who_is_asked},
    requests::{Header, Shown},
    world::{LONGEST, Place, Provider, Wiring, World},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A handler ran, as that user.
    Ran(Ran),
    Refused(u16, &'static str),
    /// Nobody was there, and nobody was asked.
    NotFound,
}

/// The answer to a request that `bare` would have answered without a layer.
pub fn answer(world: &World, shown: &Shown, bare: Option<Ran>) -> Answer {
    let Some(ran) = bare else {
        return Answer::NotFound;
    };
    let passes = |user: Option<&str>| {
        Answer::Ran(Ran {
            route: ran.route.clone(),
            user: user.map(str::to_owned),
        })
    };
    // axum puts a route layer around routes alone.
    if world.wiring == Wiring::RouteLayer && ran.route.is_none() {
        return passes(None);
    }
    if world.pass_preflight && is_preflight(shown) {
        return passes(None);
    }
    let route = route(world, &ran);
    let docs = if world.dev_docs { docs() } else { Vec::new() };
    // At its root a nested fallback is told the path `/`, in which what the client sent does not end;
    // and axum takes one of two slashes after a nest away, which is more than its prefix.
    let is_rewritten = world.wiring == Wiring::Nested
        && (shown.path.starts_with("/n//") || (shown.path == "/n" && route.is_none()));
    let (rules, method, path) = (&world.rules, &shown.method, &shown.path);
    let kind = match is_rewritten {
        true => Kind::Required,
        false => who_is_asked(rules, &docs, method, path, route.as_ref()),
    };
    let chain: Vec<&Provider> = match kind {
        Kind::Public => return passes(None),
        Kind::Own => vec![&world.own],
        Kind::Optional | Kind::Required => [&world.main].into_iter().chain(&world.second).collect(),
    };
    match judge(&chain, shown) {
        Ok(Some(user)) => passes(Some(user)),
        Ok(None) if kind == Kind::Optional => passes(None),
        Ok(None) => Answer::Refused(401, "missing_credential"),
        Err((status, code)) => Answer::Refused(status, code),
    }
}

/// The whole template of the route that ran, where axum tells it to the layer.
fn route(world: &World, ran: &Ran) -> Option<Pattern> {
    let route = ran.route.clone()?;
    match world.wiring {
        Wiring::Around => None,
        Wiring::Nested if route == [Segment::Plain("")] => Some(vec![Segment::Plain("n")]),
        Wiring::Nested => Some([vec![Segment::Plain("n")], route].concat()),
        _ => Some(route),
    }
}

/// The patterns that the development docs open.
pub fn docs() -> Vec<Pattern> {
    let docs = Segment::Plain("docs");
    vec![
        vec![docs],
        vec![docs, Segment::Plain("")],
        vec![docs, Segment::Rest],
        vec![Segment::Plain("redoc")],
        vec![Segment::Plain("openapi.json")],
    ]
}

type Verdict = Result<Option<&'static str>, (u16, &'static str)>;

fn judge(chain: &[&Provider], shown: &Shown) -> Verdict {
    let ambiguous = Err((400, "invalid_request"));
    for provider in chain {
        if is_ambiguous(provider, shown) {
            return ambiguous;
        }
    }
    let mut refusal = None;
    for provider in chain {
        match judge_alone(provider, shown) {
            Ok(Some(user)) => return Ok(Some(user)),
            Ok(None) => {}
            Err(error) => {
                if refusal.is_none_or(|(status, _)| status < error.0) {
                    refusal = Some(error);
                }
            }
        }
    }
    refusal.map_or(Ok(None), Err)
}

/// Whether two parsers could pick different credentials, or one is too long to be looked at.
fn is_ambiguous(provider: &Provider, shown: &Shown) -> bool {
    let mut exclusive = 0;
    for source in &provider.sources {
        let found = found(&source.place, shown);
        let yields = source.fallback || matches!(source.place, Place::Cookie(_));
        match found {
            Found::Nothing => {}
            Found::Twice | Found::TooLong => return true,
            Found::Once(_) if yields => {}
            Found::Once(_) => exclusive += 1,
        }
    }
    exclusive > 1
}

fn judge_alone(provider: &Provider, shown: &Shown) -> Verdict {
    let is_cookie = |place: &Place| matches!(place, Place::Cookie(_));
    let sources = || provider.sources.iter();
    let first = sources().filter(|source| !source.fallback && !is_cookie(&source.place));
    let fallbacks = sources().filter(|source| source.fallback && !is_cookie(&source.place));
    let cookies = sources().filter(|source| is_cookie(&source.place));
    for source in first.chain(fallbacks).chain(cookies) {
        let Found::Once(value) = found(&source.place, shown) else {
            continue;
        };
        if let Place::Cookie(origins) = &source.place
            && !may_use_cookies(origins, shown)
        {
            return Err((403, "cross_origin"));
        }
        let known = provider.keys.iter().find(|key| key.key == value);
        return match known {
            Some(key) if !key.revoked => Ok(Some(key.name)),
            _ => Err((401, "invalid_credential")),
        };
    }
    Ok(None)
}

enum Found {
    Nothing,
    Once(String),
    Twice,
    TooLong,
}

fn found(place: &Place, shown: &Shown) -> Found {
    let headers = shown.headers.iter();
    // Each value that stands there: as it is measured, and as it is read.
    let values: Vec<(String, String)> = match place {
        Place::Header => headers
            .filter_map(|header| match header {
                Header::Key(value) => Some(as_it_is(value)),
                _ => None,
            })
            .collect(),
        Place::Bearer => headers
            .filter_map(|header| match header {
                Header::Authorization { scheme, gap, value } => {
                    let is_bearer = scheme.to_lowercase() == "bearer";
                    let is_gap = !gap.is_empty() && gap.chars().all(|gap| gap == ' ');
                    let is_mine = is_bearer && is_gap;
                    Some(as_it_is(if is_mine { value } else { "" }))
                }
                _ => None,
            })
            .collect(),
        Place::Cookie(_) => headers
            .filter_map(|header| match header {
                Header::Cookies(cookies) => Some(cookies),
                _ => None,
            })
            .flatten()
            .filter(|(name, _)| *name == "session")
            .map(|(_, value)| as_it_is(value))
            .collect(),
        Place::WebSocket => {
            let mut offers = headers
                .filter_map(|header| match header {
                    Header::Protocols(protocols) => Some(protocols),
                    _ => None,
                })
                .flatten();
            let mut values = Vec::new();
            while let Some(offer) = offers.next() {
                if *offer == "bearer" {
                    values.push(as_it_is(offers.next().unwrap_or(&"")));
                }
            }
            values
        }
        Place::Query => {
            let named = shown.query.iter();
            let named = named.filter(|(name, _)| matches!(*name, "key" | "k%65y"));
            named
                .map(|(_, value)| (value.clone(), from_a_query(value)))
                .collect()
        }
    };
    match &values[..] {
        [] => Found::Nothing,
        [(measured, _)] if measured.len() > LONGEST => Found::TooLong,
        [(_, value)] if value.trim().is_empty() => Found::Nothing,
        [(_, value)] => Found::Once(value.clone()),
        _ => Found::Twice,
    }
}

fn as_it_is(value: &str) -> (String, String) {
    (value.to_owned(), value.to_owned())
}

fn from_a_query(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            bytes.push(u8::from_str_radix(&rest[1..3], 16).unwrap());
            rest = &rest[3..];
        } else {
            bytes.push(u8::try_from(first).unwrap());
            rest = &rest[1..];
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Whether a request comes from pages that may act with a cookie ([1.5]).
fn may_use_cookies(trusted: &[&str], shown: &Shown) -> bool {
    let is_safe = matches!(shown.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let has_upgrade = shown
        .headers
        .iter()
        .any(|header| matches!(header, Header::Upgrade));
    if is_safe && !has_upgrade {
        return true;
    }
    let (mut origins, mut sites, mut hosts) = (vec![], vec![], vec![]);
    for header in &shown.headers {
        match header {
            Header::Origin(origin) => origins.push(*origin),
            Header::Site(site) => sites.push(*site),
            Header::Host(host) => hosts.push(*host),
            _ => {}
        }
    }
    if origins.len() > 1 || sites.len() > 1 {
        return false;
    }
    let origin = origins.first().map(|origin| without_default_port(origin));
    if let Some(origin) = &origin
        && trusted
            .iter()
            .any(|trusted| without_default_port(trusted) == *origin)
    {
        return true;
    }
    if let Some(site) = sites.first() {
        return matches!(*site, "same-origin" | "none");
    }
    let Some(origin) = origin else { return false };
    let is_own = |scheme: &str| {
        let own = |host: &&str| without_default_port(&format!("{scheme}://{host}")) == origin;
        !hosts.is_empty() && hosts.iter().all(own)
    };
    let is_loopback = ["http://localhost", "http://[::1]"]
        .iter()
        .any(|loopback| origin == *loopback || origin.starts_with(&format!("{loopback}:")));
    is_own("https") || (is_loopback && is_own("http"))
}

/// An origin in lower case, its port left out where it is the scheme's.
fn without_default_port(origin: &str) -> String {
    let origin = origin.to_lowercase();
    let default = if origin.starts_with("https:") {
        ":443"
    } else {
        ":80"
    };
    origin.strip_suffix(default).unwrap_or(&origin).to_owned()
}

fn is_preflight(shown: &Shown) -> bool {
    let has = |wanted: fn(&Header) -> bool| shown.headers.iter().any(wanted);
    shown.method == Method::OPTIONS
        && has(|header| matches!(header, Header::Origin(_)))
        && has(|header| matches!(header, Header::AskedMethod))
}
