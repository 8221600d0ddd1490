//! The shape of one row of the command table: Redis' own key specifications
//! (<https://redis.io/docs/latest/develop/reference/key-specs/>), and where the value bytes stand.

use crate::record::Op;

/// One command, or one subcommand (`object encoding`).
#[derive(Debug)]
pub(crate) struct Command {
    /// Lower case; a subcommand after one space.
    pub(crate) name: &'static str,
    /// Empty for a command without keys.
    pub(crate) specs: &'static [KeySpec],
    pub(crate) values: Values,
}

/// A group of keys with one use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySpec {
    pub(crate) op: Op,
    pub(crate) begin: Begin,
    pub(crate) find: Find,
}

/// Where a group starts. Positions count from the command's name, 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Begin {
    /// At this position.
    Index(usize),
    /// After this word, looked for from the position on; no word, no keys.
    Keyword(&'static str, usize),
}

/// Which arguments from there on are keys.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Find {
    /// The first one.
    One,
    /// Up to the argument this far from the end (1 is the last), each `step` positions.
    ToEnd { last: usize, step: usize },
    /// The first half of what is left: `STREAMS key key id id`.
    Half,
    /// All that is left, which is allowed to be nothing.
    RestIfAny,
    /// A number of keys, then the keys, each `step` positions.
    Counted { step: usize },
    /// The first one, unless it is empty: `MIGRATE ... "" ... KEYS key key`.
    OneUnlessEmpty,
    /// All keys that match the pattern: those from its literal beginning on, up to the first that begins otherwise.
    Pattern,
    /// The same of `SCAN cursor [MATCH pattern]`, once for all its calls: where the cursor is 0. Without a pattern, all
    /// keys.
    Cursor,
    /// The destination of `SORT`: options that take arguments of their own are stepped over, the last `STORE` counts.
    SortStore,
}

/// Which arguments are value bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values {
    /// None.
    No,
    /// One argument.
    Arg(usize),
    /// All arguments from a position.
    From(usize),
    /// The argument after each key.
    AfterKey,
    /// The second argument after each key: `JSON.MSET key path value`.
    AfterTwo,
    /// All arguments after leading option words, from a position on: `ZADD key NX CH 1 member`.
    AfterWords(usize, &'static [&'static str]),
    /// Fields and values after the identifier of `XADD`.
    Stream,
    /// Fields and values after `FIELDS n`: `HSETEX`.
    Fields,
}

const fn spec(op: Op, at: usize, find: Find) -> KeySpec {
    KeySpec { op, begin: Begin::Index(at), find }
}

const ALL: Find = Find::ToEnd { last: 1, step: 1 };

pub(crate) const R1: KeySpec = spec(Op::Read, 1, Find::One);
pub(crate) const R2: KeySpec = spec(Op::Read, 2, Find::One);
pub(crate) const W1: KeySpec = spec(Op::Write, 1, Find::One);
pub(crate) const W2: KeySpec = spec(Op::Write, 2, Find::One);
pub(crate) const R1_ALL: KeySpec = spec(Op::Read, 1, ALL);
pub(crate) const R2_ALL: KeySpec = spec(Op::Read, 2, ALL);
pub(crate) const R3_ALL: KeySpec = spec(Op::Read, 3, ALL);
pub(crate) const W1_ALL: KeySpec = spec(Op::Write, 1, ALL);
/// All but the last argument, which is a time-out or a path.
pub(crate) const W1_BUT_LAST: KeySpec = spec(Op::Write, 1, Find::ToEnd { last: 2, step: 1 });
pub(crate) const R1_BUT_LAST: KeySpec = spec(Op::Read, 1, Find::ToEnd { last: 2, step: 1 });
pub(crate) const W1_PAIRS: KeySpec = spec(Op::Write, 1, Find::ToEnd { last: 1, step: 2 });
pub(crate) const W1_TRIPLES: KeySpec = spec(Op::Write, 1, Find::ToEnd { last: 1, step: 3 });
pub(crate) const R1_COUNTED: KeySpec = spec(Op::Read, 1, Find::Counted { step: 1 });
pub(crate) const R2_COUNTED: KeySpec = spec(Op::Read, 2, Find::Counted { step: 1 });
pub(crate) const W1_COUNTED: KeySpec = spec(Op::Write, 1, Find::Counted { step: 1 });
pub(crate) const W2_COUNTED: KeySpec = spec(Op::Write, 2, Find::Counted { step: 1 });
pub(crate) const W1_COUNTED_PAIRS: KeySpec = spec(Op::Write, 1, Find::Counted { step: 2 });

pub(crate) const S1_PATTERN: KeySpec = spec(Op::Scan, 1, Find::Pattern);
pub(crate) const S1_CURSOR: KeySpec = spec(Op::Scan, 1, Find::Cursor);

/// After a word that stands at the position or later.
pub(crate) const fn after(op: Op, word: &'static str, from: usize, find: Find) -> KeySpec {
    KeySpec { op, begin: Begin::Keyword(word, from), find }
}

pub(crate) const fn at(op: Op, position: usize, find: Find) -> KeySpec {
    spec(op, position, find)
}
