//! Generated routes, rules and spellings: the layer's decision against the route that axum chose.

use std::convert::Infallible;

use axum::{Router, body::Body, extract::Request, response::IntoResponse};
use http::{Method, StatusCode, Uri};
use proptest::{prelude::*, sample::select};
use tower::{Layer, Service, ServiceExt};
use tower_auth::{Access, AuthLayer, PathRule};

use crate::access::properties::{
    Ran,
    common::{
        paths_model::{
            Kind, Pattern, Rule, Segment, allowed, fits_beside, is_open, stands_for, text,
        },
        runs::auth,
        spelling::spelling,
    },
    table,
};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_layer_decides_as_the_rules_say_of_the_route_that_axum_chose(case in case("")) {
        let chosen = case.chosen(&table(&case.routes));
        let app = table(&case.routes).layer(case.layer());
        case.check(case.passes(app), chosen.as_ref())?;
    }

    #[test]
    fn a_wrapping_layer_decides_by_the_path_alone(case in case("")) {
        let app = case.layer().layer(table(&case.routes));
        case.check(case.passes(app), None)?;
    }

    #[test]
    fn a_layer_inside_a_nest_decides_by_the_whole_path(case in case("n")) {
        let nest = |inner| Router::new().nest("/n", inner);
        if let Some(chosen) = case.chosen(&nest(table(&case.routes))) {
            let chosen = nested_at(Segment::Plain("n"), chosen);
            let app = nest(table(&case.routes).layer(case.layer()));
            case.check(case.passes(app), Some(&chosen))?;
        }
    }

    #[test]
    fn a_layer_inside_a_nest_under_a_parameter_decides_by_the_whole_path(case in case("n")) {
        let nest = |inner| Router::new().nest("/{tenant}", inner);
        if let Some(chosen) = case.chosen(&nest(table(&case.routes))) {
            let chosen = nested_at(Segment::Param, chosen);
            let app = nest(table(&case.routes).layer(case.layer()));
            case.check(case.passes(app), Some(&chosen))?;
        }
    }

    /// At its root axum names a nested service's route `/n/` for the path `/n`; there the layer may
    /// ask where the rules would not.
    #[test]
    fn a_layer_inside_a_nested_service_never_passes_what_is_protected(case in case("n")) {
        let nest = |inner: Router| Router::new().nest_service("/n", inner);
        let chosen = case.chosen(&nest(table(&case.routes)));
        let chosen = chosen.map(|chosen| nested_at(Segment::Plain("n"), chosen));
        let app = nest(table(&case.routes).layer(case.layer()));
        let ran = case.chosen(&app).is_some();
        prop_assert!(!ran || case.is_open(chosen.as_ref()), "{:?}", chosen);
    }

    /// A rewrite without nesting: the path that the client sent has to be the one of the route.
    #[test]
    fn a_rewriting_service_never_reaches_what_is_protected(
        case in case(""), rewritten in spelling(),
    ) {
        let Some(rewritten) = rewritten.of(&case.routes) else { return Ok(()) };
        let rewrite = |app: Router| {
            let to = rewritten.clone();
            let service = app.map_request(move |mut request: Request| {
                *request.uri_mut() = to.clone();
                request
            });
            Router::new().fallback_service(service)
        };
        let chosen = case.chosen(&rewrite(table(&case.routes)));
        let ends_in_it = case.target.path().ends_with(rewritten.path());
        let open = ends_in_it && case.is_open(chosen.as_ref());
        let around_routes = rewrite(table(&case.routes).layer(case.layer()));
        let ran = case.chosen(&around_routes).is_some();
        prop_assert!(!ran || open, "{} {:?}", rewritten, chosen);
    }

    #[test]
    fn a_public_plain_path_with_its_route_always_passes(
        case in case(""), path in prop::collection::vec(select(PLAIN), 1..4),
    ) {
        let own: Pattern = path.into_iter().map(Segment::Plain).collect();
        let mut routes = case.routes.clone();
        routes.retain(|route| *route != own);
        routes.push(own.clone());
        let mut case = case;
        case.rules.retain(|rule| rule.pattern != own);
        case.rules.push(Rule { pattern: own.clone(), method: None, kind: Kind::Public });
        case.target = text(&own).parse().unwrap();
        prop_assert!(case.passes(table(&routes).layer(case.layer())));
        prop_assert!(case.passes(table(&routes).route_layer(case.layer())));
        prop_assert!(case.passes(case.layer().layer(table(&routes))));
    }
}

/// A request, the rules it meets, and the routes behind them.
#[derive(Clone, Debug)]
struct Case {
    routes: Vec<Pattern>,
    rules: Vec<Rule>,
    method: Method,
    target: Uri,
}

impl Case {
    fn layer(&self) -> AuthLayer {
        self.rules.iter().fold(auth(), |layer, rule| {
            let path = text(&rule.pattern);
            let access = match rule.kind {
                Kind::Public => Access::Public,
                _ => Access::Required,
            };
            match &rule.method {
                Some(method) => layer.access((method.clone(), path.as_str()), access),
                None => layer.access(PathRule::from(path), access),
            }
        })
    }

