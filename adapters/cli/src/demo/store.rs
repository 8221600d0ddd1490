//! The storage engine: one redb table of bytes.

use std::path::Path;

use redb::{Database, Durability, ReadableTable, Table, TableDefinition};

const TABLE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("rows");

/// Pages kept in memory.
const CACHE_BYTES: usize = 32 << 20;

/// What can go wrong in the engine.
pub(crate) type StoreError = redb::Error;

/// A store in one file.
#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    /// Makes an empty store in the directory.
    pub(crate) fn create(directory: &Path) -> Result<Store, StoreError> {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(directory.join("demo.redb"))?;
        Ok(Store { database })
    }

    /// Runs a batch in one transaction.
    ///
    /// `durable`: whether it is forced to the disk. Between two durable batches the engine cannot reuse the pages
    /// that it replaced, so somebody has to ask for one now and then.
    pub(crate) fn batch<T>(
        &self,
        durable: bool,
        run: impl FnOnce(&mut Rows<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(if durable { Durability::Immediate } else { Durability::None })?;
        let done = {
            let mut rows = Rows { table: transaction.open_table(TABLE)? };
            run(&mut rows)?
        };
        transaction.commit()?;
        Ok(done)
    }
}

/// The rows, inside a batch.
pub(crate) struct Rows<'a> {
    table: Table<'a, &'static [u8], &'static [u8]>,
}

impl Rows<'_> {
    /// Bytes of the key's value.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<usize>, StoreError> {
        Ok(self.table.get(key)?.map(|value| value.value().len()))
    }

    pub(crate) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.table.insert(key, value)?;
        Ok(())
    }

    /// Calls `each` with the keys and the lengths of the values of up to `rows` rows from `key` on.
    pub(crate) fn scan(&self, key: &[u8], rows: u32, mut each: impl FnMut(&[u8], usize)) -> Result<(), StoreError> {
        for row in self.table.range(key..)?.take(rows as usize) {
            let (key, value) = row?;
            each(key.value(), value.value().len());
        }
        Ok(())
    }
}
