//! Which files a database stands in, and whether they are still the same.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::fault::{Cause, Fault};

/// The database's file with its log and its index, as they were when the database was opened.
///
/// SQLite goes on writing into a file that somebody deleted or replaced: a revocation in it would be
/// committed, and nobody else would ever see it. While a connection is open, SQLite itself neither
/// deletes nor replaces any of the three.
#[derive(Debug)]
pub(crate) struct Files {
    database: PathBuf,
    known: Vec<(PathBuf, Identity)>,
}

/// What tells a file from another one of that name.
#[cfg(unix)]
type Identity = (u64, u64);

/// Windows deletes and replaces no file that is open.
#[cfg(not(unix))]
type Identity = ();

impl Files {
    /// Notes the files of a database that is open, by a connection that has read from it.
    pub(crate) fn of(database: &Path) -> Result<Self, Fault> {
        let beside = |end| {
            let mut path = database.as_os_str().to_owned();
            path.push(end);
            PathBuf::from(path)
        };
        let paths = [database.to_owned(), beside("-wal"), beside("-shm")];
        let known = paths.into_iter().map(|path| match identity(&path) {
            Ok(identity) => Ok((path, identity)),
            Err(_) => Err(Cause::Replaced(path)),
        });
        Ok(Self {
            database: database.to_owned(),
            known: known.collect::<Result<_, _>>()?,
        })
    }

    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Fails where one of them is another file now, or none.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        for (path, known) in &self.known {
            if identity(path).ok().as_ref() != Some(known) {
                return Err(Cause::Replaced(path.clone()).into());
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;

    // Never by opening it: a process that closes a file gives up all locks that it has on it, those
    // of SQLite too.
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(drop)
}

/// Makes an empty file that only its user may read and write; one that is there stays as it is.
///
/// SQLite gives the two files beside it the same permissions.
pub(crate) fn create(path: &Path) -> Result<(), Fault> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Cause::NoFolder(path.to_owned()).into())
        }
        Err(error) => Err(Cause::File(path.to_owned(), error.kind()).into()),
    }
}

/// Says in the log where other users of the machine may read the file, or write it.
#[cfg(unix)]
pub(crate) fn warn_of_other_users(path: &Path) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;

    let metadata =
        fs::metadata(path).map_err(|error| Cause::File(path.to_owned(), error.kind()))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        tracing::warn!(
            target: "tower_auth",
            mode = %format_args!("{mode:03o}"),
            "other users of this machine may read or write the file of the key store, and who writes \
             it lets anybody in: run chmod 600 on {} and on the files beside it",
            path.display(),
        );
    }
    Ok(())
}

/// Windows gives a file the access rights of its folder.
#[cfg(not(unix))]
pub(crate) fn warn_of_other_users(_: &Path) -> Result<(), Fault> {
    Ok(())
}

/// The path without symbolic links, so that neither a change of the working directory nor one of a
/// link leads elsewhere.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, Fault> {
    fs::canonicalize(path).map_err(|error| Cause::File(path.to_owned(), error.kind()).into())
}
