//! One node of a document changed, or its text cut.

use serde_json::{Value, json};

use super::{
    callers::SECRETS,
    random::Random,
    tree::{End, Node, Path, text},
};

/// A node that is not what it was.
#[derive(Clone, Debug)]
pub struct Touched {
    pub path: String,
    /// Whether nothing of it is left.
    pub gone: bool,
    /// What stands there instead, where that is known.
    pub now: Option<Node>,
}

/// The document with one node removed or changed; nothing where it comes out as it was.
pub fn changed(random: &mut Random, document: &Node) -> Option<(Node, Vec<Touched>)> {
    let paths = document.paths();
    let path = random.pick(&paths);
    let mut other = document.clone();
    let old = document.get(path)?.clone();
    let gone = random.chance(30);
    if gone {
        other.remove(path);
    } else {
        *other.at(path) = substitute(random, document, &old);
    }
    if other == *document {
        return None;
    }
    let touched = match gone {
        true => vec![Touched {
            path: text(path),
            gone,
            now: None,
        }],
        false => replaced(path, &old, other.get(path)?),
    };
    Some((other, touched))
}

/// The document with nothing, or a blank text, in the place of each node of ours in turn.
pub fn blanked(document: &Node) -> Vec<(Node, Vec<Touched>)> {
    let mut all = Vec::new();
    let is_ours = |path: &&Path| !text(path).starts_with("other");
    for path in document.paths().iter().filter(is_ours) {
        for blank in [json!(null), json!("")] {
            let mut other = document.clone();
            let (old, blank) = (document.get(path).unwrap().clone(), Node::of(blank));
            *other.at(path) = blank.clone();
            all.push((other, replaced(path, &old, &blank)));
        }
    }
    all
}

/// The node itself, and what was in it or is in it now.
fn replaced(path: &Path, old: &Node, new: &Node) -> Vec<Touched> {
    let mut inside = [old.paths(), new.paths()].concat();
    inside.push(Vec::new());
    inside.sort_by_key(|inner| text(inner));
    inside.dedup();
    let node = |inner: Path| Touched {
        path: text(&[&path[..], &inner].concat()),
        gone: new.get(&inner).is_none(),
        now: new.get(&inner).cloned(),
    };
    inside.into_iter().map(node).collect()
}

fn substitute(random: &mut Random, document: &Node, old: &Node) -> Node {
    let fixed = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(300),
        json!(1e300),
        json!(""),
        json!(" "),
        json!("x"),
        json!("*"),
        json!("none"),
        json!("jwt"),
        json!("api_key"),
        json!("composite"),
        json!("everyone"),
        json!("sessions"),
        json!("another"),
        json!("scp"),
        json!("ES256"),
        json!("k3"),
        json!("sk-stranger-0123456789"),
        json!(SECRETS[1]),
        json!("2098-01-01T00:00:00Z"),
        json!("/"),
        json!("/any"),
        json!("/{*rest}"),
        json!("/{x}"),
        json!("${UNSET}"),
        json!("${UNSET:-}"),
        json!("${UNSET:-[]}"),
        json!("${EMPTY}"),
        json!([]),
        json!([null]),
        json!([""]),
        json!(["*"]),
        json!([42]),
        json!([1, 2, 3, 4, 7]),
        json!({}),
        json!({"enabled": true}),
        json!({"user_ids": [7]}),
        json!({"$serde_json::private::RawValue": "[]"}),
    ];
    match (random.below(10), old) {
        // What stands elsewhere in the document.
        (0..2, _) => {
            let paths = document.paths();
            let from = random.pick(&paths);
            document.get(from).unwrap().clone()
        }
        (2, Node::List(items)) if !items.is_empty() => random.pick(items).clone(),
        (2, other) => Node::List(vec![other.clone()]),
        (3, Node::List(items)) => {
            let mut items = items.clone();
            random.shuffle(&mut items);
            Node::List(items)
        }
        (3, Node::Leaf(Value::String(text))) => {
            let cut = text.len().saturating_sub(1 + random.below(4));
            Node::Leaf(text.get(..cut).unwrap_or_default().into())
        }
        (3, Node::Leaf(Value::Bool(flag))) => Node::Leaf((!flag).into()),
        _ => Node::of(random.pick(&fixed).clone()),
    }
}

/// The document as YAML, cut somewhere.
pub fn cut(random: &mut Random, document: &Node) -> (String, Vec<Touched>) {
    let (text_of_it, ends) = document.yaml();
    let mut cut = random.below(text_of_it.len());
    // Half of the cuts leave whole values.
    if random.chance(50) {
        cut = random.pick(&ends).end;
    }
    // Inside of a letter it is no text, and nothing is built.
    while !text_of_it.is_char_boundary(cut) {
        cut -= 1;
    }
    // A list or block that is cut is what is left in it.
    let is_part =
        |end: &&End| end.start < cut && !matches!(document.get(&end.path), Some(Node::Leaf(_)));
    let touched = ends.iter().filter(|end| end.end > cut && !is_part(end));
    let touched = touched.map(|end| Touched {
        path: text(&end.path),
        gone: end.start >= cut,
        now: None,
    });
    (text_of_it[..cut].to_owned(), touched.collect())
}
