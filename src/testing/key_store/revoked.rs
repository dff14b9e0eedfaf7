//! Changes by a caller whom a revocation of the store has ended.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::kit::{
    Stores, ada, both, create, delete, id, is_revoked, record, revoke, rotate, update,
};
use crate::{
    context::AuthContext,
    keys::{
        Change, KeyStore, KeyStoreError, KeyWrite, Revision, RevocableCaller, Revocation,
        RevokedTokens, Written,
    },
    testing::claims::claims,
};

claims!(KeyStore:
    a_revoked_token_changes_nothing,
    a_token_of_a_revoked_principal_changes_nothing,
    a_token_of_a_principal_revoked_in_its_tenant_changes_nothing,
    a_revocation_of_somebody_else_hinders_nobody,
    a_token_that_was_issued_later_changes_keys,
    of_a_change_and_a_revocation_at_once_the_change_is_first_or_refused,
);

/// A token of ada.
fn caller() -> AuthContext {
    AuthContext::new("ada")
        .with_method("jwt")
        .with_issuer("https://issuer.example")
        .with_token_id("t-1")
        .with_issued_at(SystemTime::now() - Duration::from_secs(60))
        .with_claim("tenant", "acme")
}

/// The change as one of that caller.
fn by(caller: &AuthContext, write: KeyWrite) -> KeyWrite {
    let caller = RevocableCaller::of(caller, 0, Duration::ZERO);
    write.of_caller(caller.expect("its tenant is a text"))
}

fn of_token(jti: &str) -> Revocation {
    Revocation::token("https://issuer.example", jti)
}

fn of_principal(caller: &AuthContext) -> Revocation {
    Revocation::principal(caller.principal())
}

fn end(revocation: Revocation) -> KeyWrite {
    let tokens = RevokedTokens {
        revocation,
        max_lifetime: Duration::from_secs(3_600),
        max_kept: 1_000,
    };
    KeyWrite::new(ada(), Change::RevokeTokens(Box::new(tokens)))
}

impl Stores {
    /// Whether the store keeps revocations: one that keeps none has nothing to refuse.
    async fn keep_revocations(&self) -> bool {
        let page = self.one.revocations(Revision::ZERO, 1).await;
        !matches!(page, Err(KeyStoreError::Unsupported))
    }

    async fn refuse_all_after(&self, revocation: Revocation) {
        if !self.keep_revocations().await {
            return;
        }
        let key = self.make(1).await;
        self.write(end(revocation)).await;
        let change = update(key.revision(), key.record().clone(), None);
        for write in [
            create(record(2), 2),
            change,
            rotate(&key, 2),
            revoke(1, "lost"),
            delete(1, key.revision()),
        ] {
            self.refuses(by(&caller(), write), is_revoked).await;
        }
    }

    async fn take_one_after(&self, revocation: Revocation) {
        if self.keep_revocations().await {
            self.write(end(revocation)).await;
            self.write(by(&caller(), create(record(1), 1))).await;
            self.equal(self.read(1).await.record().id(), &id(1));
        }
    }
}

async fn a_revoked_token_changes_nothing(stores: Stores) {
    stores.refuse_all_after(of_token("t-1")).await;
}

async fn a_token_of_a_revoked_principal_changes_nothing(stores: Stores) {
    stores.refuse_all_after(of_principal(&caller())).await;
}

async fn a_token_of_a_principal_revoked_in_its_tenant_changes_nothing(stores: Stores) {
    let in_tenant = of_principal(&caller()).in_tenant(Some("acme"));
    stores.refuse_all_after(in_tenant).await;
}

async fn a_revocation_of_somebody_else_hinders_nobody(stores: Stores) {
    for other in [
        of_token("t-2"),
        of_principal(&AuthContext::new("bob").with_method("jwt")),
        of_principal(&caller()).in_tenant(Some("other")),
    ] {
        if stores.keep_revocations().await {
            stores.write(end(other)).await;
        }
    }
    stores.take_one_after(of_token("t-3")).await;
}

async fn a_token_that_was_issued_later_changes_keys(stores: Stores) {
    let before = SystemTime::now() - Duration::from_secs(120);
    let long_ago = of_principal(&caller()).before(before);
    stores.take_one_after(long_ago).await;
}

async fn of_a_change_and_a_revocation_at_once_the_change_is_first_or_refused(stores: Stores) {
    if !stores.keep_revocations().await {
        return;
    }
    for number in 1..=20 {
        let jti = number.to_string();
        let token = caller().with_token_id(&*jti);
        let (one, other) = (Arc::clone(&stores.one), Arc::clone(&stores.other));
        let change = by(&token, create(record(number), number));
        let [change, revocation] = both(async move { one.write(change).await }, async move {
            other.write(end(of_token(&jti))).await
        })
        .await;
        let revocation = stores.applied(revocation);
        match change {
            Err(KeyStoreError::Revoked) => {}
            Ok(written) => match written.value {
                Written::Applied(change) => {
                    stores.holds(change.latest < revocation.latest, &change);
                }
                Written::Repeated(key) => stores.holds(false, key),
            },
            Err(other) => stores.holds(false, other),
        }
    }
}
