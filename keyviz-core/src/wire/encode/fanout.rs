//! Who answered.

use alloc::string::String;

use super::text::{known, list, list_of, number, text};
use crate::merge::{Fanout, FanoutNode};

pub(super) fn fanout(out: &mut String, fanout: &Fanout) {
    out.push_str(",\"fanout\":{\"nodes\":");
    list(out, &fanout.nodes, node);
    for (member, value) in [
        (",\"responded\":", fanout.responded),
        (",\"expected\":", fanout.expected),
        (",\"writes_superseded\":", fanout.writes_superseded),
    ] {
        out.push_str(member);
        number(out, value);
    }
    out.push('}');
}

fn node(out: &mut String, node: &FanoutNode) {
    out.push_str("{\"node\":");
    text(out, &node.node);
    out.push_str(if node.ok { ",\"ok\":true" } else { ",\"ok\":false" });
    out.push_str(",\"state\":\"");
    out.push_str(node.state.name());
    out.push('"');
    if let Some(error) = &node.error {
        out.push_str(",\"error\":");
        text(out, error);
    }
    if !node.warnings.is_empty() {
        out.push_str(",\"warnings\":");
        list(out, &node.warnings, |out, warning| text(out, warning));
    }
    known(out, ",\"history_from_unix_ms\":", node.history_from_unix_ms);
    known(out, ",\"started_unix_ms\":", node.started_unix_ms);
    if let Some(ms) = node.clock_offset_ms {
        out.push_str(if ms < 0 { ",\"clock_offset_ms\":-" } else { ",\"clock_offset_ms\":" });
        number(out, ms.unsigned_abs());
    }
    known(out, ",\"step_ms\":", node.step_ms);
    known(out, ",\"unattributed\":", node.unattributed);
    known(out, ",\"evicted\":", node.evicted);
    if !node.absent_ms.is_empty() {
        out.push_str(",\"absent_unix_ms\":");
        list_of(out, node.absent_ms.iter().flat_map(|(from, to)| [*from, *to]), number);
    }
    out.push('}');
}

/// Says at the end of a JSON object which nodes it is made of, as member `fanout`; of anything else nothing.
pub fn with_fanout(fanout: &Fanout, json: &mut String) {
    if json.ends_with('}') {
        json.pop();
        self::fanout(json, fanout);
        json.push('}');
    }
}
