//! Files that settings name.

use std::{fs, fs::File, io, path::Path};

/// Opens a file that is one: opening a pipe would wait for whoever writes it.
pub(super) fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is no file: name the file itself",
        )),
    }
}
