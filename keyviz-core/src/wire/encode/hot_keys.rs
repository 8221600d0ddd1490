//! `/hotkeys`.

use alloc::string::String;

use super::text::{base64, bound, list, member_number, number, rfc3339};
use crate::hot_keys::{HotKeys, HotKeysOf};
use crate::label::Labels;

/// Appends hot keys as a JSON object: the response body of `/hotkeys`.
///
/// `of` says whose they are: a route's (`route_id`, `bucket_id`, and `label` and `sub_bucket` where they were asked
/// for) or a range's (`start`, `end`). Keys are base64.
///
/// # Examples
/// ```
/// use keyviz_core::{HotKey, HotKeys, HotKeysOf, Labels, RouteId, wire};
/// let mut hot = HotKeys::default();
/// hot.keys = vec![HotKey::new(b"a".to_vec(), 12, 0)];
/// let of = HotKeysOf::Route { route: RouteId(7), label: None, sub_bucket: None };
/// let mut json = String::new();
/// wire::encode::hot_keys(&hot, &of, &Labels::NONE, &mut json);
/// assert!(json.starts_with(r#"{"route_id":7,"bucket_id":"route:7","series":"writes","keys":[{"key_b64":"YQ==","count":12"#));
/// ```
pub fn hot_keys(hot: &HotKeys, of: &HotKeysOf, labels: &Labels, out: &mut String) {
    out.push('{');
    match of {
        HotKeysOf::Route { route, label, sub_bucket } => {
            member_number(out, "\"route_id\":", route.0);
            out.push_str(",\"bucket_id\":\"route:");
            number(out, route.0);
            out.push('"');
            if let Some(label) = label {
                out.push_str(",\"label\":\"");
                out.push_str(labels.name(*label).unwrap_or(""));
                out.push('"');
            }
            if let Some(sub_bucket) = sub_bucket {
                member_number(out, ",\"sub_bucket\":", u64::from(*sub_bucket));
            }
        }
        HotKeysOf::Range { start, end } => {
            out.push_str("\"start\":");
            bound(out, start);
            out.push_str(",\"end\":");
            bound(out, end.as_deref().unwrap_or(&[]));
        }
    }
    out.push_str(",\"series\":\"");
    out.push_str(hot.series.name());
    out.push_str("\",\"keys\":");
    list(out, &hot.keys, |out, key| {
        out.push_str("{\"key_b64\":\"");
        base64(out, &key.key);
        member_number(out, "\",\"count\":", key.count);
        member_number(out, ",\"error\":", key.error);
        out.push('}');
    });
    out.push_str(",\"approximate\":true");
    member_number(out, ",\"sample_rate\":", hot.most_every);
    member_number(out, ",\"sample_rate_least\":", hot.least_every);
    member_number(out, ",\"sampled_n\":", hot.samples);
    member_number(out, ",\"operations\":", hot.operations);
    member_number(out, ",\"dropped_samples\":", hot.dropped);
    member_number(out, ",\"skipped_long_keys\":", hot.too_long);
    member_number(out, ",\"unsampled_ops\":", hot.unsampled);
    out.push_str(if hot.degraded { ",\"degraded\":true" } else { ",\"degraded\":false" });
    member_number(out, ",\"error_bound\":", hot.error_bound);
    if hot.aggregate {
        out.push_str(",\"aggregate\":true");
    }
    member_number(out, ",\"from_unix_ms\":", hot.from_ms);
    member_number(out, ",\"to_unix_ms\":", hot.to_ms);
    out.push_str(",\"snapshot_at\":\"");
    rfc3339(out, hot.as_of_ms);
    out.push_str("\"}");
}
