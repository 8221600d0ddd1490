//! How many colours the terminal has, from what its environment says.

use clap::ValueEnum;

use super::live::Depth;

/// The colours of the live map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// What NO_COLOR, COLORTERM and TERM say
    #[default]
    Auto,
    /// 24 bits
    True,
    /// The usual 256
    #[value(name = "256")]
    Indexed,
    /// None: letters stand for rates
    Never,
}

impl ColorChoice {
    /// The colours of the terminal that this environment describes.
    pub(crate) fn depth(self, environment: impl Fn(&str) -> Option<String>) -> Depth {
        let value = |name: &str| environment(name).unwrap_or_default();
        let term = value("TERM");
        match self {
            ColorChoice::True => Depth::True,
            ColorChoice::Indexed => Depth::Indexed,
            ColorChoice::Never => Depth::None,
            ColorChoice::Auto if !value("NO_COLOR").is_empty() => Depth::None,
            ColorChoice::Auto if matches!(value("COLORTERM").as_str(), "truecolor" | "24bit") => Depth::True,
            ColorChoice::Auto if term.ends_with("-direct") => Depth::True,
            ColorChoice::Auto if term.contains("256color") => Depth::Indexed,
            ColorChoice::Auto => Depth::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_says() {
        let of = |choice: ColorChoice, pairs: &[(&str, &str)]| {
            choice.depth(|name| pairs.iter().find(|(one, _)| *one == name).map(|(_, value)| (*value).to_owned()))
        };
        let auto = ColorChoice::Auto;
        assert_eq!(of(auto, &[]), Depth::None);
        assert_eq!(of(auto, &[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(of(auto, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::True);
        assert_eq!(of(auto, &[("TERM", "xterm-direct")]), Depth::True);
        assert_eq!(of(auto, &[("TERM", "xterm-256color"), ("COLORTERM", "24bit"), ("NO_COLOR", "1")]), Depth::None);
        assert_eq!(of(auto, &[("TERM", "xterm-256color"), ("NO_COLOR", "")]), Depth::Indexed, "empty is not set");
        assert_eq!(of(auto, &[("TERM", "vt100")]), Depth::None);
        assert_eq!(of(ColorChoice::True, &[("NO_COLOR", "1")]), Depth::True, "who asks gets them");
        assert_eq!(of(ColorChoice::Never, &[("COLORTERM", "truecolor")]), Depth::None);
        assert_eq!(of(ColorChoice::Indexed, &[("COLORTERM", "truecolor")]), Depth::Indexed);
    }
}
