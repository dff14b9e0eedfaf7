//! Certificates for servers that speak TLS.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::guarded::{folder, give};

/// A certificate authority of a test's own: a folder with `root.crt`, with `stranger.crt` of an authority
/// that signed nothing, and with `NAME.crt`, `NAME.key` and `NAME.names` of each certificate.
#[derive(Debug)]
pub struct Authority(PathBuf);

impl Authority {
    /// Signs certificates, each with its name, the hosts that it is for, as `openssl` writes them, and how many
    /// days it is good for.
    pub fn new(certificates: &[(&str, &str, i32)]) -> Self {
        let folder = folder();
        for name in ["root", "stranger"] {
            openssl(
                &folder,
                &format!(
                    "req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 \
                     -subj /CN={name}"
                ),
            );
        }
        for (name, hosts, days) in certificates {
            let names = format!("subjectAltName={hosts}\n");
            fs::write(folder.join(format!("{name}.names")), names).unwrap();
            let request = format!(
                "req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr -subj /CN=x"
            );
            openssl(&folder, &request);
            let sign = format!(
                "x509 -req -in {name}.csr -CA root.crt -CAkey root.key -CAcreateserial -days {days} \
                 -extfile {name}.names -out {name}.crt"
            );
            openssl(&folder, &sign);
        }
        give(&folder);
        Self(folder)
    }

    /// The path of a file in its folder.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments}: {said}");
}
