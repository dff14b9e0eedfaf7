//! The inner service with nothing around it: what every net figure is taken over.

use http::StatusCode;

use super::{Contender, Shown, Task};
use crate::{
    call::{Head, Inner},
    credentials::{Credentials, api_key},
};
use tower_auth::jose::Algorithm;

pub(super) fn contenders(credentials: &Credentials) -> Vec<Contender> {
    // A header more is copied where a credential is shown, so each has a baseline of its own.
    let token = &credentials.token(Algorithm::RS256).token;
    let heads = [
        (Shown::Nothing, Head::bare()),
        (Shown::Key, Head::with_key(&api_key(0))),
        (Shown::Token, Head::with_bearer(token)),
    ];
    let bare = |(shown, head)| {
        Contender::answering(Task::Bare(shown), "bare", Inner, head, StatusCode::OK)
    };
    heads.map(bare).into()
}
