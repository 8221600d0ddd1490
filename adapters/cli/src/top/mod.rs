//! `keyviz top`: a running node, live on a terminal; or its hottest ranges, in text or JSON.

mod address;
mod args;
mod base64;
mod client;
mod color;
mod events;
mod key_format;
mod live;
mod table;

use std::io::IsTerminal;
use std::thread;
use std::time::Duration;

use crate::failure::Failure;
use crate::out;

pub(crate) use args::TopArgs;

/// The least and the greatest time between two lists.
const PAUSE_MS: (u64, u64) = (500, 60_000);

/// Live on a terminal; else asks once, or once a window until a signal ends the program.
pub(crate) fn run(args: &TopArgs) -> Result<(), Failure> {
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    // One that cannot move its cursor has no screen to draw on.
    let can_draw = std::env::var("TERM").is_ok_and(|term| !term.is_empty() && term != "dumb");
    if terminal && can_draw && !args.once && !args.json {
        return live::run(args, args.color.depth(|name| std::env::var(name).ok()), args.theme);
    }
    list(args)
}

fn list(args: &TopArgs) -> Result<(), Failure> {
    let token = args.token().map_err(Failure::new)?;
    let path = args.path();
    let mut last = None;
    let mut told_ms = None;
    loop {
        let body = client::get(&args.url, &path, token.as_deref()).map_err(|refusal| refusal.failure(&args.url))?;
        let foreign = |what: &str| Failure::new(format!("{}: {what}; is keyviz listening there?", args.url));
        let answer: serde_json::Value = serde_json::from_str(&body).map_err(|_| foreign("the answer is not JSON"))?;
        if !table::at(&answer, "/rows").is_array() {
            return Err(foreign("the answer is no list of ranges"));
        }
        let window = table::at(&answer, "/now/end_unix_ms").as_u64();
        if args.once || window != last {
            out::say(&if args.json {
                answer.to_string()
            } else {
                told(args, &answer, token.as_deref(), &mut told_ms)
            })?;
            last = window;
        }
        if args.once {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(pause_ms(&answer)));
    }
}

/// The hottest ranges, and what happened; a server that tells of no events is none to fail for.
fn told(args: &TopArgs, answer: &serde_json::Value, token: Option<&str>, told_ms: &mut Option<u64>) -> String {
    let ranges = table::tell(answer, args.limit, args.keys);
    let Some((from_ms, to_ms)) = events::since(answer, *told_ms, !args.once) else { return ranges };
    if from_ms == to_ms {
        return ranges;
    }
    *told_ms = Some(to_ms);
    let path = format!("{}{}/{}", args.url.prefix, keyviz_admin::BASE_PATH, events::path(from_ms, to_ms));
    let happened = client::get(&args.url, &path, token).map_or_else(|_| Vec::new(), |json| events::read(&json));
    ranges + &events::tell(&happened)
}

/// A quarter of a window, so that none is missed.
fn pause_ms(answer: &serde_json::Value) -> u64 {
    let instant = |path: &str| table::at(answer, path).as_u64().unwrap_or(0);
    let width_ms = instant("/now/end_unix_ms").saturating_sub(instant("/now/start_unix_ms"));
    (width_ms / 4).clamp(PAUSE_MS.0, PAUSE_MS.1)
}
