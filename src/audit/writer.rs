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

    /// Begins a new file, where the old one was moved away; does nothing unless implemented.
    ///
    /// # Errors
    ///
    /// There is no new file; the sink goes on with the old one.
    fn reopen(&mut self) -> io::Result<()> {
        Ok(())
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

    fn reopen(&mut self) -> io::Result<()> {
        self.file = Some(open(&self.path)?);
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // A pipe or a terminal cannot be read back, and has no end.
    let mut file = match options.clone().read(true).open(path) {
        Ok(file) => file,
        Err(_) => options.open(path)?,
    };
    let metadata = file.metadata()?;
    if metadata.is_file() {
        #[cfg(unix)]
        close_to_others(&file, &metadata)?;
        end_line(&mut file, metadata.len())?;
    }
    Ok(file)
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
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    match last {
        [b'\n'] => Ok(()),
        _ => file.write_all(b"\n"),
    }
}
