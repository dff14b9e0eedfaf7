//~ is not a provider
//~ several providers are a chain: `CompositeAuth::from_providers(providers)?`
use tower_auth::provider::{ApiKeyAuth, AuthProvider, CompositeAuth};

fn main() {
    let keys = ApiKeyAuth::empty();
    let providers: Vec<Box<dyn AuthProvider>> = vec![Box::new(keys)];
    let _ = CompositeAuth::new(providers);
}
