//! Secrets that stand in files of their own.

use std::{fs, path::PathBuf};

use tower_auth::config::AuthConfig;

use super::files::{JWT_SECRET, bearer, faults, ready, status, token};

/// A folder for one test.
struct Folder(PathBuf);

impl Folder {
    fn of(test: &str) -> Self {
        let name = format!("tower-auth-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn put(&self, name: &str, content: &str) {
        fs::write(self.0.join(name), content).unwrap();
    }

    fn config(&self, text: &str) -> AuthConfig {
        self.put("auth.yaml", text);
        ready(AuthConfig::from_file(self.0.join("auth.yaml")))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn jwt_secret_is_read_from_a_file_without_its_line_break() {
    let folder = Folder::of("jwt-secret");
    let shown = bearer(&token(&[]));
    for end in ["", "\n", "\r\n"] {
        folder.put("secret", &format!("{JWT_SECRET}{end}"));
        let config = folder.config("auth: {jwt: {secret_file: secret, audience: agent-server}}");
        let answer = status(config, "POST /run", &[("authorization", &shown)]).await;
        assert_eq!(answer, 200, "{end:?}");
    }
}

#[tokio::test]
async fn no_more_than_one_line_break_is_taken_away() {
    let folder = Folder::of("two-breaks");
    folder.put("secret", &format!("{JWT_SECRET}\n\n"));
    let config = folder.config("auth: {jwt: {secret_file: secret, audience: agent-server}}");
    let shown = bearer(&token(&[]));
    let answer = status(config, "POST /run", &[("authorization", &shown)]).await;
    assert_eq!(answer, 401);
}

#[test]
fn secret_file_that_is_missing_or_empty_is_a_fault() {
    let folder = Folder::of("no-secret");
    let text = "auth: {jwt: {secret_file: secret}}";
    let told = faults(folder.config(text));
    assert!(
        told.faults()[0].message().contains("no such file"),
        "{told}"
    );
    for content in ["", "\n", " \n"] {
        folder.put("secret", content);
        let told = faults(folder.config(text));
        assert!(
            told.faults()[0].message().contains("holds nothing"),
            "{told}"
        );
    }
}
