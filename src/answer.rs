//! An answer, given at once or later, and the one way to ask for it.

use std::{
    fmt,
    future::{self, Future, IntoFuture},
    pin::Pin,
    task::{Context, Poll, ready},
};

use crate::caught::{Caught, caught};

/// An owned future.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The answer of a provider or an authorizer: ready at once, or pending.
///
/// Awaiting it gives the answer either way. [`Authentication`](crate::provider::Authentication) and
/// [`Authorization`](crate::authorize::Authorization) are its two forms.
///
/// # Example
///
/// ```
/// use tower_auth::answer::Answer;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let at_once: Answer<u8> = 7.into();
/// assert_eq!(at_once.await, 7);
/// assert_eq!(Answer::pending(async { 8 }).await, 8);
/// # });
/// ```
#[must_use = "an answer that nobody reads lets nobody in"]
pub enum Answer<T> {
    /// Answered at once: no boxed future.
    Ready(T),
    /// Has to wait; the future owns what it needs.
    Pending(BoxFuture<T>),
}

impl<T> Answer<T> {
    /// An answer that has to wait.
    pub fn pending(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Pending(Box::pin(future))
    }
}

impl<T> From<T> for Answer<T> {
    fn from(answer: T) -> Self {
        Self::Ready(answer)
    }
}

impl<T> IntoFuture for Answer<T> {
    type Output = T;
    type IntoFuture = AnswerFuture<T>;

    fn into_future(self) -> AnswerFuture<T> {
        AnswerFuture(match self {
            Self::Ready(answer) => State::Ready(future::ready(answer)),
            Self::Pending(future) => State::Pending(future),
        })
    }
}

impl<T: fmt::Debug> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(answer) => f.debug_tuple("Ready").field(answer).finish(),
            Self::Pending(_) => f.write_str("Pending(…)"),
        }
    }
}

/// The future of an [`Answer`]. Polled after its end, it panics.
///
/// # Example
///
/// ```
/// use tower_auth::answer::{Answer, AnswerFuture, BoxFuture};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let soon: BoxFuture<u8> = Box::pin(async { 7 });
/// let future: AnswerFuture<u8> = IntoFuture::into_future(Answer::Pending(soon));
/// assert_eq!(future.await, 7);
/// # });
/// ```
pub struct AnswerFuture<T>(State<T>);

enum State<T> {
    Ready(future::Ready<T>),
    Pending(BoxFuture<T>),
}

impl<T> Future for AnswerFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            State::Ready(answer) => Pin::new(answer).poll(cx),
            State::Pending(future) => future.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for AnswerFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnswerFuture(…)")
    }
}

/// An answer of a named provider or authorizer.
pub(crate) trait Named: Sized {
    /// The answer of a provider or authorizer that panicked. It accepts nothing.
    fn panicked() -> Self;

    /// The answer with the name of its provider or authorizer.
    fn named(self, name: &'static str) -> Self;
}

/// An answer, or the wait for it.
pub(crate) enum Asked<T> {
    Answered(T),
    Waiting(Check<T>),
}

/// A pending answer; a panic of it is an answer too.
pub(crate) struct Check<T> {
    future: Caught<T>,
    name: &'static str,
}

/// Asks: whatever happens in there, this returns, and only an answer accepts.
///
/// `name` is called first, so that the log names the one that panics. Nothing of ours is left
/// half-changed by a panic: who is asked gets shared references, and guards what it keeps inside.
pub(crate) fn ask<T: Named>(
    name: impl FnOnce() -> &'static str,
    question: impl FnOnce() -> Answer<T>,
) -> Asked<T> {
    let mut asked = "";
    let answer = caught(|| {
        asked = name();
        question()
    });
    match answer {
        Some(Answer::Ready(answer)) => Asked::Answered(answer.named(asked)),
        Some(Answer::Pending(future)) => Asked::Waiting(Check {
            future: Caught::new(future),
            name: asked,
        }),
        None => Asked::Answered(T::panicked().named(asked)),
    }
}

impl<T: Named + Send + 'static> Asked<T> {
    /// The answer as one that is waited for.
    pub(crate) fn into_check(self) -> Check<T> {
        match self {
            Self::Answered(answer) => Check {
                future: Caught::new(Box::pin(std::future::ready(answer))),
                name: "",
            },
            Self::Waiting(check) => check,
        }
    }
}

impl<T: Named> Asked<T> {
    /// The answer, waited for where it is pending.
    pub(crate) async fn answer(self) -> T {
        match self {
            Self::Answered(answer) => answer,
            Self::Waiting(check) => check.await,
        }
    }
}

impl<T: Named> Future for Check<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let answer = ready!(Pin::new(&mut self.future).poll(cx));
        Poll::Ready(answer.unwrap_or_else(T::panicked).named(self.name))
    }
}
