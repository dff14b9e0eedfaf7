//! "Did you mean".

/// The name that a misspelled one was probably meant to be.
pub(super) fn closest<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let written = plain(written);
    names
        .into_iter()
        .map(|name| (strsim::osa_distance(&written, &plain(name)), name))
        .filter(|(distance, name)| *distance <= allowed(name))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `did you mean "jwt"? `, or nothing.
pub(super) fn hint<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    closest(written, names).map_or(String::new(), |name| format!("did you mean {name:?}? "))
}

/// The names with commas.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// Upper case and other separators are no misspelling worth counting.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}

/// One slip in a short name, one in three letters of a longer one.
fn allowed(name: &str) -> usize {
    (name.len() / 3).clamp(1, 3)
}

const LONGEST: usize = 64;
