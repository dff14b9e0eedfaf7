//! Who is asked, told by the words of the rules alone: slow, plain, and independent of the crate.

use http::Method;

/// A segment of a route or of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// An empty one stands at the end only: a trailing slash.
    Plain(&'static str),
    Param,
    Rest,
}

pub type Pattern = Vec<Segment>;

/// A rule as a layer is told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub pattern: Pattern,
    pub method: Option<Method>,
    pub kind: Kind,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Public,
    Optional,
    Required,
    /// The path's own provider.
    Own,
}

/// The rules that a layer would take, with nothing said twice.
pub fn allowed(rules: Vec<Rule>) -> Vec<Rule> {
    rules
        .into_iter()
        .fold(Vec::new(), |mut taken: Vec<Rule>, rule| {
            let others: Vec<Pattern> = taken
                .iter()
                .map(|taken| taken.pattern.clone())
                .filter(|pattern| *pattern != rule.pattern)
                .collect();
            let twice = taken
                .iter()
                .any(|taken| taken.pattern == rule.pattern && taken.method == rule.method);
            if !twice && fits_beside(&rule.pattern, &others) {
                taken.push(rule);
            }
            taken
        })
}

pub fn text(pattern: &[Segment]) -> String {
    let name = |(index, segment): (usize, &Segment)| match segment {
        Segment::Plain(text) => format!("/{text}"),
        Segment::Param => format!("/{{p{index}}}"),
        Segment::Rest => "/{*rest}".to_owned(),
    };
    pattern.iter().enumerate().map(name).collect()
}

/// Whether patterns may stand in one table: none twice, and no parameter beside a catch-all.
pub fn fits_beside(pattern: &[Segment], others: &[Pattern]) -> bool {
    others.iter().all(|other| {
        let differ = pattern.iter().zip(other).find(|(one, two)| one != two);
        let clash = matches!(
            differ,
            Some((Segment::Param, Segment::Rest) | (Segment::Rest, Segment::Param))
        );
        pattern != other.as_slice() && !clash
    })
}

/// Whether a path is one that a pattern stands for, byte for byte.
pub fn stands_for(pattern: &[Segment], path: &str) -> bool {
    let shown: Vec<&str> = path[1..].split('/').collect();
    for (index, segment) in pattern.iter().enumerate() {
        let fits = match segment {
            Segment::Rest => return shown.len() > index && !shown[index..].join("/").is_empty(),
            Segment::Param => shown.get(index).is_some_and(|text| !text.is_empty()),
            Segment::Plain(plain) => shown.get(index) == Some(plain),
        };
        if !fits {
            return false;
        }
    }
    pattern.len() == shown.len()
}

/// Whether nobody is asked for a path, given the route that was chosen where that is known.
pub fn is_open(rules: &[Rule], method: &Method, path: &str, route: Option<&Pattern>) -> bool {
    who_is_asked(rules, &[], method, path, route) == Kind::Public
}

/// Who is asked for a path, given the route that was chosen where that is known.
///
/// `docs` are the built-in patterns that are open beside `/health`.
pub fn who_is_asked(
    rules: &[Rule],
    docs: &[Pattern],
    method: &Method,
    path: &str,
    route: Option<&Pattern>,
) -> Kind {
    if route.is_some_and(|route| !stands_for(route, path)) {
        return Kind::Required;
    }
    let rules = with_built_in(rules, docs);
    let matching = || rules.iter().filter(|rule| stands_for(&rule.pattern, path));
    let Some(narrowest) = matching().map(|rule| &rule.pattern).min_by_key(width) else {
        return Kind::Required;
    };
    if route.is_some_and(|route| !parameters_agree(narrowest, route)) {
        return Kind::Required;
    }
    let is_plain = |segment: &Segment| matches!(segment, Segment::Plain(_));
    if !narrowest.iter().all(is_plain) && path.split('/').any(is_read_otherwise) {
        return Kind::Required;
    }
    let rule_for = |wanted: Option<&Method>| {
        let mut of_path = rules.iter().filter(|rule| rule.pattern == *narrowest);
        of_path.find(|rule| rule.method.as_ref() == wanted)
    };
    let head_as_get = || (method == Method::HEAD).then(|| rule_for(Some(&Method::GET)));
    rule_for(Some(method))
        .or_else(|| head_as_get().flatten())
        .or_else(|| rule_for(None))
        .map_or(Kind::Required, |rule| rule.kind)
}

/// What is open without a rule gives way to rules for the same path that name no method or the
/// same one, and to patterns that it cannot stand beside.
fn with_built_in(rules: &[Rule], docs: &[Pattern]) -> Vec<Rule> {
    let mut all = rules.to_vec();
    let health = vec![Segment::Plain("health")];
    for pattern in [health].iter().chain(docs) {
        let others: Vec<Pattern> = rules.iter().map(|rule| rule.pattern.clone()).collect();
        let same = rules.iter().filter(|rule| rule.pattern == *pattern);
        let is_ruled = same.clone().any(|rule| {
            rule.method
                .as_ref()
                .is_none_or(|method| method == Method::GET)
        });
        let fits = same.clone().next().is_some() || fits_beside(pattern, &others);
        if fits && !is_ruled {
            all.push(Rule {
                pattern: pattern.clone(),
                method: Some(Method::GET),
                kind: Kind::Public,
            });
        }
    }
    all
}

/// Plain text is narrower than a parameter, a parameter than a catch-all; the left decides first.
fn width(pattern: &&Pattern) -> Vec<u8> {
    let width = |segment: &Segment| match segment {
        Segment::Plain(_) => 0,
        Segment::Param => 1,
        Segment::Rest => 2,
    };
    pattern.iter().map(width).collect()
}

fn parameters_agree(rule: &[Segment], route: &[Segment]) -> bool {
    let rest_at = route.iter().position(|segment| *segment == Segment::Rest);
    let agrees = |(index, segment): (usize, &Segment)| {
        *segment != Segment::Param
            || route.get(index) == Some(&Segment::Param)
            || rest_at.is_some_and(|rest| rest <= index)
    };
    rule.iter().enumerate().all(agrees)
}

/// Whether somebody could read a segment as a step, as several segments or as none.
pub fn is_read_otherwise(segment: &str) -> bool {
    let mut text = segment.as_bytes().to_vec();
    loop {
        let decoded = decoded_once(&text);
        if decoded == text {
            break;
        }
        text = decoded;
    }
    if text
        .iter()
        .any(|byte| b"/\\\x7f".contains(byte) || *byte < 0x20)
    {
        return true;
    }
    let end = text.iter().position(|byte| b";?#".contains(byte));
    let name = &text[..end.unwrap_or(text.len())];
    !segment.is_empty() && name.iter().all(|byte| b". ".contains(byte))
}

fn decoded_once(text: &[u8]) -> Vec<u8> {
    let hex = |at: usize| char::from(*text.get(at)?).to_digit(16);
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        match (text[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap());
                at += 3;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}
