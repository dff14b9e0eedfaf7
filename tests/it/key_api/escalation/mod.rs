//! Nobody gives more than they have [12.2], by whatever request.

mod by_key;
mod by_token;

use serde_json::Value;

use super::kit::{self, Admin, Server};
use crate::common::answer::Answer;

#[track_caller]
pub(super) fn forbidden(answer: &Answer) {
    answer.refused_with(403, "forbidden");
}

/// Each request by which one key might become a better one.
pub(super) async fn changed_in_every_way(admin: &Admin, key: &Value, update: Value) -> [Answer; 4] {
    let at = kit::at(key);
    [
        admin.patch(&at, update).await,
        admin
            .post(
                &format!("{at}/rotate"),
                serde_json::json!({"overlap": "1h"}),
            )
            .await,
        admin
            .post(&format!("{at}/unrevoke"), serde_json::json!({}))
            .await,
        admin.delete(&at).await,
    ]
}
