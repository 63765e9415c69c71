//! Readers: connections of their own that see only committed states and can't write.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use jingui_crypto::Key;
use rusqlite::{Connection, OpenFlags};

use crate::error::StoreError;

/// A fixed number of read connections, lent out and taken back.
pub(crate) struct Pool {
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
}

impl Pool {
    pub(crate) fn open(path: &Path, key: &Key, count: usize, cache_kib: u64) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let idle = (0..count)
            .map(|_| {
                let conn = Connection::open_with_flags(path, flags)?;
                crate::open::unlock(&conn, key)?;
                conn.execute_batch(&format!("PRAGMA query_only = 1; PRAGMA cache_size = -{cache_kib};"))?;
                conn.set_prepared_statement_cache_capacity(128);
                Ok(conn)
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Self { idle: Mutex::new(idle), returned: Condvar::new() })
    }

    /// Runs `read` on a connection of the pool, inside one read transaction: all it sees is of one moment.
    pub(crate) fn with<T, E: From<StoreError>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let conn = self.take();
        let result = catch_unwind(AssertUnwindSafe(|| {
            begin(&conn)?;
            let result = read(&conn);
            end(&conn)?;
            result
        }));
        if result.is_err() {
            let _ = end(&conn);
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        self.returned.notify_one();
        result.unwrap_or_else(|panic| resume_unwind(panic))
    }

    fn take(&self) -> Connection {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(conn) = idle.pop() {
                return conn;
            }
            idle = self.returned.wait(idle).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn begin(conn: &Connection) -> Result<(), StoreError> {
    conn.prepare_cached("BEGIN")?.execute([])?;
    Ok(())
}

fn end(conn: &Connection) -> Result<(), StoreError> {
    conn.prepare_cached("COMMIT")?.execute([])?;
    Ok(())
}
