//! A bearer token for the issuer, which another program writes to a file and replaces there.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use super::{error::FetchError, file};

/// A file with a bearer token that is replaced before it expires, such as the token of a Kubernetes
/// service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BearerFile(Arc<Path>);

impl BearerFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path.into())
    }

    /// The `Authorization` header with the token that the file holds now.
    pub(crate) async fn headers(&self) -> Result<HeaderMap, FetchError> {
        let path = Arc::clone(&self.0);
        // The file may be on a disk that hangs, so no thread of the runtime waits for it.
        let read = tokio::task::spawn_blocking(move || read(&path));
        let text = match tokio::time::timeout(TIME_LIMIT, read).await {
            Ok(Ok(text)) => text.map_err(|error| self.fault(error))?,
            Ok(Err(_)) | Err(_) => return Err(self.fault(io::ErrorKind::TimedOut.into())),
        };
        let token = text.strip_suffix('\n').unwrap_or(&text);
        let token = token.strip_suffix('\r').unwrap_or(token);
        // The token goes into a header and must not end it.
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(self.fault(io::Error::new(
                io::ErrorKind::InvalidData,
                "it holds no token: one line of visible ASCII is expected",
            )));
        }
        let value = Zeroizing::new(format!("Bearer {token}"));
        let mut value = HeaderValue::from_str(&value)
            .map_err(|_| self.fault(io::ErrorKind::InvalidData.into()))?;
        // HTTP/2 must not index the value, and `Debug` must not print it.
        value.set_sensitive(true);
        Ok(HeaderMap::from_iter([(header::AUTHORIZATION, value)]))
    }

    fn fault(&self, error: io::Error) -> FetchError {
        FetchError::NoBearer(Arc::clone(&self.0), error)
    }
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    file::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

const LONGEST: u64 = 64 * 1024;
const TIME_LIMIT: Duration = Duration::from_secs(5);
