//! Where the lines go.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// A place for audit lines: a file, or something of your own.
///
/// One thread of the sink calls it, and nobody else. A call may block.
///
/// # Example
///
/// ```
/// use std::{io, sync::mpsc::{Sender, channel}};
/// use tower_auth::audit::{AuditSettings, AuditWriter};
///
/// struct ToChannel(Sender<Vec<u8>>);
///
/// impl AuditWriter for ToChannel {
///     fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
///         self.0.send(lines.to_vec()).map_err(io::Error::other)?;
///         Ok(lines.len())
///     }
/// }
///
/// let (sender, lines) = channel();
/// let sink = AuditSettings::new().start(ToChannel(sender))?;
/// # let _ = (sink, lines);
/// # Ok::<(), io::Error>(())
/// ```
pub trait AuditWriter: Send + 'static {
    /// Writes a beginning of these lines and returns its length in bytes, as [`io::Write::write`]; what remains is
    /// given again.
    ///
    /// # Errors
    ///
    /// Nothing of it was written. The sink tries again, four times a second.
    fn write(&mut self, lines: &[u8]) -> io::Result<usize>;

    /// Begins a new file, where the old one was moved away, and answers whether it did; unless implemented, there is
    /// none. A line that was written in part is written again, whole, where a new file has begun.
    ///
    /// # Errors
    ///
    /// There is no new file; the sink goes on with the old one.
    fn reopen(&mut self) -> io::Result<bool> {
        Ok(false)
    }
}

/// A file that lines are appended to, which only its owner can read.
pub(super) struct AuditFile {
    path: PathBuf,
    file: Option<File>,
}

impl AuditFile {
    /// A file that is opened for its first line.
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: None,
        }
    }

    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = Self::new(path);
        file.reopen()?;
        Ok(file)
    }
}

impl AuditWriter for AuditFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(open(&self.path)?),
        };
        file.write(lines)
    }

    fn reopen(&mut self) -> io::Result<bool> {
        self.file = Some(open(&self.path)?);
        Ok(true)
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    #[cfg(unix)]
    refuse_named_pipe(path)?;
    // The end of a file is read; that of a pipe or a terminal is somebody else's.
    let is_other = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    let mut file = match is_other {
        true => options.open(path)?,
        false => match options.clone().read(true).open(path) {
            Ok(file) => file,
            Err(_) => options.open(path)?,
        },
    };
    let metadata = file.metadata()?;
    if metadata.is_file() {
        #[cfg(unix)]
        close_to_others(&file, &metadata)?;
        end_line(&mut file, metadata.len())?;
    }
    Ok(file)
}

/// Opening a pipe waits until somebody reads it, for ever perhaps. The pipe behind `/dev/stdout` has no name, and its
/// reader already.
#[cfg(unix)]
fn refuse_named_pipe(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    let is_pipe = std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_fifo());
    match is_pipe && path.canonicalize().is_ok() {
        true => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is a named pipe, and opening one waits for its reader: name a file, or /dev/stdout",
        )),
        false => Ok(()),
    }
}

/// A file that was there before may be open to everybody.
#[cfg(unix)]
fn close_to_others(file: &File, metadata: &std::fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mut permissions = metadata.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o600);
        file.set_permissions(permissions)?;
    }
    Ok(())
}

/// A process that was killed while the disk was full may have left a part of a line.
fn end_line(file: &mut File, len: u64) -> io::Result<()> {
    if len == 0 {
        return Ok(());
    }
    let mut last = [0];
    let read = file
        .seek(SeekFrom::End(-1))
        .and_then(|_| file.read_exact(&mut last));
    match (read, last) {
        (Ok(()), [b'\n']) => Ok(()),
        // Also where the file may be written alone.
        _ => file.write_all(b"\n"),
    }
}
