//! Reads a file or a text into the document.

mod json;
mod yaml;

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub(super) use self::json::parse as parse_json;
use super::{
    fault::{ConfigFault, ConfigFaults, Place},
    node::{At, Kind, Node},
};
use crate::{error::ConfigErrorKind, secret::Secret};

/// The source of the document.
#[derive(Clone, Debug)]
pub(super) enum Source {
    File(PathBuf),
    Text(Format, Secret),
    /// No document: only the environment and the program.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Json,
}

/// A document that could be parsed.
pub(super) struct Document {
    pub(super) root: Node,
    pub(super) format: Format,
}

/// A file that was read, and its content: to notice later that it has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileDigest {
    path: PathBuf,
    digest: Result<[u8; 32], ErrorKind>,
}

impl Source {
    /// The name of the document in faults.
    pub(super) fn name(&self) -> Arc<str> {
        match self {
            Self::File(path) => path.display().to_string().into(),
            Self::Text(Format::Yaml, _) => "<yaml>".into(),
            Self::Text(Format::Json, _) => "<json>".into(),
            Self::Nothing => "<environment>".into(),
        }
    }

    /// The folder that relative paths in the document start from.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::File(path) => path.parent().unwrap_or(Path::new("")),
            Self::Text(..) | Self::Nothing => Path::new(""),
        }
    }

    pub(super) fn read(&self, files: &mut Vec<FileDigest>) -> Result<Document, ConfigFaults> {
        let fail = |(at, message): (At, String)| {
            let place = Place::new("", at);
            let fault = ConfigFault::new(ConfigErrorKind::Malformed, &self.name(), &place, message);
            Err(ConfigFaults::one(fault))
        };
        let (format, text) = match self {
            Self::Nothing => {
                return Ok(Document {
                    root: Node::new(At::File, Kind::Map(Vec::new())),
                    format: Format::Yaml,
                });
            }
            Self::Text(format, text) => (*format, text.clone()),
            Self::File(path) => {
                let read = read_text(path, LARGEST_FILE, files);
                // The name first: a fault in it would otherwise be reported as one of the content.
                match (format_of(path), read) {
                    (Some(format), Ok(text)) => (format, text),
                    (None, _) => {
                        let message = "the name tells no format: end it in .yaml, .yml or .json";
                        return fail((At::File, message.into()));
                    }
                    (_, Err(message)) => return fail((At::File, message)),
                }
            }
        };
        let text = text.expose();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed = match format {
            Format::Yaml => yaml::parse(text),
            Format::Json => parse_json(text),
        };
        match parsed {
            Ok(root) => Ok(Document { root, format }),
            Err(fault) => fail(fault),
        }
    }
}

/// The state of a file at one moment: its content and its metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileState {
    pub(super) digest: FileDigest,
    metadata: Option<FileMetadata>,
}

/// Identity, size and modification time of a file. A file with equal metadata at two moments was
/// not written in between, not even with equal content.
#[derive(Clone, Debug, PartialEq, Eq)]
struct FileMetadata {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, number and change time of the file, where the platform has them.
    inode: [i128; 4],
}

impl FileMetadata {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            inode: inode(&metadata),
        })
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> [i128; 4] {
    use std::os::unix::fs::MetadataExt;
    [
        metadata.dev().into(),
        metadata.ino().into(),
        metadata.ctime().into(),
        metadata.ctime_nsec().into(),
    ]
}

#[cfg(not(unix))]
fn inode(_metadata: &fs::Metadata) -> [i128; 4] {
    [0; 4]
}

impl FileDigest {
    /// Reads the file again.
    pub(super) fn reread(&self) -> Self {
        let bytes = read_bytes(&self.path, LARGEST_FILE);
        Self::of(&self.path, &bytes)
    }

    /// Reads the metadata of the file, then its content.
    pub(super) fn state(&self) -> FileState {
        // Before the content: a write during the read then shows at the next moment.
        let metadata = FileMetadata::of(&self.path);
        let digest = self.reread();
        FileState { digest, metadata }
    }

    /// Whether both have the same path and content.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.path != other.path || self.digest == other.digest
    }

    fn of(path: &Path, bytes: &io::Result<Zeroizing<Vec<u8>>>) -> Self {
        let digest = bytes.as_ref().map(|bytes| Sha256::digest(&**bytes).into());
        Self {
            path: path.to_owned(),
            digest: digest.map_err(io::Error::kind),
        }
    }
}

/// Reads a text file; the error is in the words of a configuration.
pub(super) fn read_text(
    path: &Path,
    limit: u64,
    files: &mut Vec<FileDigest>,
) -> Result<Secret, String> {
    let bytes = read_bytes(path, limit);
    files.push(FileDigest::of(path, &bytes));
    let mut bytes = bytes.map_err(|error| said(&error, limit))?;
    let bytes = std::mem::take(&mut *bytes);
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = Zeroizing::new(error.into_bytes());
            let line = bytes.iter().take(valid).filter(|byte| **byte == b'\n');
            Err(format!(
                "the file is not UTF-8, from line {} on: save it as UTF-8",
                line.count().saturating_add(1)
            ))
        }
    }
}

/// Reads a file that holds only a secret and, at most, one line break after it: editors and `echo`
/// write one, and no secret has it.
pub(super) fn read_secret(path: &Path, files: &mut Vec<FileDigest>) -> Result<Secret, String> {
    let text = read_text(path, LARGEST_KEY, files)?;
    let secret = text.expose();
    let alone = secret.strip_suffix("\r\n");
    let secret = alone.or(secret.strip_suffix('\n')).unwrap_or(secret);
    if secret.starts_with('\u{feff}') {
        return Err("the file begins with a byte order mark: save it without".into());
    }
    if secret.trim().is_empty() {
        return Err("the file holds nothing: write the secret into it".into());
    }
    Ok(secret.into())
}

fn read_bytes(path: &Path, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    // Before it is opened: opening a pipe would wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Err(ErrorKind::IsADirectory.into());
    }
    let file = File::open(path)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn said(error: &io::Error, limit: u64) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".into(),
        ErrorKind::PermissionDenied => {
            "the file may not be read: give this program's user the right to".into()
        }
        ErrorKind::IsADirectory => "this is no file: name the file itself".into(),
        ErrorKind::FileTooLarge => format!("the file is larger than {} KiB", limit / 1024),
        kind => format!("the file cannot be read: {kind}"),
    }
}

fn format_of(path: &Path) -> Option<Format> {
    let extension = path.extension()?.to_str()?;
    if ["yaml", "yml"]
        .iter()
        .any(|yaml| extension.eq_ignore_ascii_case(yaml))
    {
        return Some(Format::Yaml);
    }
    extension
        .eq_ignore_ascii_case("json")
        .then_some(Format::Json)
}

/// The maximum size of a file with a key or a secret.
pub(super) const LARGEST_KEY: u64 = 64 * 1024;
/// Far above the size of any configuration written by a person.
const LARGEST_FILE: u64 = 1024 * 1024;