    fn is_open(&self, route: Option<&Pattern>) -> bool {
        is_open(&self.rules, &self.method, self.target.path(), route)
    }

    /// What is protected never passes; what is public always does, but for a path with empty or
    /// dotted segments inside: the layer may ask there, because not everybody reads one alike.
    fn check(&self, passes: bool, route: Option<&Pattern>) -> Result<(), TestCaseError> {
        let open = self.is_open(route);
        let odd = |segment: &str| segment.bytes().all(|byte| byte == b'.');
        let path = self.target.path();
        let inside = path[1..].trim_end_matches('/').replace("%2e", ".");
        let ambiguous = path.ends_with("//") || inside.split('/').any(odd);
        prop_assert!(open || !passes, "protected, and passes: {:?}", route);
        prop_assert!(
            !open || passes || ambiguous,
            "public, and is refused: {:?}",
            route
        );
        Ok(())
    }

    /// The route that ran: under no layer, the one that axum chooses.
    fn chosen(&self, app: &Router) -> Option<Pattern> {
        let answer = self.ask(app.clone());
        answer.extensions().get::<Ran>()?.route.clone()
    }

    fn passes<S>(&self, app: S) -> bool
    where
        S: Service<Request, Error = Infallible>,
        S::Response: IntoResponse,
    {
        self.ask(app).status() != StatusCode::UNAUTHORIZED
    }

    fn ask<S>(&self, app: S) -> axum::response::Response
    where
        S: Service<Request, Error = Infallible>,
        S::Response: IntoResponse,
    {
        let request = Request::builder()
            .method(self.method.clone())
            .uri(self.target.clone())
            .body(Body::empty())
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime
            .block_on(app.oneshot(request))
            .unwrap()
            .into_response()
    }
}

fn nested_at(prefix: Segment, route: Pattern) -> Pattern {
    let root = [Segment::Plain("")];
    let below = if route == root { Vec::new() } else { route };
    [vec![prefix], below].concat()
}

/// A case whose rules and target stand below a prefix, if there is one.
fn case(prefix: &'static str) -> impl Strategy<Value = Case> {
    let routes = prop::collection::vec(pattern(), 1..8);
    let method = || {
        select(vec![
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::OPTIONS,
        ])
    };
    let rule = (
        pattern(),
        prop::option::of(method()),
        prop::bool::weighted(0.8),
        any_under(prefix),
    );
    let rules = prop::collection::vec(rule, 0..8);
    (routes, rules, method(), spelling()).prop_filter_map(
        "the spelling is no path on the wire",
        move |(routes, rules, method, spelling)| {
            let routes = beside_each_other(routes);
            let rules = rules
                .into_iter()
                .map(|(pattern, method, open, under)| Rule {
                    pattern: under.map_or(pattern.clone(), |under| nested_at(under, pattern)),
                    method,
                    kind: if open { Kind::Public } else { Kind::Required },
                });
            let rules = allowed(rules.collect());
            let patterns = rules.iter().map(|rule| rule.pattern.clone());
            let below = routes.iter().map(|route| match prefix {
                "" => route.clone(),
                prefix => nested_at(Segment::Plain(prefix), route.clone()),
            });
            let target = spelling.of(&below.chain(patterns).collect::<Vec<_>>())?;
            Some(Case {
                routes,
                rules,
                method,
                target,
            })
        },
    )
}

/// What a rule's pattern is put under.
fn any_under(prefix: &'static str) -> impl Strategy<Value = Option<Segment>> {
    let below = [Segment::Plain(prefix), Segment::Param].map(Some);
    select(if prefix.is_empty() {
        vec![None]
    } else {
        below.to_vec()
    })
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let segment = prop_oneof![
        4 => select(PLAIN).prop_map(Segment::Plain),
        2 => Just(Segment::Param),
    ];
    let last = select(vec![
        None,
        None,
        None,
        Some(Segment::Rest),
        Some(Segment::Plain("")),
    ]);
    (prop::collection::vec(segment, 0..4), last).prop_map(|(mut pattern, last)| {
        pattern.extend(last);
        if pattern.is_empty() {
            pattern.push(Segment::Plain(""));
        }
        pattern
    })
}

fn beside_each_other(patterns: Vec<Pattern>) -> Vec<Pattern> {
    patterns.into_iter().fold(Vec::new(), |mut table, pattern| {
        if fits_beside(&pattern, &table) {
            table.push(pattern);
        }
        table
    })
}

const PLAIN: &[&str] = &["a", "b", "run", "health", "v1"];

/// The model is no echo: it must tell a path from its neighbours.
#[test]
fn the_model_knows_a_path_from_its_other_spellings() {
    let health = [Segment::Plain("health")];
    assert!(stands_for(&health, "/health"));
    for other in [
        "/health/",
        "//health",
        "/HEALTH",
        "/%68ealth",
        "/",
        "/health/x",
    ] {
        assert!(!stands_for(&health, other), "{other}");
    }
}
