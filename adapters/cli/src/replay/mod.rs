//! `keyviz replay FILE`: a trace, answered in text, picture and file.
//!
//! Two passes over the file. The first (`survey`) counts, finds the period, and keeps a fixed number of sampled keys
//! (`sample`), of which the hot prefixes (`prefixes`) and the routes (`cuts`) are made; the second (`feed`) observes
//! every record in virtual time. The answer (`answer`, told by `text`) is read from the same columns as the picture.
//! Memory is bounded whatever the input's size. Standard input is read once: its beginning is held (`input`), surveyed,
//! and replayed before the rest; as its end is not known, the columns (`recording`) become coarser as it goes on.

mod answer;
mod args;
mod cuts;
mod density;
mod feed;
mod hot;
mod input;
mod json;
mod moment;
mod outputs;
mod pass;
mod picture;
mod prefixes;
mod progress;
mod recording;
mod routes;
mod sample;
mod selection;
mod sheet;
mod step;
mod survey;
mod text;
mod unescape;

pub(crate) use args::ReplayArgs;

use std::path::Path;
use std::time::Instant;

use keyviz_admin::{Admin, Mode, Notice, TimeLabel};

use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::out;
use crate::web::Web;
use answer::Answer;
use feed::{Fed, Plan};
use input::Input;
use picture::Title;
use survey::Survey;

/// Most routes a trace is divided into.
const MAX_ROUTES: usize = 512;

/// Where the routes come from when not all of the trace was surveyed.
const FROM_HEAD: &str = "found in the first 64 MiB of the input; what only comes later shares their rows";

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let outputs = [("--json", &args.json), ("--csv", &args.csv), ("--png", &args.png)];
    outputs::check(&args.file, &outputs.map(|(flag, file)| (flag, file.as_deref())))?;
    let routes = args.routes.as_deref().map(routes::read).transpose()?;
    let mut input = Input::open(&args.file, args.reading())?;
    let survey = Survey::of(&input)?;
    let step_ms = step::choose(survey.first_us, survey.last_us, args.step())?;
    let sample = survey.sample.sorted();
    let prefixes = prefixes::find(&sample);
    let from_head = (survey.partial && routes.is_none()).then_some(FROM_HEAD);
    let catalog = Catalog::new(routes.unwrap_or_else(|| cuts::choose(&sample, &prefixes, MAX_ROUTES)));
    let plan = Plan { step_ms, fixed: args.step().is_some() };
    let fed = feed::run(&mut input, &catalog, &survey, plan)?;
    if !args.quiet {
        let answer = Answer::new(&fed, &catalog, &sample, &prefixes);
        out::say(&text::tell(&input, &fed, &answer, from_head, began.elapsed()))?;
    }
    files(args, &input, &fed)?;
    if args.serves() { serve(args, &input, &fed, from_head) } else { Ok(()) }
}

/// Writes the files asked for.
fn files(args: &ReplayArgs, input: &Input, fed: &Fed) -> Result<(), Failure> {
    let said = |what: &str, file: &Path| match args.quiet {
        true => Ok(()),
        false => out::say(&format!("{what:10}{}", input::name(file))),
    };
    if let Some(file) = &args.json {
        json::write(file, &fed.reader, args.series)?;
        said("json", file)?;
    }
    if let Some(file) = &args.csv {
        sheet::write(file, &fed.reader, args.series, fed.relative())?;
        said("csv", file)?;
    }
    if let Some(file) = &args.png {
        let title = Title { name: &input.name(), relative: fed.relative() };
        picture::write(file, &fed.reader, args.series, &title)?;
        said("png", file)?;
    }
    Ok(())
}

/// Shows the picture until a signal ends it.
fn serve(args: &ReplayArgs, input: &Input, fed: &Fed, from_head: Option<&str>) -> Result<(), Failure> {
    let label = if fed.relative() { TimeLabel::Relative } else { TimeLabel::Unix };
    let builder = Admin::builder(Some(fed.reader.clone()))
        .title(format!("replay of {}", input.name()))
        .mode(Mode::Static)
        .time_label(label);
    let (web, admin) = Web::bind(&args.admin, builder)?;
    admin.set_notice(from_head.map(|text| Notice {
        id: "routes-from-head".to_owned(),
        title: "Routes from the beginning of the input".to_owned(),
        text: format!("The routes were {text}."),
        since_unix_ms: 0,
        until_unix_ms: 0,
    }));
    out::say(&format!("\npage      {}\n          end with Ctrl-C", web.url()))?;
    web.serve(admin, std::future::pending())
}
