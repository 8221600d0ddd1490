//! Files with secrets that others can get at.

use std::fmt;
use std::path::{Path, PathBuf};

/// Others may read or write, or the group may write. What the group alone may read is left to whoever set it so.
#[cfg(unix)]
const EXPOSED: u32 = 0o026;

/// A file with a secret that other users of the machine can read or change. Print it on each start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "print it on each start"]
pub struct ExposedFile {
    path: PathBuf,
    mode: u32,
}

impl ExposedFile {
    /// Looks at the mode of a file with a secret: a token, a password, a key. Nothing where it is as it should be, cannot
    /// be looked at, or where the system has no such modes.
    ///
    /// It is a warning and no refusal: where secrets are mounted into a container, they often are readable by everybody
    /// in it.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(unix)] {
    /// use keyviz_admin::ExposedFile;
    /// use std::os::unix::fs::PermissionsExt;
    /// let path = std::env::temp_dir().join(format!("keyviz-example-secret-{}", std::process::id()));
    /// std::fs::write(&path, "0123456789abcdef")?;
    /// std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644))?;
    /// assert!(ExposedFile::look(&path).is_some_and(|exposed| exposed.to_string().contains("chmod 600")));
    /// std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    /// assert_eq!(ExposedFile::look(&path), None);
    /// # std::fs::remove_file(&path)?;
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn look(path: &Path) -> Option<ExposedFile> {
        #[cfg(unix)]
        {
            let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            (mode & EXPOSED != 0).then(|| ExposedFile { path: path.to_owned(), mode })
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            None
        }
    }
}

impl fmt::Display for ExposedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, mode) = (self.path.display(), self.mode);
        let what = if mode & 0o022 == 0 { "read" } else { "change" };
        write!(
            f,
            "warning: other users of this machine can {what} {path}, which has a secret in it (mode {mode:03o}); chmod 600 \
             {path}"
        )
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_others_can_get_at_is_told_with_what_to_do() {
        let path = std::env::temp_dir().join(format!("keyviz-exposed-{}", std::process::id()));
        fs::write(&path, "secret-canary").unwrap();
        let told = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            ExposedFile::look(&path).map(|exposed| exposed.to_string())
        };
        for mode in [0o600, 0o400, 0o640, 0o440, 0o700] {
            assert_eq!(told(mode), None, "{mode:o}");
        }
        for (mode, what) in [(0o644, "can read"), (0o604, "can read"), (0o660, "can change"), (0o666, "can change")] {
            let text = told(mode).unwrap();
            assert!(text.contains(what) && text.contains(&format!("(mode {mode:o})")), "{text}");
            assert!(text.ends_with(&format!("chmod 600 {}", path.display())) && !text.contains("canary"), "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(ExposedFile::look(&path), None);
    }
}
