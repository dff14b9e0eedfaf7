//! A response body passes through as it is; a refusal's is whole and knows its length.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt, service_fn};
use tower_auth::ResponseBody;

use crate::services::{KEY, layer};

/// A body of one's own: its frames, its hint, its error.
#[derive(Default)]
struct Scripted {
    frames: VecDeque<Result<Frame<Bytes>, &'static str>>,
    hint: SizeHint,
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.frames.pop_front())
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

async fn answered<B: Send + 'static>(body: B) -> ResponseBody<B> {
    let mut body = Some(body);
    let inner = tower::util::BoxCloneService::new(service_fn({
        let body = std::sync::Arc::new(std::sync::Mutex::new(body.take()));
        move |_: Request<()>| {
            let body = body.lock().unwrap().take().unwrap();
            async move { Ok::<_, Infallible>(Response::new(body)) }
        }
    }));
    let request = Request::get("/run").header("x-api-key", KEY).body(());
    let response = layer().layer(inner).oneshot(request.unwrap()).await;
    response.unwrap().into_body()
}

async fn refused() -> ResponseBody<Scripted> {
    let inner =
        service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Scripted::default())));
    let request = Request::get("/run").body(()).unwrap();
    layer()
        .layer(inner)
        .oneshot(request)
        .await
        .unwrap()
        .into_body()
}

#[tokio::test]
async fn data_trailers_and_errors_come_through_in_order() {
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    let mut body = answered(Scripted {
        frames: VecDeque::from([
            Ok(Frame::data(Bytes::from_static(b"one"))),
            Ok(Frame::trailers(trailers.clone())),
            Err("broken off"),
        ]),
        hint: SizeHint::default(),
    })
    .await;
    assert!(!body.is_end_stream());
    let first = body.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "one");
    let second = body.frame().await.unwrap().unwrap();
    assert_eq!(second.into_trailers().unwrap(), trailers);
    let error = body.frame().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "broken off");
    assert!(body.is_end_stream());
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn the_size_hint_is_the_inner_bodys() {
    let mut hint = SizeHint::new();
    hint.set_lower(3);
    hint.set_upper(9);
    let body = answered(Scripted {
        frames: VecDeque::new(),
        hint,
    })
    .await;
    let hint = body.size_hint();
    assert_eq!((hint.lower(), hint.upper()), (3, Some(9)));
}

#[tokio::test]
async fn a_refusal_is_one_frame_of_the_length_it_announces() {
    let mut body = refused().await;
    let announced = body.size_hint().exact().unwrap();
    assert!(!body.is_end_stream());
    let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(u64::try_from(frame.len()).unwrap(), announced);
    assert!(body.is_end_stream());
    assert_eq!(body.size_hint().exact(), Some(0));
    assert!(body.frame().await.is_none());
}

#[tokio::test]
async fn a_body_whose_data_is_ones_own_type_works() {
    struct Own(Bytes);

    impl From<Bytes> for Own {
        fn from(bytes: Bytes) -> Self {
            Self(bytes)
        }
    }

    impl bytes::Buf for Own {
        fn remaining(&self) -> usize {
            self.0.remaining()
        }

        fn chunk(&self) -> &[u8] {
            self.0.chunk()
        }

        fn advance(&mut self, bytes: usize) {
            self.0.advance(bytes);
        }
    }

    let inner = service_fn(async |_: Request<()>| {
        Ok::<_, Infallible>(Response::new(http_body_util::Empty::<Own>::new()))
    });
    let request = Request::get("/run").body(()).unwrap();
    let response = layer().layer(inner).oneshot(request).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{"));
}

#[test]
fn a_body_that_has_a_default_has_one_here_too() {
    assert!(ResponseBody::<Scripted>::default().is_end_stream());
}
