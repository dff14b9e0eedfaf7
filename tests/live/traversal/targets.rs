//! Paths below an opening that end in `admin`, spelled as nobody honest would.

use crate::common::dice::Dice;

pub fn target(dice: &mut Dice) -> String {
    loop {
        // Some paths have one odd part among honest ones, some have nothing else.
        let oddness = dice.pick(&[5, 20, 60]);
        let (prefix, depth) = dice.pick(PREFIXES);
        let mut target = prefix.to_owned();
        if dice.percent(50) {
            for _ in 0..depth {
                target += &step(dice);
                target += either(dice, oddness, SEPARATORS, "/");
            }
        } else {
            for _ in 0..=dice.below(3) {
                target += &segment(dice, oddness);
                target += either(dice, oddness, SEPARATORS, "/");
            }
        }
        target += either(dice, oddness, ADMINS, "admin");
        // Some of this cannot stand in a request line.
        if target.parse::<http::Uri>().is_ok() {
            return target;
        }
    }
}

fn segment(dice: &mut Dice, oddness: usize) -> String {
    if !dice.percent(oddness) {
        return dice.pick(ORDINARY).to_owned();
    }
    if dice.percent(30) {
        return step(dice);
    }
    let mut segment = String::new();
    for _ in 0..dice.below(4) {
        segment += either(dice, 10, DECORATIONS, "");
        segment += dice.pick(DOTS);
    }
    segment + either(dice, 50, DECORATIONS, "")
}

/// What somebody may read as `..`.
fn step(dice: &mut Dice) -> String {
    let mut step = String::new();
    for _ in 0..2 {
        step += either(dice, 5, DECORATIONS, "");
        step += either(dice, 50, DOTS, ".");
    }
    step + either(dice, 40, DECORATIONS, "")
}

fn either(
    dice: &mut Dice,
    oddness: usize,
    odd: &[&'static str],
    plain: &'static str,
) -> &'static str {
    if dice.percent(oddness) {
        dice.pick(odd)
    } else {
        plain
    }
}

/// What an opening begins with, and how many steps up from there the root is.
const PREFIXES: &[(&str, usize)] = &[
    ("/assets/", 1),
    ("/assets/x/", 2),
    ("//assets/", 1),
    ("/hooks/", 1),
    ("/docs/", 1),
    ("/feed/", 1),
    ("/", 1),
];

const ORDINARY: &[&str] = &[
    "x",
    "a.b",
    ".x",
    "x..",
    "%61",
    "a;b",
    "a%20b",
    "",
    "assets",
    "caf%c3%a9",
];

const DOTS: &[&str] = &[
    ".",
    ".",
    ".",
    "%2e",
    "%2E",
    "%252e",
    "%25%32%65",
    "%c0%ae",
    "%e0%80%ae",
    "%u002e",
    "%uff0e",
    "．",
    "%ef%bc%8e",
];

const DECORATIONS: &[&str] = &[
    ";", ";x=1", "%3b", "%20", "%09", "%0a", "%0d", "%00", "%3f", "%23", ".", "%2500", "%253b",
    "+", "~", ",", "::$DATA",
];

const SEPARATORS: &[&str] = &[
    "//", "/./", "/;/", "/;x/", "%2f", "%2F", "%252f", "%5c", "\\", "%255c", "%c0%af", "／",
    "/%20/", "/%2e/",
];

const ADMINS: &[&str] = &[
    "%61dmin",
    "admin;x",
    "admin%20",
    "admin%00x",
    "admin%3fx",
    "admin%23x",
    "admin/",
    "admin//",
    "%2561dmin",
    "admin?x",
];
