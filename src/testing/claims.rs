//! Claims about stores: each is run on a store of its own, and named where it does not hold.

use std::{error::Error, fmt::Debug, future::Future, sync::Arc};

/// Runs claims about a kind of store one after the other: `claims!(KeyStore: first, second)`.
macro_rules! claims {
    ($store:ident: $($claim:ident),+ $(,)?) => {
        pub(super) async fn claims<F, Fut>(fresh: &F)
        where
            F: Fn() -> Fut,
            Fut: std::future::Future<Output = [std::sync::Arc<dyn $store>; 2]>,
        {
            $($claim(crate::testing::claims::Stores::of(stringify!($claim), fresh).await).await;)+
        }
    };
}
pub(super) use claims;

/// Two handles on one empty store, and the claim it is for.
pub(super) struct Stores<S: ?Sized> {
    claim: &'static str,
    pub(super) one: Arc<S>,
    pub(super) other: Arc<S>,
}

impl<S: ?Sized> Stores<S> {
    pub(super) async fn of<F, Fut>(claim: &'static str, fresh: &F) -> Self
    where
        F: Fn() -> Fut,
        Fut: Future<Output = [Arc<S>; 2]>,
    {
        let [one, other] = fresh().await;
        Self { claim, one, other }
    }

    /// The claim, for a message.
    pub(super) fn claim(&self) -> String {
        format!("claim `{}`", self.claim.replace('_', " "))
    }

    /// What must be there.
    #[track_caller]
    pub(super) fn ok<T, E: Error>(&self, answer: Result<T, E>) -> T {
        let claim = self.claim();
        answer.unwrap_or_else(|error| {
            let cause = error.source().map(ToString::to_string);
            unreachable!("{claim}: {error}: {cause:?}")
        })
    }

    #[track_caller]
    pub(super) fn holds(&self, holds: bool, told: impl Debug) {
        assert!(holds, "{}: {told:?}", self.claim());
    }

    #[track_caller]
    pub(super) fn equal<T: PartialEq + Debug>(&self, found: T, expected: T) {
        assert_eq!(found, expected, "{}", self.claim());
    }
}
