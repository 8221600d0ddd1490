//! The answer of `/status`, with a default for what an older server does not send.

use serde_json::Value;

use crate::escape;
use crate::top::table::at;

/// What runs there. Texts are escaped.
#[derive(Clone, Debug, Default)]
pub(super) struct Status {
    pub(super) enabled: bool,
    /// A replay that has come to its end: nothing is added any more.
    pub(super) at_rest: bool,
    /// Times count from the beginning of a trace.
    pub(super) relative: bool,
    pub(super) title: String,
    pub(super) now_ms: u64,
    pub(super) step_ms: u64,
    pub(super) history_from_ms: Option<u64>,
    pub(super) last_flush_ms: u64,
    pub(super) next_column_ms: Option<u64>,
    pub(super) routes: u64,
    /// Nobody registers any: the ranges are keyviz's own.
    pub(super) own_ranges: bool,
    pub(super) labels: Vec<String>,
    /// Since the start, whatever became of them.
    pub(super) observed: u64,
    pub(super) unattributed: u64,
    pub(super) notice: Option<String>,
    /// Of whoever asks.
    pub(super) role: String,
    /// Empty where keys are shown as they are.
    pub(super) redaction: String,
}

impl Status {
    /// `None` where it is no status.
    pub(super) fn read(json: &str) -> Option<Status> {
        let value: Value = serde_json::from_str(json).ok()?;
        let enabled = at(&value, "/enabled").as_bool()?;
        let number = |path: &str| at(&value, path).as_u64();
        let text = |path: &str| escape::whole_key(at(&value, path).as_str().unwrap_or_default().as_bytes());
        let counted = |name: &str| number(&format!("/counters/{name}")).unwrap_or(0);
        let both = |what: &str| counted(&format!("{what}_reads")).saturating_add(counted(&format!("{what}_writes")));
        let labels = at(&value, "/labels").as_array().into_iter().flatten().filter_map(Value::as_str);
        let plain = |label: &&str| label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let told = [text("/notice/title"), text("/notice/text")].join(": ");
        Some(Status {
            enabled,
            at_rest: at(&value, "/mode").as_str() == Some("static"),
            relative: at(&value, "/time_label").as_str() == Some("relative"),
            title: text("/title"),
            now_ms: number("/now_unix_ms").unwrap_or(0),
            step_ms: number("/step_ms").filter(|step_ms| *step_ms > 0).unwrap_or(60_000),
            history_from_ms: number("/history_from_unix_ms"),
            last_flush_ms: number("/last_flush_unix_ms").unwrap_or(0),
            next_column_ms: number("/next_column_unix_ms").filter(|at_ms| *at_ms > 0),
            routes: number("/routes").unwrap_or(0),
            own_ranges: at(&value, "/own_ranges").as_bool() == Some(true),
            labels: labels.filter(plain).map(str::to_owned).collect(),
            observed: both("observed"),
            unattributed: both("unattributed"),
            notice: Some(told).filter(|told| told != ": "),
            role: text("/role"),
            redaction: Some(text("/redaction")).filter(|policy| policy != "none").unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_and_what_is_not() {
        let json = r#"{"enabled":true,"mode":"static","title":"a\u001b[31m","step_ms":1000,"labels":["s3","\u202e"],
            "counters":{"observed_reads":3,"observed_writes":4},"notice":{"title":"Hot","text":"One band."},"redaction":"none"}"#;
        let status = Status::read(json).unwrap();
        assert_eq!((status.title.as_str(), status.observed, status.unattributed), ("a\\x1b[31m", 7, 0));
        assert_eq!((status.at_rest, status.relative, status.redaction.as_str()), (true, false, ""));
        assert_eq!((status.labels, status.notice.as_deref()), (vec!["s3".to_owned()], Some("Hot: One band.")));
        assert!(Status::read("{}").is_none() && Status::read("nothing").is_none());
    }
}
