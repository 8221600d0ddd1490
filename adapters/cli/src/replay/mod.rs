//! `keyviz replay FILE`: a trace, answered in text, picture and file.
//!
//! Two passes over the file. The first (`survey`) counts, finds the period, and keeps a fixed number of sampled keys
//! (`sample`), of which the hot prefixes (`prefixes`) and the routes (`cuts`, all in `division`) are made; the second
//! (`feed`) observes every record in virtual time. The answer (`answer`, told by `text`) is read from the same columns
//! as the picture. Memory is bounded whatever the input's size. Standard input is read once: its beginning is held
//! (`input`), surveyed, and replayed before the rest; as its end is not known, the columns (`recording`) become coarser
//! as it goes on. `--speed` and `--follow` (`live`) do the second pass while the page is looked at, from inputs that may
//! have no more for now (`tail`, `pipe`, `following`).

pub(crate) mod answer;
mod args;
pub(crate) mod cuts;
mod density;
mod division;
mod feed;
mod following;
mod hot;
mod html;
mod input;
mod json;
mod live;
mod moment;
mod notes;
mod outputs;
mod pace;
mod pass;
mod picture;
mod pipe;
mod prefix_counts;
pub(crate) mod prefixes;
mod progress;
mod recording;
mod routes;
pub(crate) mod sample;
mod selection;
mod sheet;
mod step;
mod survey;
mod tail;
pub(crate) mod text;

pub(crate) use args::ReplayArgs;

use std::path::Path;
use std::time::Instant;

use keyviz_admin::{Access, Admin, Mode, Redactor, TimeLabel};
use keyviz_trace::Clock;

use crate::failure::Failure;
use crate::out;
use crate::web::Web;
use answer::Answer;
use division::Division;
use feed::{Fed, Plan};
use input::Input;
use notes::Note;
use picture::Title;
use survey::Survey;

/// Most routes a trace is divided into.
const MAX_ROUTES: usize = 512;

/// The shortest step that is chosen for a file that is followed: what it holds at first may be short, what comes is not.
const FOLLOWED_STEP_MS: u64 = 1000;

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let outputs = [("--json", &args.json), ("--csv", &args.csv), ("--png", &args.png), ("--html", &args.html)];
    outputs::check(&args.file, &outputs.map(|(flag, file)| (flag, file.as_deref())))?;
    let exports = args.admin.exports().map_err(|error| Failure::new(error.to_string()))?;
    let boundaries = args.routes.as_deref().map(routes::read).transpose()?;
    if args.is_live() {
        return watch(args, &exports, boundaries, began);
    }
    let mut input = Input::open(&args.file, args.reading())?;
    let survey = Survey::of(&input)?;
    let step_ms = step::choose(survey.first_us, survey.last_us, args.step())?;
    let division = Division::new(boundaries, &survey);
    let plan = Plan { step_ms, fixed: args.step().is_some() };
    let fed = feed::run(&mut input, &division, &survey, plan)?;
    let notes = notes::of(&survey, division.found, Some(&fed.tally));
    let redactor = exports.redactor();
    tell(args, &input.name(), &fed, (&division, &notes, &redactor), began)?;
    files(args, &input, &fed, &notes, (exports, &redactor))?;
    if args.serves() { serve(args, &input, &fed, &notes) } else { Ok(()) }
}

/// Replays while the page is looked at.
fn watch(args: &ReplayArgs, exports: &Access, boundaries: Option<Vec<Vec<u8>>>, began: Instant) -> Result<(), Failure> {
    let (web, mut input, survey) = if args.follow {
        let web = Web::bind(&args.admin)?;
        match following::first(&args.file, &args.reading(), &web.stop())? {
            Some((input, survey)) => (web, input, survey),
            None => return Ok(()),
        }
    } else {
        // From the binding on signals are waited for by those who look at them; a survey does not.
        let input = Input::open(&args.file, args.reading())?;
        let survey = Survey::of(&input)?;
        (Web::bind(&args.admin)?, input, survey)
    };
    let chosen_ms = step::choose(survey.first_us, survey.last_us, args.step())?;
    let least_ms = if args.follow && args.step().is_none() { FOLLOWED_STEP_MS } else { chosen_ms };
    let division = Division::new(boundaries, &survey);
    let plan = live::Plan { division: &division, survey: &survey, step_ms: chosen_ms.max(least_ms), speed: args.speed };
    let (name, redactor) = (input.name(), exports.redactor());
    live::run(web, &mut input, &plan, |fed, cut_short| {
        let mut notes = notes::of(&survey, division.found, Some(&fed.tally));
        notes.extend(cut_short.then(notes::stopped));
        tell(args, &name, fed, (&division, &notes, &redactor), began)
    })
}

/// Answers in words.
fn tell(
    args: &ReplayArgs,
    name: &str,
    fed: &Fed,
    (division, notes, redactor): (&Division, &[Note], &Redactor),
    began: Instant,
) -> Result<(), Failure> {
    if args.quiet {
        return Ok(());
    }
    let answer = Answer::new(fed, division);
    out::say(&text::tell(name, fed, (&answer, redactor), notes, began.elapsed()))
}

/// Writes the files asked for.
fn files(
    args: &ReplayArgs,
    input: &Input,
    fed: &Fed,
    notes: &[Note],
    (exports, redactor): (Access, &Redactor),
) -> Result<(), Failure> {
    let said = |what: &str, file: &Path| match args.quiet {
        true => Ok(()),
        false => out::say(&format!("{what:10}{}", input::name(file))),
    };
    if let Some(file) = &args.json {
        json::write(file, &input.name(), fed, notes, (args.series, redactor))?;
        said("json", file)?;
    }
    if let Some(file) = &args.csv {
        sheet::write(file, &fed.reader, (args.series, redactor), fed.relative())?;
        said("csv", file)?;
    }
    if let Some(file) = &args.png {
        let title = Title { name: &input.name(), relative: fed.relative(), spread: fed.clock == Clock::None };
        picture::write(file, &fed.reader, (args.series, redactor), &title)?;
        said("png", file)?;
    }
    if let Some(file) = &args.html {
        html::write(file, &input.name(), fed, notes, (args.series, exports))?;
        said("html", file)?;
    }
    Ok(())
}

/// Shows the picture until a signal ends it.
fn serve(args: &ReplayArgs, input: &Input, fed: &Fed, notes: &[Note]) -> Result<(), Failure> {
    let label = if fed.relative() { TimeLabel::Relative } else { TimeLabel::Unix };
    let mut web = Web::bind(&args.admin)?;
    let admin = web.admin(
        Admin::builder(Some(fed.reader.clone()))
            .title(format!("replay of {}", input.name()))
            .mode(Mode::Static)
            .time_label(label),
    );
    admin.set_notice(notes::notice(notes));
    out::say(&format!("\npage      {}\n          end with Ctrl-C", web.url()))?;
    web.serve(admin, std::future::pending())
}
