//! Files that nobody wrote by hand.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tower_auth::config::AuthConfig;

use super::files::{FRONTEND_KEY, caller, faults, ready, yaml};

const GOOD: &str = "auth:\n  api_keys:\n    - name: a\n      key: ${FRONTEND_KEY}\n";

/// A folder of its own, gone with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("tower-auth-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is said of a file, without its folder.
fn said(path: &Path) -> String {
    let told = faults(ready(AuthConfig::from_file(path))).to_string();
    let folder = format!("{}/", path.parent().unwrap().display());
    told.replace(&folder, "")
}

#[test]
fn large_file_is_refused_unread() {
    let folder = Folder::new("large");
    let mut text = GOOD.to_owned();
    text.push_str(&"# padding\n".repeat(1_048_576));
    let path = folder.file("large.yaml", text);
    assert_eq!(said(&path), "large.yaml: the file is larger than 1024 KiB");
}

#[tokio::test]
async fn file_just_under_the_limit_is_read() {
    let folder = Folder::new("limit");
    let mut text = GOOD.to_owned();
    text.push_str(&"#".repeat(1024 * 1024 - text.len()));
    let config = ready(AuthConfig::from_file(folder.file("limit.yaml", &text)));
    assert_eq!(caller(config, &[("x-api-key", FRONTEND_KEY)]).await, "a");
    text.push('#');
    let path = folder.file("limit.yaml", &text);
    assert_eq!(said(&path), "limit.yaml: the file is larger than 1024 KiB");
}

#[test]
fn alias_bomb_is_refused_without_being_expanded() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..40 {
        let below = level - 1;
        text += &format!(
            "a{level}: &a{level} [{}]\n",
            vec![format!("*a{below}"); 9].join(", ")
        );
    }
    text += "auth: {api_keys: *a39}\n";
    let told = faults(yaml(&text)).to_string();
    assert_eq!(
        told,
        "<yaml>:41:18: auth.api_keys: an alias stands here: write the value out"
    );
}

#[test]
fn alias_to_itself_is_refused() {
    let told = faults(yaml("auth: &a {api_keys: *a}\n")).to_string();
    assert!(told.contains("auth: an anchor stands here"), "{told}");
}

/// Whoever reads YAML as a whole finds an authorizer there.
#[test]
fn a_merge_key_or_an_alias_beside_auth_hides_nothing() {
    for hidden in [
        "base: &base {authorization: nobody}\n<<: *base\n",
        "base: &base {authorization: nobody}\n\"<<\": [*base]\n",
        "base: &base authorization\n*base : nobody\n",
    ] {
        let told = faults(yaml(&format!("{hidden}{GOOD}"))).to_string();
        assert!(told.starts_with("<yaml>:2:1: "), "{hidden}: {told}");
    }
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", "")] {
        let text = format!("other: {}{}\n", open.repeat(100_000), close.repeat(100_000));
        assert!(yaml(&text).into_layer().is_err(), "{open}");
    }
    let block: String = (0..5_000)
        .map(|level| format!("{}a:\n", " ".repeat(level % 200)))
        .collect();
    assert!(yaml(&block).into_layer().is_err());
    let json = format!(
        "{{\"other\": {}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(super::files::json(&json).into_layer().is_err());
}

#[test]
fn many_members_cost_no_more_than_they_should() {
    let mut text = String::new();
    for index in 0..40_000 {
        text += &format!("other{index}: 1\n");
    }
    text += GOOD;
    yaml(&text).into_layer().unwrap();
    let mut keys = String::from("auth:\n  api_keys:\n");
    for index in 0..20_000 {
        keys += &format!("    - {{name: n{index}, key: sk-{index}}}\n");
    }
    yaml(&keys).into_layer().unwrap();
    let wide = format!(
        "{{\"a\": [{}0], \"auth\": {{\"custom\": \"sessions\"}}}}",
        "0,".repeat(400_000)
    );
    super::files::json(&wide).into_layer().unwrap();
}

/// Minutes of comparing names, and a log of 35 megabytes, were in a file of one.
#[test]
fn a_block_of_very_many_members_is_one_fault() {
    let members: String = (0..10_000).map(|index| format!("  m{index}:\n")).collect();
    let faults = faults(yaml(&format!("auth:\n{members}")));
    assert_eq!(faults.faults().len(), 1, "{}", faults.faults().len());
}

