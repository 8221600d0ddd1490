//! The versions of what is compared with, from the lock file that this very binary was built by.

use serde_json::{Map, Value};

const LOCK: &str = include_str!("../../../Cargo.lock");
const COMPARED: [&str; 5] = ["dashmap", "metrics", "metrics-util", "prometheus-client", "keyviz-core"];

/// Name and version of each.
pub fn all() -> Vec<(&'static str, &'static str)> {
    COMPARED.into_iter().filter_map(|name| Some((name, version(LOCK, name)?))).collect()
}

/// For people.
pub fn line() -> String {
    let parts: Vec<String> = all().iter().map(|(name, version)| format!("{name} {version}")).collect();
    format!("{}, std Mutex<HashMap>", parts.join(", "))
}

/// For the JSON.
pub fn to_json() -> Value {
    let map: Map<String, Value> =
        all().into_iter().map(|(name, version)| (name.to_owned(), Value::from(version))).collect();
    Value::Object(map)
}

fn version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = lock.lines();
    let wanted = format!("name = \"{name}\"");
    lines.find(|line| *line == wanted)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_compared_crate_has_a_version() {
        assert_eq!(all().len(), COMPARED.len());
    }

    #[test]
    fn a_version_is_that_of_the_whole_name() {
        let lock = "name = \"metrics-util\"\nversion = \"2\"\n\nname = \"metrics\"\nversion = \"1\"\n";
        assert_eq!(version(lock, "metrics"), Some("1"));
        assert_eq!(version(lock, "metric"), None);
    }
}
