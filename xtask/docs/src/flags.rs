//! The sampler's and the endpoint's flags, as a host that flattens them has them.

use clap::{Args, Command};
use keyviz_admin::{AdminArgs, SamplerArgs};

/// A flag.
pub struct Flag {
    /// What the host's program knows it by: `keyviz_` and the field's name.
    pub id: String,
    /// `--keyviz-step`.
    pub flag: String,
    /// `KEYVIZ_STEP`.
    pub environment: String,
    /// What it stands at.
    pub default: String,
    /// What the help says.
    pub help: String,
}

/// All flags of the sampler that the help shows.
pub fn all() -> Vec<Flag> {
    of(&SamplerArgs::augment_args(Command::new("host")))
}

/// All flags of the endpoint that the help shows.
pub fn of_endpoint() -> Vec<Flag> {
    of(&AdminArgs::augment_args(Command::new("host")))
}

fn of(command: &Command) -> Vec<Flag> {
    let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
    shown
        .map(|argument| Flag {
            id: argument.get_id().to_string(),
            flag: argument.get_long().map(|name| format!("--{name}")).unwrap_or_default(),
            environment: argument.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            default: argument
                .get_default_values()
                .first()
                .map(|v| v.to_string_lossy().into_owned())
                .unwrap_or_default(),
            help: argument.get_help().map(ToString::to_string).unwrap_or_default(),
        })
        .collect()
}

/// Whether a flag is the one of a field; a flag says its unit with its value, so it lacks the name's.
pub fn is_of(flag: &Flag, field: &str) -> bool {
    let name = flag.id.strip_prefix("keyviz_");
    let ranges = field == "partition" && name == Some("auto_ranges");
    name == Some(field) || name == field.strip_suffix("_ms") || ranges
}
