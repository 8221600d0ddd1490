//! The one form for all benchmarks there will ever be: `{"machine", "results": [{"name", "value", "unit",
//! "baseline", "ratio", "target", "met"}]}`.
//!
//! `baseline` is a number in the row's unit; what it is of stands in the name after ` vs `. `target` is text
//! (`"ratio <= 2.000"`). What a row does not have is `null`.

use serde_json::{Value, json};

use super::row::Row;
use crate::machine::Machine;
use crate::versions;

/// The document.
pub fn text(machine: &Machine, rows: &[Row]) -> String {
    let mut machine = machine.to_json();
    if let Some(members) = machine.as_object_mut() {
        members.insert("versions".into(), versions::to_json());
    }
    let results: Vec<Value> = rows.iter().map(result).collect();
    format!("{:#}\n", json!({ "machine": machine, "results": results }))
}

fn result(row: &Row) -> Value {
    json!({
        "name": row.name,
        "value": row.value,
        "unit": row.unit,
        "baseline": row.baseline,
        "ratio": row.ratio(),
        "target": row.target_text(),
        "met": row.met(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Target;

    #[test]
    fn a_result_has_these_members_and_no_others() {
        let row = Row {
            name: "a vs b".into(),
            value: 4.0,
            median: None,
            unit: "ns/op",
            baseline: Some(2.0),
            target: Some(Target::RatioAtMost(2.0)),
        };
        let expected = json!({"name": "a vs b", "value": 4.0, "unit": "ns/op", "baseline": 2.0, "ratio": 2.0,
            "target": "ratio <= 2.000", "met": true});
        assert_eq!(result(&row), expected);
    }

    #[test]
    fn what_a_row_lacks_is_null() {
        let row = Row { name: "a".into(), value: 1.0, median: None, unit: "ms", baseline: None, target: None };
        let result = result(&row);
        for member in ["baseline", "ratio", "target", "met"] {
            assert!(result[member].is_null(), "{member}");
        }
    }
}
