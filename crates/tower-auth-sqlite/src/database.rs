//! One connection to the file, and its transactions.

use std::{
    cell::Cell,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tower_auth::keys::Timestamp;

use crate::{
    fault::{Cause, Fault},
    files::{self, Files},
    schema,
};

/// A connection. It stays on the thread that opened it.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    files: Files,
}

/// What a transaction knows of the call that it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The store's time. It was read inside the transaction.
    pub(crate) now: Timestamp,
    /// When nobody waits for the answer any more.
    pub(crate) until: Instant,
}

/// How a connection comes to its file.
#[derive(Clone, Debug)]
pub(crate) enum Opening {
    /// To write, and to give the file its tables. It must be there.
    Write(PathBuf),
    /// To write; where the file is not there, it is made.
    Create(PathBuf),
    /// To read from a file that a writer of this program has opened.
    Read(PathBuf),
}

/// One at a time in this process: the file is made through a descriptor, and closing that would take
/// SQLite's locks from a connection that another thread opened in between.
static OPENING: Mutex<()> = Mutex::new(());

thread_local! {
    /// Until when a connection of this thread may wait for a lock.
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

impl Database {
    pub(crate) fn open(opening: &Opening, until: Instant) -> Result<Self, Fault> {
        let _alone = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        wait_until(until);
        match opening {
            Opening::Read(path) => Self::read_from(path),
            Opening::Write(path) => Self::write_to(&files::resolve(path)?, until),
            Opening::Create(path) => {
                files::create(path)?;
                Self::write_to(&files::resolve(path)?, until)
            }
        }
    }

    fn write_to(path: &Path, until: Instant) -> Result<Self, Fault> {
        files::warn_of_other_users(path)?;
        let mut connection = connect(path)?;
        schema::check(&connection.transaction()?)?;
        keep_a_log(&connection, until)?;
        // FULL: a commit is on the disk before it is answered. With NORMAL a power failure would take
        // the last commits back, and a revoked key would be good again.
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Where the system's own flush stops short of the disk (macOS).
        connection.pragma_update(None, "fullfsync", true)?;
        schema::migrate(&mut connection)?;
        let files = Files::of(path)?;
        Ok(Self { connection, files })
    }

    fn read_from(path: &Path) -> Result<Self, Fault> {
        let connection = connect(path)?;
        schema::require(&connection)?;
        connection.pragma_update(None, "query_only", true)?;
        let files = Files::of(path)?;
        Ok(Self { connection, files })
    }

    /// Where the file stands, without symbolic links.
    pub(crate) fn path(&self) -> &Path {
        self.files.database()
    }

    /// Does something that sees one state of the database.
    pub(crate) fn read<T>(
        &mut self,
        until: Instant,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.transact(TransactionBehavior::Deferred, until, work)
    }

    /// Does something that writes: all of it is committed, or nothing.
    ///
    /// `IMMEDIATE`: it waits for the lock before it reads, so that no two writers decide on one state.
    pub(crate) fn write<T>(
        &mut self,
        until: Instant,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.transact(TransactionBehavior::Immediate, until, work)
    }

    fn transact<T>(
        &mut self,
        behavior: TransactionBehavior,
        until: Instant,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        wait_until(until);
        self.files.check()?;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        schema::require(&transaction)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        // After the work, too: what was read or written meanwhile may be in a file that nobody else has.
        self.files.check()?;
        Ok(value)
    }
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    // Without CREATE: a file that somebody takes away is not silently an empty one. Without URI: a
    // path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // Some versions of rusqlite take it by a unique borrow, some by a shared one.
    let set = &mut connection;
    set.busy_handler(Some(wait as fn(i32) -> bool))?;
    // The file is data: nothing that stands in its schema is run, and damage is looked for.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Turns the write-ahead log on: readers do not wait for a writer, nor a writer for readers.
fn keep_a_log(connection: &Connection, until: Instant) -> Result<(), Fault> {
    loop {
        let sql = "PRAGMA journal_mode = WAL";
        match connection.query_row(sql, [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(Fault::unreadable()),
            Err(error) => {
                let fault = Fault::from(error);
                // Two processes that turn it on at once: SQLite asks the busy handler of neither.
                if !fault.is_busy() || Instant::now() >= until {
                    return Err(fault);
                }
                thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

fn wait_until(until: Instant) {
    UNTIL.set(Some(until));
}

/// Whether to ask for a lock once more, after a little while.
fn wait(attempts: i32) -> bool {
    let left = UNTIL
        .get()
        .map(|until| until.saturating_duration_since(Instant::now()));
    match left {
        Some(left) if !left.is_zero() => {
            let pause = Duration::from_millis(u64::from(attempts.unsigned_abs()).clamp(1, 5));
            thread::sleep(pause.min(left));
            true
        }
        _ => false,
    }
}

/// Fails where the time of a call is over: for loops over many rows.
pub(crate) fn in_time(until: Instant) -> Result<(), Fault> {
    match Instant::now() < until {
        true => Ok(()),
        false => Err(Cause::TooLate.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;

    #[test]
    fn the_writer_waits_for_the_disk() {
        let path = env::temp_dir().join(format!("tower-auth-sqlite-{}.db", process::id()));
        let until = Instant::now() + Duration::from_secs(60);
        let database = Database::open(&Opening::Create(path.clone()), until).unwrap();
        let set = |name| {
            let connection = &database.connection;
            connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        // 2 is FULL: a commit is on the disk before it returns.
        assert_eq!((set("synchronous"), set("fullfsync")), (Ok(2), Ok(1)));
        drop(database);
        fs::remove_file(path).unwrap();
    }
}
