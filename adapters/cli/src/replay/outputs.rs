//! Checks the files to write before the work, not after it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::escape;
use crate::failure::Failure;

/// Refuses an output that is the trace itself or another output, under whatever name; that is a folder; or whose folder
/// is not there.
pub(crate) fn check(input: &Path, outputs: &[(&str, Option<&Path>)]) -> Result<(), Failure> {
    let outputs: Vec<(&str, &Path)> = outputs.iter().filter_map(|(flag, path)| Some((*flag, (*path)?))).collect();
    for (at, (flag, path)) in outputs.iter().enumerate() {
        let name = escape::key(path.as_os_str().as_encoded_bytes());
        let refuse = |why: &str| Err(Failure::new(format!("{flag} {name}: {why}")));
        if path.as_os_str() == "-" {
            return refuse("is no file; give the name of one");
        }
        if path.is_dir() {
            return refuse("is a folder; give the name of a file in it");
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return refuse("its folder is not there; make it, or name another");
        }
        if is_same(path, input) {
            return refuse("is the trace itself, which would be lost; name another file");
        }
        if let Some((other, _)) = outputs.iter().take(at).find(|(_, other)| *other == *path || is_same(path, other)) {
            return refuse(&format!("is what {other} is to be written to; name another file"));
        }
    }
    Ok(())
}

/// Whether two names lead to one file that is there.
fn is_same(a: &Path, b: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().filter(|m| m.is_file()).map(|m| (m.dev(), m.ino()));
    identity(a).is_some_and(|a| identity(b) == Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_lost_is_refused() {
        let dir = std::env::temp_dir().join(format!("keyviz-outputs-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (trace, link, new) = (dir.join("trace"), dir.join("link"), dir.join("new"));
        fs::write(&trace, "x").unwrap();
        fs::hard_link(&trace, &link).unwrap();
        let refused = |path: &Path| check(&trace, &[("--json", Some(path))]).is_err();
        assert!(refused(&trace) && refused(&link), "the trace, under both names");
        assert!(refused(&dir) && refused(&dir.join("no/file")) && refused(Path::new("-")));
        assert!(!refused(&new) && !refused(Path::new("new")));
        assert!(check(&trace, &[("--json", Some(&new)), ("--csv", Some(&new))]).is_err());
        assert!(check(&trace, &[("--json", None), ("--csv", Some(&new))]).is_ok());
        fs::remove_dir_all(&dir).unwrap();
    }
}
