//! The page's files, embedded. The list is written by hand, so that nothing gets into the binary
//! unseen; a test compares it with the folder.

/// One file of the page.
pub(crate) struct Asset {
    /// Its path below `ui/src`, and below `/admin/ui/` on the wire.
    pub(crate) name: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset { name: $name, content_type: $content_type, bytes: include_bytes!(concat!("../ui/src/", $name)) }
    };
}

/// What `/admin/` answers.
pub(crate) static INDEX: Asset = asset!("index.html", "text/html; charset=utf-8");

/// What `/admin/ui/` has, ordered by name.
static FILES: &[Asset] = &[
    asset!("accounts.js", "text/javascript; charset=utf-8"),
    asset!("api.js", "text/javascript; charset=utf-8"),
    asset!("asking.js", "text/javascript; charset=utf-8"),
    asset!("brush.js", "text/javascript; charset=utf-8"),
    asset!("colours.js", "text/javascript; charset=utf-8"),
    asset!("column_strip.js", "text/javascript; charset=utf-8"),
    asset!("controls.js", "text/javascript; charset=utf-8"),
    asset!("crosshair.js", "text/javascript; charset=utf-8"),
    asset!("dom.js", "text/javascript; charset=utf-8"),
    asset!("event_lane.js", "text/javascript; charset=utf-8"),
    asset!("event_list.js", "text/javascript; charset=utf-8"),
    asset!("fanout.js", "text/javascript; charset=utf-8"),
    asset!("fingers.js", "text/javascript; charset=utf-8"),
    asset!("found_row.js", "text/javascript; charset=utf-8"),
    asset!("fragment.js", "text/javascript; charset=utf-8"),
    asset!("gestures.js", "text/javascript; charset=utf-8"),
    asset!("go_to.js", "text/javascript; charset=utf-8"),
    asset!("halves.js", "text/javascript; charset=utf-8"),
    asset!("heatmap.js", "text/javascript; charset=utf-8"),
    asset!("hot_keys.js", "text/javascript; charset=utf-8"),
    asset!("hot_panel.js", "text/javascript; charset=utf-8"),
    asset!("hover.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
    asset!("key.js", "text/javascript; charset=utf-8"),
    asset!("key_axis.js", "text/javascript; charset=utf-8"),
    asset!("key_format.js", "text/javascript; charset=utf-8"),
    asset!("key_groups.js", "text/javascript; charset=utf-8"),
    asset!("key_parse.js", "text/javascript; charset=utf-8"),
    asset!("keyed.js", "text/javascript; charset=utf-8"),
    asset!("layout.js", "text/javascript; charset=utf-8"),
    asset!("legend.js", "text/javascript; charset=utf-8"),
    asset!("main.js", "text/javascript; charset=utf-8"),
    asset!("map_tools.js", "text/javascript; charset=utf-8"),
    asset!("map_view.js", "text/javascript; charset=utf-8"),
    asset!("matrix.js", "text/javascript; charset=utf-8"),
    asset!("message_view.js", "text/javascript; charset=utf-8"),
    asset!("navigator.js", "text/javascript; charset=utf-8"),
    asset!("node_panel.js", "text/javascript; charset=utf-8"),
    asset!("notice.js", "text/javascript; charset=utf-8"),
    asset!("number.js", "text/javascript; charset=utf-8"),
    asset!("page_state.js", "text/javascript; charset=utf-8"),
    asset!("palette.js", "text/javascript; charset=utf-8"),
    asset!("phases.js", "text/javascript; charset=utf-8"),
    asset!("picture.js", "text/javascript; charset=utf-8"),
    asset!("poller.js", "text/javascript; charset=utf-8"),
    asset!("recorded.js", "text/javascript; charset=utf-8"),
    asset!("redaction.js", "text/javascript; charset=utf-8"),
    asset!("scale.js", "text/javascript; charset=utf-8"),
    asset!("series.js", "text/javascript; charset=utf-8"),
    asset!("shortcuts.js", "text/javascript; charset=utf-8"),
    asset!("sparkline.js", "text/javascript; charset=utf-8"),
    asset!("state.js", "text/javascript; charset=utf-8"),
    asset!("status.js", "text/javascript; charset=utf-8"),
    asset!("style.css", "text/css; charset=utf-8"),
    asset!("sums.js", "text/javascript; charset=utf-8"),
    asset!("surfaces.js", "text/javascript; charset=utf-8"),
    asset!("time_axis.js", "text/javascript; charset=utf-8"),
    asset!("time_range.js", "text/javascript; charset=utf-8"),
    asset!("time_text.js", "text/javascript; charset=utf-8"),
    asset!("top_list.js", "text/javascript; charset=utf-8"),
    asset!("top_table.js", "text/javascript; charset=utf-8"),
    asset!("viewport.js", "text/javascript; charset=utf-8"),
];

/// The file of this name.
pub(crate) fn find(name: &str) -> Option<&'static Asset> {
    FILES.binary_search_by(|asset| asset.name.cmp(name)).ok().and_then(|at| FILES.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    fn listed(folder: &Path, prefix: &str, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => listed(&entry.path(), &format!("{name}/"), names),
                false => names.push(name),
            }
        }
    }

    #[test]
    fn every_file_of_the_page_is_listed_in_order() {
        let mut there = Vec::new();
        listed(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ui/src"), "", &mut there);
        there.retain(|name| name != "index.html");
        there.sort();
        let here: Vec<&str> = FILES.iter().map(|asset| asset.name).collect();
        assert_eq!(here, there, "src/assets.rs has to list the files of ui/src");
    }

    #[test]
    fn types_follow_the_names() {
        for asset in FILES.iter().chain([&INDEX]) {
            let expected = match asset.name.rsplit_once('.').unwrap().1 {
                "html" => "text/html; charset=utf-8",
                "js" => "text/javascript; charset=utf-8",
                "css" => "text/css; charset=utf-8",
                "svg" => "image/svg+xml",
                "png" => "image/png",
                "json" => "application/json",
                "woff2" => "font/woff2",
                other => panic!("{other}: say its type here"),
            };
            assert_eq!(asset.content_type, expected, "{}", asset.name);
            assert!(!asset.bytes.is_empty(), "{}", asset.name);
        }
    }

    #[test]
    fn the_page_fits_its_security_policy() {
        let html = std::str::from_utf8(INDEX.bytes).unwrap().to_ascii_lowercase();
        for inline in ["<style", " style=", " onclick=", " onload=", "javascript:", "http://", "https://"] {
            assert!(!html.contains(inline), "index.html has {inline}");
        }
        for script in html.split("<script").skip(1) {
            assert!(script.split('>').next().unwrap().contains("src="), "an inline script");
        }
    }

    #[test]
    fn only_listed_names_are_found() {
        for name in ["", "index.html", "../Cargo.toml", "nothing.js", "/etc/passwd"] {
            assert!(find(name).is_none(), "{name}");
        }
        assert!(FILES.iter().all(|asset| find(asset.name).is_some_and(|found| found.name == asset.name)));
    }
}
