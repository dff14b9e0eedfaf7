//! Tokens that several threads recall at once, kept once more by one of them.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::Remembered;

/// A few tokens for one thread: each in one place only, which its name chooses.
///
/// The caller is counted here by itself, and what is locked is locked by this thread alone, or by the
/// few that share it: they never wait for each other.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Front {
    /// Whether there is any place: a memory whose tokens are never in use twice locks nothing here.
    used: AtomicBool,
    places: Mutex<Box<[Place]>>,
}

#[derive(Default)]
struct Place {
    /// Which token was asked for last.
    asked: Option<u128>,
    held: Option<(u128, Remembered)>,
}

impl Front {
    /// What is held of a token, if it may be used still; else it is forgotten.
    pub(super) fn recall(
        &self,
        name: u128,
        may_be_used: impl Fn(&Remembered) -> bool,
    ) -> Option<Remembered> {
        if !self.used.load(Ordering::Relaxed) {
            return None;
        }
        let mut places = self.places.try_lock().ok()?;
        let Place { asked, held } = places.get_mut(place(name))?;
        let (_, found) = held.as_ref().filter(|(known, _)| *known == name)?;
        if !may_be_used(found) {
            *held = None;
            return None;
        }
        *asked = Some(name);
        Some(found.clone())
    }

    /// Holds a token that is asked for the second time with no other for the same place between:
    /// where many are in use by turns, none is worth a copy. What may not be used any more goes.
    #[inline(never)]
    pub(super) fn offer(
        &self,
        name: u128,
        what: &Remembered,
        may_be_used: impl Fn(&Remembered) -> bool,
    ) {
        let Ok(mut places) = self.places.try_lock() else {
            return;
        };
        if places.is_empty() {
            *places = (0..PLACES).map(|_| Place::default()).collect();
            self.used.store(true, Ordering::Relaxed);
        }
        let Some(mine) = places.get_mut(place(name)) else {
            return;
        };
        if mine.asked.replace(name) == Some(name) {
            mine.held = Some((name, what.copy()));
            for place in &mut *places {
                place.held.take_if(|(_, held)| !may_be_used(held));
            }
        }
    }
}

/// The lowest bits choose: nobody can choose those of a token's name.
fn place(name: u128) -> usize {
    name as usize % PLACES
}

/// Those in use at the very same moment are few; these are so many that hardly two of them meet.
const PLACES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AuthContext;

    fn token(user_id: &str) -> Remembered {
        Remembered {
            context: AuthContext::new(user_id),
            not_before: None,
            issued_at: None,
            expires_at: None,
            generation: 1,
            since: 0,
        }
    }

    fn offer(front: &Front, name: u128, user_id: &str) {
        front.offer(name, &token(user_id), |_| true);
    }

    fn user_id(front: &Front, name: u128) -> Option<String> {
        let found = front.recall(name, |_| true)?;
        Some(found.context.user_id().to_owned())
    }

    #[test]
    fn holds_what_is_asked_for_twice() {
        let front = Front::default();
        assert_eq!(user_id(&front, 1), None);
        offer(&front, 1, "ada");
        assert_eq!(user_id(&front, 1), None);
        offer(&front, 1, "ada");
        assert_eq!(user_id(&front, 1).as_deref(), Some("ada"));
    }

    #[test]
    fn never_gives_one_token_for_another_in_the_same_place() {
        let front = Front::default();
        let (one, other) = (5, 5 + PLACES as u128);
        let upper = 5 + (1_u128 << 64);
        for _ in 0..2 {
            offer(&front, one, "ada");
        }
        assert_eq!(user_id(&front, other), None);
        assert_eq!(user_id(&front, upper), None);
        for _ in 0..2 {
            offer(&front, other, "eve");
        }
        assert_eq!(user_id(&front, one), None);
        assert_eq!(user_id(&front, other).as_deref(), Some("eve"));
    }

    #[test]
    fn tokens_that_come_by_turns_take_no_place() {
        let front = Front::default();
        for _ in 0..10 {
            offer(&front, 7, "ada");
            offer(&front, 7 + PLACES as u128, "eve");
        }
        assert_eq!(user_id(&front, 7), None);
    }

    #[test]
    fn what_is_held_keeps_its_place_from_others_while_it_is_asked_for() {
        let front = Front::default();
        for _ in 0..2 {
            offer(&front, 7, "ada");
        }
        for _ in 0..10 {
            assert_eq!(user_id(&front, 7).as_deref(), Some("ada"));
            offer(&front, 7 + PLACES as u128, "eve");
        }
    }

    #[test]
    fn forgets_what_may_not_be_used_any_more() {
        let front = Front::default();
        for _ in 0..2 {
            offer(&front, 1, "ada");
        }
        assert!(front.recall(1, |found| found.generation == 2).is_none());
        assert_eq!(user_id(&front, 1), None);
    }

    #[test]
    fn what_may_not_be_used_goes_when_another_is_held() {
        let front = Front::default();
        for _ in 0..2 {
            offer(&front, 1, "ada");
        }
        for _ in 0..2 {
            front.offer(2, &token("eve"), |held| held.context.user_id() == "eve");
        }
        assert_eq!(user_id(&front, 1), None);
        assert_eq!(user_id(&front, 2).as_deref(), Some("eve"));
    }

    #[test]
    fn counts_its_caller_by_itself() {
        let (front, token) = (Front::default(), token("ada"));
        for _ in 0..2 {
            front.offer(1, &token, |_| true);
        }
        let found = front.recall(1, |_| true).unwrap();
        assert!(!token.context.is_held_by_more_than(1));
        assert!(found.context.is_held_by_more_than(1));
    }
}
