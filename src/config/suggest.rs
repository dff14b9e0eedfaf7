//! The "did you mean" of faults.

/// The closest name to a misspelled one.
pub(super) fn closest<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    nearest(written, names, |written, name| {
        // `public_key` for `public_key_file`, `users` for `user_ids`.
        [written, written.strip_suffix('s').unwrap_or(written)]
            .iter()
            .any(|stem| stem.len() >= SHORTEST_STEM && name.contains(stem))
    })
}

/// Whether a valid name looks like a misspelling of this one.
pub(super) fn is_slip(written: &str, name: &str) -> bool {
    nearest(written, [name], |_, _| false).is_some()
}

fn nearest<'a>(
    written: &str,
    names: impl IntoIterator<Item = &'a str>,
    is_part: impl Fn(&str, &str) -> bool,
) -> Option<&'a str> {
    if written.len() > LONGEST {
        return None;
    }
    let written = plain(written);
    let distance = |name: &str| {
        let plain = plain(name);
        match strsim::osa_distance(&written, &plain) {
            distance if distance <= allowed(name) => Some(distance),
            _ if is_part(&written, &plain) => Some(LONGEST),
            _ => None,
        }
    };
    names
        .into_iter()
        .filter_map(|name| Some((distance(name)?, name)))
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

/// Ignores upper case and separators, which do not count as misspellings.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['-', ' '], "_")
}

/// The number of slips that are allowed: one in a short name, one in three letters of a longer one.
fn allowed(name: &str) -> usize {
    (name.len() / 3).clamp(1, 3)
}

const LONGEST: usize = 64;
const SHORTEST_STEM: usize = 3;
