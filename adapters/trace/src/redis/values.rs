//! How many value bytes a command writes, as far as its arguments tell.

use super::command::Values;
use crate::monitor::Args;

/// Value bytes of the command as a whole; 0 where each key has its own.
pub(crate) fn bytes(values: Values, args: &Args) -> u64 {
    match values {
        Values::No | Values::AfterKey | Values::AfterTwo => 0,
        Values::Arg(at) => args.len_of(at),
        Values::From(at) => sum(args, at),
        Values::AfterWords(at, words) => {
            let is_word = |at: &usize| words.iter().any(|word| args.is(*at, word));
            sum(args, at + (at..args.len()).take_while(is_word).count())
        }
        Values::Stream => stream(args),
        Values::Fields => match (2..args.len()).find(|at| args.is(*at, "fields")) {
            Some(at) => sum(args, at + 2),
            None => 0,
        },
    }
}

/// Value bytes of the key at `arg` alone, for commands that give each key its own value.
pub(crate) fn after_key(values: Values, arg: usize, args: &Args) -> Option<u64> {
    match values {
        Values::AfterKey => Some(args.len_of(arg + 1)),
        Values::AfterTwo => Some(args.len_of(arg + 2)),
        _ => None,
    }
}

fn sum(args: &Args, from: usize) -> u64 {
    (from..args.len()).map(|at| args.len_of(at)).sum()
}

/// `XADD key [NOMKSTREAM] [KEEPREF|DELREF|ACKED] [MAXLEN|MINID [=|~] threshold [LIMIT count]] id field value ...`
fn stream(args: &Args) -> u64 {
    let mut at = 2;
    while at < args.len() {
        if ["nomkstream", "keepref", "delref", "acked"].iter().any(|word| args.is(at, word)) {
            at += 1;
        } else if args.is(at, "maxlen") || args.is(at, "minid") {
            at += if args.is(at + 1, "=") || args.is(at + 1, "~") { 3 } else { 2 };
        } else if args.is(at, "limit") {
            at += 2;
        } else {
            return sum(args, at + 1);
        }
    }
    0
}
