//! The demo's keys: six tables of 20,000 rows, `carts/0000000` to `users/0019999`.

use std::io::Write;

use crate::catalog::Catalog;

/// The tables in key order, so that rows in order are keys in order.
const TABLES: [&str; 6] = ["carts", "events", "items", "orders", "sessions", "users"];

/// Rows of one table.
pub(crate) const TABLE_ROWS: u32 = 20_000;

/// All rows. Bounded, so that the store is.
pub(crate) const ROWS: u32 = TABLES.len() as u32 * TABLE_ROWS;

/// Routes of one table, and of all.
const TABLE_ROUTES: u32 = 16;
pub(crate) const ROUTES: u32 = TABLES.len() as u32 * TABLE_ROUTES;

/// Rows of one route.
pub(crate) const ROUTE_ROWS: u32 = TABLE_ROWS / TABLE_ROUTES;

const _: () = assert!(TABLE_ROWS.is_multiple_of(TABLE_ROUTES));

/// The first row of a table, 0 where there is no such table.
pub(crate) fn table_start(name: &str) -> u32 {
    TABLES.iter().position(|table| *table == name).map_or(0, |at| at as u32 * TABLE_ROWS)
}

/// Writes the key of a row, over what `key` held.
pub(crate) fn key(row: u32, key: &mut Vec<u8>) {
    key.clear();
    let table = TABLES.get((row / TABLE_ROWS) as usize).copied().unwrap_or_default();
    // Writing to a Vec cannot fail.
    let _ = write!(key, "{table}/{:07}", row % TABLE_ROWS);
}

/// Bytes of a row's value, 64 to 192: from the row alone, so that what is written over has the same size.
pub(crate) fn value_len(row: u32) -> usize {
    64 + (row as usize * 37) % 129
}

/// The routes: each table in 16 equal ranges.
pub(crate) fn catalog() -> Catalog {
    let mut cuts = Vec::new();
    for route in 1..ROUTES {
        let mut cut = Vec::new();
        key(route * ROUTE_ROWS, &mut cut);
        cuts.push(cut);
    }
    Catalog::new(cuts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_order_are_keys_in_order_and_fill_the_routes() {
        let catalog = catalog();
        assert_eq!(catalog.len(), ROUTES as usize);
        let (mut before, mut now) = (Vec::new(), Vec::new());
        for row in 0..ROWS {
            key(row, &mut now);
            assert!(before < now);
            assert_eq!(catalog.index_of(&now), (row / ROUTE_ROWS) as usize);
            std::mem::swap(&mut before, &mut now);
        }
        key(table_start("orders") + 1234, &mut now);
        assert_eq!(now, b"orders/0001234");
    }
}
