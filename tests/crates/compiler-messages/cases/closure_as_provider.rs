//~ is not a provider
//~ a closure becomes a provider through `provider_fn`, `async_provider_fn` or `token_provider`
use tower_auth::{AuthLayer, AuthRequest};

fn main() {
    let _ = AuthLayer::new(|_: &AuthRequest<'_>| Ok(None));
}
