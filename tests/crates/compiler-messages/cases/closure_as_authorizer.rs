//~ is not an authorizer
//~ a closure becomes an authorizer through `authorizer_fn` or `async_authorizer_fn`
use tower_auth::{AuthContext, authorize::AuthorizeLayer};

fn main() {
    let _ = AuthorizeLayer::new(|_: &AuthContext, _: &str, _: &str| Ok(()), "graph", "read");
}
