//! A terminal that a test types into and reads: tmux, with a server of its own.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::{Dir, PATIENCE, text};

/// One screen with a shell in it; its server ends on drop.
pub struct Screen {
    name: String,
    dir: Dir,
}

impl Screen {
    /// `None` where tmux is not installed; that is a failure under `CI=true`.
    pub fn open(width: u16, height: u16) -> Option<Screen> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if Command::new("tmux").arg("-V").output().is_err() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "tmux is not installed");
            eprintln!("SKIPPED: tmux is not installed (apt-get install tmux)");
            return None;
        }
        let name = format!("keyviz-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let screen = Screen { name, dir: Dir::new() };
        let size = [width, height].map(|size| size.to_string());
        let shell = "PS1='ready> ' TERM=tmux-256color exec sh";
        let mut command = screen.tmux();
        // What these say of the machine's own terminal is not this one's.
        for name in ["NO_COLOR", "COLORTERM", "TMUX", "ENV"] {
            command.env_remove(name);
        }
        let started =
            command.args(["-f", "/dev/null", "new-session", "-d", "-x", &size[0], "-y", &size[1], shell]).status();
        assert!(started.unwrap().success());
        // Everything that reaches the terminal is kept, byte by byte.
        let raw = screen.dir.path().join("raw");
        screen.run(&["pipe-pane", "-O", &format!("cat > '{}'", raw.display())]);
        screen.until("ready>");
        Some(screen)
    }

    fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-L", &self.name, "-u"]).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> String {
        let done = self.tmux().args(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", text(&done.stderr));
        text(&done.stdout)
    }

    /// Types words as they are.
    pub fn line(&self, words: &str) {
        self.run(&["send-keys", "-l", words]);
        self.run(&["send-keys", "Enter"]);
    }

    /// Types letters, and nothing behind them.
    pub fn write(&self, words: &str) {
        self.run(&["send-keys", "-l", words]);
    }

    /// Presses keys by tmux's names for them.
    pub fn press(&self, keys: &[&str]) {
        for key in keys {
            self.run(&["send-keys", key]);
        }
    }

    /// The mouse, as a terminal tells of it: which button or wheel, a place counted from 1, and whether it goes down.
    pub fn mouse(&self, button: u8, (column, row): (u16, u16), down: bool) {
        self.run(&["send-keys", "-l", &format!("\u{1b}[<{button};{column};{row}{}", if down { 'M' } else { 'm' })]);
    }

    /// What is on the screen.
    pub fn shown(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// As [`Screen::shown`], with the escapes that colour it.
    pub fn coloured(&self) -> String {
        self.run(&["capture-pane", "-p", "-e"])
    }

    /// Every byte that the terminal was sent so far.
    pub fn raw(&self) -> Vec<u8> {
        std::fs::read(self.dir.path().join("raw")).unwrap_or_default()
    }

    /// Something that tmux knows of the pane.
    pub fn is(&self, what: &str) -> String {
        self.run(&["display-message", "-p", &format!("#{{{what}}}")]).trim().to_owned()
    }

    pub fn resize(&self, width: u16, height: u16) {
        self.run(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    /// Waits until the screen is as it should be; what it shows then.
    #[track_caller]
    pub fn until_it(&self, what: &str, check: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown();
            if check(&shown) {
                return shown;
            }
            assert!(Instant::now() < deadline, "it does not come to: {what}\n{shown}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until it shows these words.
    #[track_caller]
    pub fn until(&self, words: &str) -> String {
        self.until_it(words, |shown| shown.contains(words))
    }

    /// The terminal is as a shell has it: no other screen, a cursor, no word of the mouse, echo, lines, and Ctrl-C that interrupts.
    #[track_caller]
    pub fn assert_restored(&self) {
        self.until_it("the shell's prompt", |shown| shown.trim_end().ends_with("ready>"));
        let flags = ["alternate_on", "cursor_flag", "mouse_any_flag", "mouse_sgr_flag"].map(|flag| self.is(flag));
        assert_eq!(flags, ["0", "1", "0", "0"], "screen, cursor, mouse");
        self.line("clear; stty -a; echo 'stty' done");
        let modes = self.until("stty done");
        for mode in ["icanon", "echo", "isig", "opost"] {
            assert!(modes.split([' ', '\n', ';']).any(|word| word == mode), "{mode}: {modes}");
        }
        self.line("clear");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}
