//! The flags of `keyviz top`.

use std::path::PathBuf;

use clap::Args;
use keyviz_admin::ExposedFile;
use keyviz_core::Series;

use super::address::Address;
use super::color::ColorChoice;
use super::key_format::KeyFormat;
use super::live::Theme;
use crate::out;

/// The longest token file that is read.
const TOKEN_BYTES: usize = 4096;

/// Show a running node live in the terminal: the map, its hottest ranges, a cell's keys.
///
/// Where standard output or input is no terminal, or a dumb one, and with --json, it is the list of the hottest ranges, one for each window.
#[derive(Args, Clone, Debug)]
pub(crate) struct TopArgs {
    /// Where the node listens
    #[arg(default_value = "http://127.0.0.1:8765", value_name = "URL")]
    pub(crate) url: Address,

    /// One list, then end
    #[arg(long)]
    pub(crate) once: bool,

    /// The list as one line of JSON, with keys in base64
    #[arg(long)]
    pub(crate) json: bool,

    /// What to rank by: ops, reads, writes, read_bytes, write_bytes, scans
    #[arg(long, default_value = "ops", value_name = "SERIES", value_parser = series)]
    series: Series,

    /// The most ranges of the list, 1 to 1024
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) limit: u16,

    /// Only the traffic of this label
    #[arg(long, value_name = "LABEL", value_parser = label)]
    label: Option<String>,

    /// File with the bearer token that the node asks for
    #[arg(long, env = "KEYVIZ_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// The colours of the live map: auto, true (24 bits), 256, never (letters stand for rates)
    #[arg(long, default_value = "auto", value_name = "COLOURS", hide_possible_values = true)]
    pub(crate) color: ColorChoice,

    /// What the live map is painted on: dark, light
    #[arg(long, default_value = "dark", value_name = "THEME", value_parser = theme)]
    pub(crate) theme: Theme,

    /// How the bytes of keys are written: utf8, hex, u64be, uuid
    #[arg(long, default_value = "utf8", value_name = "FORMAT", value_parser = KeyFormat::parse)]
    pub(crate) keys: KeyFormat,

    /// Leave the mouse to the terminal, which then selects text; the live map is moved in by keys (m)
    #[arg(long)]
    pub(crate) no_mouse: bool,
}

fn theme(name: &str) -> Result<Theme, String> {
    match name {
        "dark" => Ok(Theme::Dark),
        "light" => Ok(Theme::Light),
        _ => Err("use dark or light".to_owned()),
    }
}

fn series(name: &str) -> Result<Series, String> {
    Series::parse(name).ok_or_else(|| "use ops, reads, writes, read_bytes, write_bytes or scans".to_owned())
}

fn label(name: &str) -> Result<String, String> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    match (1..=32).contains(&name.len()) && name.bytes().all(letter) {
        true => Ok(name.to_owned()),
        false => Err("a label is 1 to 32 of a-z, 0-9, _ and -".to_owned()),
    }
}

impl TopArgs {
    /// What is looked at first: the series, and whose traffic.
    pub(crate) fn shown(&self) -> (Series, Option<String>) {
        (self.series, self.label.clone())
    }

    /// Path and query of the request.
    pub(crate) fn path(&self) -> String {
        let label = self.label.as_ref().map_or(String::new(), |label| format!("&label={label}"));
        let path = keyviz_admin::BASE_PATH;
        format!("{}{path}/top?series={}&limit={}{label}", self.url.prefix, self.series.name(), self.limit)
    }

    /// The token, never from the command line, where every user of the machine could read it.
    pub(crate) fn token(&self) -> Result<Option<String>, String> {
        let Some(path) = &self.token_file else { return Ok(None) };
        ExposedFile::look(path).into_iter().for_each(|exposed| out::complain(&exposed.to_string()));
        let fail = |why: &str| format!("the token in {}: {why}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| fail(&error.to_string()))?;
        let token = text.trim();
        if token.is_empty() || token.len() > TOKEN_BYTES || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(fail("it has to be visible ASCII without spaces"));
        }
        Ok(Some(token.to_owned()))
    }
}