#[tokio::test]
async fn byte_order_mark_and_line_ends_of_windows_are_read() {
    let folder = Folder::new("bom");
    let text = format!("\u{feff}{}", GOOD.replace('\n', "\r\n"));
    let config = ready(AuthConfig::from_file(folder.file("bom.YAML", text)));
    assert_eq!(caller(config, &[("x-api-key", FRONTEND_KEY)]).await, "a");
    let json = "\u{feff}{\r\n\"auth\": {\"api_keys\": [{\"name\": \"a\", \"key\": \"sk-1\"}]}}";
    let config = ready(AuthConfig::from_file(folder.file("bom.json", json)));
    assert_eq!(caller(config, &[("x-api-key", "sk-1")]).await, "a");
}

#[test]
fn faults_behind_a_byte_order_mark_and_windows_line_ends_have_their_place() {
    let folder = Folder::new("bom-places");
    let text = "\u{feff}auth:\r\n  api_keys:\r\n    - name: a\r\n      colour: x\r\n";
    let path = folder.file("bom.yaml", text);
    assert!(
        said(&path).starts_with("bom.yaml:3:7: auth.api_keys[0]: no key"),
        "{}",
        said(&path)
    );
    assert!(
        said(&path).contains("\nbom.yaml:4:7: auth.api_keys[0].colour: "),
        "{}",
        said(&path)
    );
}

#[test]
fn other_encodings_are_refused() {
    let folder = Folder::new("encodings");
    let utf16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let path = folder.file("utf16.yaml", [&[0xff, 0xfe], &*utf16].concat());
    assert_eq!(
        said(&path),
        "utf16.yaml: the file is not UTF-8, from line 1 on: save it as UTF-8"
    );
    let path = folder.file("latin1.yaml", b"# a\nauth:\n  realm: caf\xe9\n");
    assert_eq!(
        said(&path),
        "latin1.yaml: the file is not UTF-8, from line 3 on: save it as UTF-8"
    );
    // Without a mark, UTF-16 of ASCII is UTF-8 with many zeros.
    let path = folder.file("zeros.yaml", &utf16);
    assert!(said(&path).contains("this is not YAML"), "{}", said(&path));
}

#[test]
fn folder_in_the_place_of_a_file_is_refused() {
    let folder = Folder::new("folder");
    let path = folder.0.join("auth.yaml");
    fs::create_dir_all(&path).unwrap();
    assert_eq!(
        said(&path),
        "auth.yaml: this is no file: name the file itself"
    );
}

#[test]
fn missing_file_is_refused() {
    let folder = Folder::new("missing");
    assert_eq!(
        said(&folder.0.join("auth.yaml")),
        "auth.yaml: there is no such file"
    );
}

#[test]
fn file_of_no_format_is_refused() {
    let folder = Folder::new("format");
    for name in ["auth", "auth.toml", "auth.yaml.bak", ".yaml"] {
        let told = said(&folder.file(name, GOOD));
        assert_eq!(
            told,
            format!("{name}: the name tells no format: end it in .yaml, .yml or .json")
        );
    }
}

#[cfg(unix)]
#[test]
fn device_and_pipe_are_refused() {
    let folder = Folder::new("device");
    let pipe = folder.0.join("pipe.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    assert_eq!(
        said(&pipe),
        "pipe.yaml: this is no file: name the file itself"
    );
    for (name, target) in [("zero.yaml", "/dev/zero"), ("null.yaml", "/dev/null")] {
        let path = folder.0.join(name);
        std::os::unix::fs::symlink(target, &path).unwrap();
        assert_eq!(
            said(&path),
            format!("{name}: this is no file: name the file itself")
        );
    }
}

#[cfg(unix)]
#[test]
fn file_without_permission_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("permission");
    let path = folder.file("auth.yaml", GOOD);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&path).is_ok() {
        // The superuser may read everything.
        return;
    }
    assert_eq!(
        said(&path),
        "auth.yaml: the file may not be read: give this program's user the right to"
    );
}

#[test]
fn line_breaks_in_the_document_do_not_break_the_lines_of_the_faults() {
    let text = "auth: {\"mode\\n\": x, \"jwt\\e[2J\": {}, public_paths: [\"a\\nb\", \"/:c\\r\"],
        custom: sessions, oauth2: {issuer: \"ftp://a\\nb\", audience: a}}";
    let faults = faults(yaml(text));
    let told = faults.to_string();
    assert!(faults.faults().len() >= 5, "{told}");
    assert_eq!(told.lines().count(), faults.faults().len(), "{told}");
    assert!(
        !told.chars().any(|char| char.is_control() && char != '\n'),
        "{told}"
    );
}
