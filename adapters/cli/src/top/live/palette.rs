//! Colours of rates: the page's palettes, as many of them as the terminal has.

use ratatui::style::Color;

/// What the page makes them of, written down by its tests: name and theme, 256 colours, and four that are no level.
const TABLE: &str = include_str!("palettes.txt");
/// Names in the order of the choice.
pub(super) const NAMES: [&str; 3] = ["ember", "viridis", "cividis"];
/// The greatest level.
pub(super) const TOP_LEVEL: u8 = 255;
/// Levels that look alike, so that a load that breathes does not send every cell anew.
const ALIKE: u8 = 4;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// 24 bits.
    True,
    /// The usual 256.
    Indexed,
    /// None that can be relied on: letters stand for rates.
    None,
}

/// What the picture is painted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Dark,
    Light,
}

impl Theme {
    const fn name(self) -> &'static str {
        match self {
            Theme::Dark => "dark",
            Theme::Light => "light",
        }
    }
}

/// A palette in the terminal's colours.
#[derive(Clone, Debug)]
pub(super) struct Palette {
    pub(super) depth: Depth,
    levels: Vec<Color>,
    /// Where no column lies.
    pub(super) outside: Color,
    /// What strikes out a gap.
    pub(super) gap: Color,
    /// What marks an open window or an estimate, over a colour.
    pub(super) over: Color,
    /// Of the crosshair, and of conflicts: in no palette.
    pub(super) mark: Color,
}

impl Palette {
    pub(super) fn of(name: &str, theme: Theme, depth: Depth) -> Palette {
        let mut words = TABLE.split_whitespace().skip_while({
            let mut before = "";
            move |word| {
                let here = before == name && *word == theme.name();
                before = word;
                !here
            }
        });
        words.next();
        let colors: Vec<[u8; 3]> = words.take(260).map_while(rgb).collect();
        let shown = |rgb: [u8; 3]| match depth {
            Depth::True => Color::Rgb(rgb[0], rgb[1], rgb[2]),
            Depth::Indexed => Color::Indexed(nearest(rgb)),
            Depth::None => Color::Reset,
        };
        let ground = |at: usize| colors.get(256 + at).copied().map_or(Color::Reset, shown);
        let levels = match depth {
            Depth::Indexed => rising(colors.get(..256).unwrap_or_default()),
            _ => colors.iter().take(256).copied().map(shown).collect(),
        };
        Palette { depth, levels, outside: ground(0), gap: ground(1), over: ground(2), mark: ground(3) }
    }

    /// The colour of a level; 0 is nothing counted, and no other level looks like it.
    pub(super) fn color(&self, level: u8) -> Color {
        let alike = if level == 0 { 0 } else { (level - 1) / ALIKE * ALIKE + 1 };
        self.levels.get(usize::from(alike)).copied().unwrap_or(Color::Reset)
    }
}

/// The letter of a level where there are no colours: the more ink, the more load.
pub(super) fn letter(level: u8) -> char {
    const LETTERS: [char; 9] = ['.', ':', '-', '=', '+', '*', '%', '#', '@'];
    match level {
        0 => ' ',
        _ => LETTERS.get(usize::from(level - 1) * LETTERS.len() / 255).copied().unwrap_or('@'),
    }
}

fn rgb(hex: &str) -> Option<[u8; 3]> {
    let number = u32::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 6)?;
    let [_, rgb @ ..] = number.to_be_bytes();
    Some(rgb)
}

/// The 240 colours of the usual 256 that look the same everywhere: a cube of six steps, and greys.
fn usual(index: u8) -> [u8; 3] {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index.checked_sub(16) {
        Some(at @ 0..216) => {
            [at / 36, at / 6 % 6, at % 6].map(|step| STEPS.get(usize::from(step)).copied().unwrap_or(0))
        }
        Some(grey) => [8 + 10 * (grey - 216); 3],
        None => [0; 3],
    }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    // Eyes tell greens apart best and blues least.
    a.iter().zip(b).zip([3, 4, 2]).map(|((a, b), weight)| weight * u32::from(a.abs_diff(b)).pow(2)).sum()
}

fn nearest(rgb: [u8; 3]) -> u8 {
    (16..=255).min_by_key(|index| distance(usual(*index), rgb)).unwrap_or(16)
}

fn lightness(rgb: [u8; 3]) -> u32 {
    rgb.iter().zip([2126, 7152, 722]).map(|(channel, weight)| weight * u32::from(*channel).pow(2)).sum()
}

/// The nearest colours, each at least as far from the ground in lightness as the one before: a hotter cell is never
/// shown as a colder one, and none as nothing.
fn rising(colors: &[[u8; 3]]) -> Vec<Color> {
    let ends = colors.get(1).copied().zip(colors.last().copied());
    let Some((least, most)) = ends else { return Vec::new() };
    let up = lightness(most) > lightness(least);
    let beyond = |a: [u8; 3], b: [u8; 3]| if up { lightness(a) >= lightness(b) } else { lightness(a) <= lightness(b) };
    let ground = nearest(colors.first().copied().unwrap_or_default());
    let mut last: Option<u8> = None;
    let found = colors.iter().skip(1).map(|color| {
        let fits = |index: &u8| *index != ground && last.is_none_or(|last| beyond(usual(*index), usual(last)));
        last = (16..=255).filter(fits).min_by_key(|index| distance(usual(*index), *color)).or(last);
        Color::Indexed(last.unwrap_or(ground))
    });
    std::iter::once(Color::Indexed(ground)).chain(found).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_all_of_them() {
        for name in NAMES {
            for theme in [Theme::Dark, Theme::Light] {
                let palette = Palette::of(name, theme, Depth::True);
                assert_eq!(palette.levels.len(), 256, "{name}");
                assert!(palette.levels.iter().all(|color| matches!(color, Color::Rgb(..))), "{name}");
                assert_ne!(palette.mark, Color::Reset);
            }
        }
        let dark = Palette::of("ember", Theme::Dark, Depth::True);
        assert_eq!([dark.levels[0], dark.levels[255]], [Color::Rgb(0x1b, 0x1f, 0x26), Color::Rgb(0xfd, 0xf6, 0xc9)]);
        assert_eq!(dark.mark, Color::Rgb(64, 196, 255));
    }

    #[test]
    fn a_hotter_cell_is_never_shown_as_a_colder_one_or_as_nothing() {
        for name in NAMES {
            for theme in [Theme::Dark, Theme::Light] {
                let palette = Palette::of(name, theme, Depth::Indexed);
                let index = |level: u8| match palette.color(level) {
                    Color::Indexed(index) => index,
                    other => panic!("{other:?}"),
                };
                let light: Vec<u32> = (1..=255).map(|level| lightness(usual(index(level)))).collect();
                let sorted = if theme == Theme::Dark { light.is_sorted() } else { light.iter().rev().is_sorted() };
                assert!(sorted, "{name} {theme:?}: {light:?}");
                assert!((1..=255).all(|level| index(level) != index(0)), "{name} {theme:?}");
                let mut told: Vec<u8> = (1..=255).map(index).collect();
                told.dedup();
                assert!(told.len() >= 8, "{name} {theme:?}: {told:?}");
                let plain = Palette::of(name, theme, Depth::True);
                assert!((1..=255).all(|level| plain.color(level) != plain.color(0)));
            }
        }
        assert_eq!([letter(0), letter(1), letter(255)], [' ', '.', '@']);
    }
}
