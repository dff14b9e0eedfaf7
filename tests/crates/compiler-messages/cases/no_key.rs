//~ `{integer}` is neither an API key nor several of them
//~ no API keys
//~ give a text, a `Secret` or an `ApiKeyRecord`, or an array, a `Vec` or an iterator of these
use tower_auth::provider::ApiKeyAuth;

fn main() {
    let _ = ApiKeyAuth::new(7);
}
