//! Names of methods that a file gives: those of a program are part of its text.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

/// The name, for as long as the process runs.
///
/// Each name is kept once, however often a file is read again, so a process keeps as many as its files
/// have ever named.
pub(super) fn method_name(name: &str) -> &'static str {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let known: &'static str = Box::leak(name.into());
    names.insert(known);
    known
}

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

#[cfg(test)]
mod tests {
    use super::method_name;

    #[test]
    fn a_name_is_kept_once() {
        let (one, again) = (method_name("sessions"), method_name("sessions"));
        assert!(std::ptr::eq(one, again));
        assert_eq!(method_name("others"), "others");
    }
}
