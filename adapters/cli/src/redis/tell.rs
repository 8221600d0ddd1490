//! What is said: before it begins, on the page, and at the end.

use std::fmt::Write;

use keyviz_admin::{Clock, Notice, Redactor, SystemClock};
use keyviz_core::{Series, Tally};
use keyviz_trace::Reason;

use super::args::RedisArgs;
use super::board::NodeState;
use super::counting::Servers;
use super::spread;
use crate::catalog::Catalog;
use crate::quantity::{bytes, count, duration, rate};
use crate::replay::answer::{self, Answer, Hottest};
use crate::replay::text::{self, Period};
use crate::replay::{cuts, prefixes};

/// Routes of the catalog in which the answer is told.
const TOLD_OF: usize = 512;

/// Other masters of a cluster that are named at most.
const NAMED: usize = 12;

/// What it is going to do to the servers, before it does.
pub(crate) fn cost(names: &[String], args: &RedisArgs) -> String {
    let time = match args.duration_ms() {
        0 => "until it is stopped".to_owned(),
        ms => format!("for {}", duration(ms)),
    };
    let duty = args
        .duty()
        .map_or(String::new(), |duty| format!(", {} of every {}", duration(duty.on_ms), duration(duty.period_ms)));
    format!(
        "watching  {} with MONITOR, {time}{duty}\n\
         cost      the server writes every command of every client to keyviz as well: a server at\n          its limit \
         loses half of its throughput and more while it lasts, one with time to\n          spare next to nothing; --duty \
         1s/10s costs a tenth\n\
         limit     when {} wait in the server for keyviz, or its memory runs short, the\n          connection is ended \
         there",
        names.join(", "),
        bytes(args.most_buffer_bytes()),
    )
}

/// What is to know of a node that is watched for the first time.
pub(crate) fn first(state: &NodeState, guarded: bool, given: &[String]) -> String {
    let mut text = format!("server    {}: watched", state.name);
    let Some(facts) = &state.facts else { return text };
    let _ = write!(text, " ({}, {}/s before)", facts.version, count(facts.rate_before));
    if facts.replica {
        text.push_str("; it is a replica: shown are the writes it copies and the reads it serves");
    }
    let mut missing: Vec<&str> =
        facts.others.iter().map(String::as_str).filter(|other| !given.iter().any(|name| name == other)).collect();
    if facts.cluster && !missing.is_empty() {
        let more = missing.len().saturating_sub(NAMED);
        missing.truncate(NAMED);
        let further = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = write!(
            text,
            "; it is one of a cluster, and only its own part is seen: name the other masters, too: {}{further}",
            missing.join(" ")
        );
    } else if facts.cluster && facts.others.is_empty() {
        text.push_str("; it is one of a cluster, and only its own part is seen: name the other masters, too");
    }
    if !guarded {
        text.push_str(
            "; this user may run neither XREAD on keyviz:* nor WAIT, so that the server would not let keyviz go by \
             itself, should this whole machine stand still",
        );
    }
    text
}

/// What the page says above the picture.
pub(crate) fn notice(nodes: &[NodeState], args: &RedisArgs, over: bool) -> Notice {
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let away: Vec<&NodeState> = nodes.iter().filter(|node| node.trouble.is_some()).collect();
    let (title, id) = match (over, away.first()) {
        (false, Some(node)) if away.len() == nodes.len() && nodes.len() == 1 => {
            (format!("{} is not watched", node.name), "away")
        }
        (false, Some(_)) => (format!("{} of {} servers are not watched", away.len(), nodes.len()), "away"),
        (false, None) => (format!("Watching {}", names.join(", ")), "watching"),
        (true, _) => (format!("Watched {}", names.join(", ")), "over"),
    };
    let mut text = match (over, args.duty()) {
        (true, _) => "It is over: what is shown does not change any more.".to_owned(),
        (false, Some(duty)) => format!(
            "Sampled in time: {} of every {} is watched, and what is between is missing.",
            duration(duty.on_ms),
            duration(duty.period_ms)
        ),
        (false, None) => "Every command of every client is counted, with MONITOR.".to_owned(),
    };
    if over && args.duty().is_some() {
        text.push_str(" Sampled in time: what is between was not watched.");
    }
    if nodes.len() > 1 {
        text.push_str(" The servers are shown as one.");
    }
    for node in &away {
        let _ = write!(text, " {}: {}.", node.name, node.trouble.as_deref().unwrap_or_default());
    }
    let gaps = lacking(nodes);
    if let Some(lacking) = &gaps {
        let _ = write!(text, " {lacking}; the events say when.");
    }
    let since_unix_ms = nodes.iter().map(|node| node.since_ms).max().unwrap_or(0);
    let id = format!("redis-{id}-{}{}", away.len(), if gaps.is_some() { "-gaps" } else { "" });
    Notice { id, title, text, since_unix_ms, until_unix_ms: 0 }
}

/// Of several servers in one picture, that those which were away are not in all of it: its columns are missing only
/// where all were.
fn lacking(nodes: &[NodeState]) -> Option<String> {
    let gone: Vec<&str> = nodes.iter().filter(|node| node.was_away()).map(|node| node.name.as_str()).collect();
    let told = nodes.len() > 1 && !gone.is_empty();
    told.then(|| format!("Columns of the time in which {} was not watched lack its part", gone.join(" or ")))
}

