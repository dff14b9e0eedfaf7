//~ is neither a scope nor several of them
//~ give a text, or an array, a `Vec` or an iterator of texts
use tower_auth::authorize::RequireScopes;

struct Scope;

fn main() {
    let _ = RequireScopes::all(Scope);
}
