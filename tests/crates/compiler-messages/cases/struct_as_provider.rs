//~ `Sessions` is not a provider
//~ implement `AuthProvider` (answers at once) or `AsyncAuthProvider` (an `async fn`) for it
use tower_auth::AuthLayer;

struct Sessions;

fn main() {
    let _ = AuthLayer::new(Sessions);
}
