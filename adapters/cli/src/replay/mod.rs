//! `keyviz replay FILE`: a trace, answered in text, picture and file.
//!
//! Two passes over the file. The first (`survey`) counts, finds the period, and keeps a fixed number of sampled keys
//! (`sample`), of which the hot prefixes (`prefixes`) and the routes (`cuts`) are made; the second (`feed`) observes
//! every record in virtual time. The answer (`answer`, told by `text`) is read from the same columns as the picture.
//! Memory is bounded whatever the file's size.

mod answer;
mod args;
mod cuts;
mod density;
mod feed;
mod hot;
mod input;
mod json;
mod prefixes;
mod progress;
mod sample;
mod step;
mod survey;
mod text;

pub(crate) use args::ReplayArgs;

use std::time::Instant;

use keyviz_admin::{Admin, Mode, TimeLabel};

use crate::catalog::Catalog;
use crate::escape;
use crate::failure::Failure;
use crate::out;
use crate::web::Web;
use answer::Answer;
use input::Input;
use survey::Survey;

/// Most routes a trace is divided into.
const MAX_ROUTES: usize = 512;

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let input = Input::open(&args.file)?;
    let survey = Survey::of(&input)?;
    let step_ms = step::choose(survey.first_us, survey.last_us, args.step())?;
    let sample = survey.sample.sorted();
    let prefixes = prefixes::find(&sample);
    let catalog = Catalog::new(cuts::choose(&sample, &prefixes, MAX_ROUTES));
    let fed = feed::run(&input, &catalog, &survey, step_ms)?;
    let answer = Answer::new(&fed, &catalog, &sample, &prefixes);
    out::say(&text::tell(&input, &fed, &answer, began.elapsed()))?;
    if let Some(file) = &args.json {
        return json::write(file, &fed.reader, args.series);
    }
    if args.no_serve {
        return Ok(());
    }
    let label = if fed.relative() { TimeLabel::Relative } else { TimeLabel::Unix };
    let builder = Admin::builder(Some(fed.reader.clone()))
        .title(format!("replay of {}", escape::key(input.name().as_bytes())))
        .mode(Mode::Static)
        .time_label(label);
    let (web, admin) = Web::bind(&args.admin, builder)?;
    out::say(&format!("\npage      {}\n          end with Ctrl-C", web.url()))?;
    web.serve(admin, std::future::pending())
}