/// The answer at the end.
pub(crate) fn answer(nodes: &[NodeState], counting: &Servers, (args, redactor): (&RedisArgs, &Redactor)) -> String {
    let watched_ms = nodes.iter().map(|node| node.total.watched_ms).max().unwrap_or(0);
    let mut text = String::new();
    // Writing to a String cannot fail, so what `writeln!` returns is dropped throughout.
    for node in nodes {
        let _ = of_node(&mut text, node);
    }
    if let Some(lacking) = lacking(nodes) {
        let _ = writeln!(text, "\nwarning   {lacking}");
    }
    let (total, unattributed) = counting.counted();
    let total_ops = total.get(Series::Ops);
    if total_ops == 0 {
        text.push_str("\nno command with a key came");
        return text;
    }
    let (answer, divided, shown_ms) = found(counting, total, unattributed.get(Series::Ops));
    // What was let go is in no column, but in the sum.
    let rated_ms = if answer.let_go > 0 { watched_ms } else { shown_ms }.max(1);
    let _ = writeln!(
        text,
        "\ntotal     {} operations: {} reads, {} writes; {} read, {} written (keys and values); {} on average",
        count(total_ops),
        count(total.reads),
        count(total.writes),
        bytes(total.read_bytes),
        bytes(total.write_bytes),
        rate(total_ops, rated_ms)
    );
    if total.scans > 0 {
        let _ = writeln!(
            text,
            "scans     {} ranges touched by KEYS and SCAN with a pattern, each of which is one of the reads",
            count(total.scans)
        );
    }
    if let Some(duty) = args.duty() {
        let _ = writeln!(
            text,
            "sampled   {} of every {}: operations are of {} in all",
            duration(duty.on_ms),
            duration(duty.period_ms),
            duration(watched_ms)
        );
    }
    if counting.unlabelled() > 0 {
        let _ =
            writeln!(text, "databases {} operations beyond database 15 have no label", count(counting.unlabelled()));
    }
    if answer.let_go > 0 {
        let _ = writeln!(text, "older     {} operations are in columns that were let go", count(answer.let_go));
    }
    if unattributed.get(Series::Ops) > 0 {
        let _ = writeln!(text, "warning   {} operations are in no range", count(unattributed.get(Series::Ops)));
    }
    if divided > 0 {
        let _ = writeln!(
            text,
            "estimate  {} operations came to ranges that were wider, and are told by a sample of their keys",
            count(divided)
        );
    }
    let period = Period { relative: false, duration_ms: watched_ms, rated_ms };
    let _ = text::hottest(&mut text, period, &answer, redactor);
    text.truncate(text.trim_end().len());
    text
}

/// What was found, of what was counted here; how many operations were divided by sampled keys for it; and for how long its
/// columns were watched together.
fn found(counting: &Servers, total: Tally, unattributed: u64) -> (Answer, u64, u64) {
    let (readers, sample) = (counting.readers(), counting.sample());
    let nominated = prefixes::find(&sample);
    let catalog = Catalog::new(cuts::choose(&sample, &nominated, TOLD_OF));
    // Columns count by when they end.
    let from_ms = counting.began_ms() + 1;
    let (by_route, divided, shown_ms) = spread::by_route(&readers, from_ms, &catalog, &sample);
    let Hottest { ranges, prefixes, shown } = answer::hottest(&by_route, &catalog, &sample, &nominated, None);
    let keys = answer::hot_keys(&readers, from_ms, answer::TOLD);
    let let_go = total.get(Series::Ops).saturating_sub(shown + unattributed);
    (Answer { total, ranges, prefixes, keys, let_go, not_shown: 0 }, divided, shown_ms)
}

fn of_node(text: &mut String, node: &NodeState) -> std::fmt::Result {
    let beat = &node.total;
    writeln!(
        text,
        "\nserver    {}: {} lines in {}; it ran {}/s, {}/s before; at most {} waited there",
        node.name,
        count(beat.lines),
        duration(beat.watched_ms),
        count(beat.commands.saturating_mul(1000) / beat.watched_ms.max(1)),
        count(node.facts.as_ref().map_or(0, |facts| facts.rate_before)),
        bytes(beat.most_waiting_bytes)
    )?;
    let (mut keyless, mut unread) = (0, Vec::new());
    for (name, lines) in &beat.skipped {
        match name == Reason::NoKey.name() {
            true => keyless = *lines,
            false => unread.push(format!("{} {name}", count(*lines))),
        }
    }
    if keyless > 0 {
        writeln!(text, "          {} commands without a key, keyviz's own among them", count(keyless))?;
    }
    if !unread.is_empty() {
        writeln!(text, "          not counted: {}", unread.join(", "))?;
    }
    if node.protected > 0 {
        writeln!(text, "          left alone {} to protect it", times(node.protected))?;
    }
    if node.lost > 0 {
        writeln!(text, "          lost {}", times(node.lost))?;
    }
    let away_ms = node.away_ms(SystemClock.now_ms());
    if away_ms > 0 {
        writeln!(text, "          not watched for {} in all, because of trouble", duration(away_ms))?;
    }
    if let Some(trouble) = &node.trouble {
        writeln!(text, "          at the end: {trouble}")?;
    }
    Ok(())
}

fn times(number: u32) -> String {
    if number == 1 { "once".to_owned() } else { format!("{number} times") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_servers_those_that_were_away_are_named() {
        let node = |name: &str, lost, protected| {
            let mut node = NodeState::default();
            (node.name, node.lost, node.protected) = (name.to_owned(), lost, protected);
            node
        };
        assert_eq!(lacking(&[node("a", 0, 0), node("b", 0, 0)]), None);
        // One alone has no columns of that time.
        assert_eq!(lacking(&[node("a", 1, 0)]), None);
        let told = lacking(&[node("a", 1, 0), node("b", 0, 0), node("c", 0, 2)]).unwrap();
        assert!(told.contains(" a or c was not watched"), "{told}");
    }
}
