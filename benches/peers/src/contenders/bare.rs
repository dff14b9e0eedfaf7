//! The inner service with nothing around it: what every net figure is taken over.

use http::StatusCode;
use tower_auth::jose::Algorithm;

use super::{Contender, Shown, Task, any_key};
use crate::{
    call::{Head, Inner},
    credentials::{Credentials, api_key},
};

pub(super) fn contenders(credentials: &Credentials, many: usize) -> Vec<Contender> {
    // A header more is copied where a credential is shown, so each has a baseline of its own.
    let token = &credentials.token(Algorithm::RS256).token;
    let heads = [
        (Shown::Nothing, Head::bare()),
        (Shown::Key, Head::with_key(&api_key(0))),
        (Shown::Token, Head::with_bearer(token)),
    ];
    let bare = |(shown, head): (_, Head)| {
        let (task, request) = (Task::Bare(shown), move || head.request());
        Contender::answering(task, "bare", Inner, request, StatusCode::OK)
    };
    let mut all: Vec<_> = heads.map(bare).into();
    let (task, request) = (Task::Bare(Shown::AnyKey), any_key(many));
    let any = Contender::answering(task, "bare", Inner, request, StatusCode::OK);
    all.push(any);
    all
}
