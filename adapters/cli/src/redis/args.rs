//! The flags of `keyviz redis`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use keyviz_admin::{AdminArgs, ByteSize, ExposedFile, HistoryArgs, Millis};

use super::tls::TlsFiles;
use super::url::Address;
use crate::failure::Failure;

/// The step unless it is said otherwise.
const STEP_MS: u64 = 1000;

/// Most servers at once.
pub(super) const MOST_SERVERS: usize = 64;

/// Watch what live Redis or Valkey servers are asked, and show it.
///
/// The password comes from the environment (REDISCLI_AUTH) or a file, never from the command line.
#[derive(Args, Clone, Debug)]
pub(crate) struct RedisArgs {
    /// The servers: redis://HOST, redis://USER@HOST:PORT, rediss:// for TLS, unix:///PATH, or HOST:PORT. Several
    /// are the nodes of one picture. All databases are watched, also where an address names one; 1 to 15 are the labels db1 to
    /// db15
    // Texts, not addresses: a refusal by clap would show what was written, and that may be a password.
    #[arg(value_name = "URL", required = true)]
    urls: Vec<String>,

    /// How long to watch; 0 until it is stopped. MONITOR costs the server as long as it runs
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    duration: Millis,

    /// Watch only a part of the time: 1s/10s is one second of every ten, at a tenth of the cost. What is between is shown
    /// as missing
    #[arg(long, value_name = "ON/PERIOD")]
    duty: Option<Duty>,

    /// Time that one column stands for, from 100ms to 24h; it divides both times of --duty [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = step)]
    step: Option<Millis>,

    /// Most that may wait in the server for keyviz, 1MiB to 1GiB; near the server's maxmemory it is less. Beyond it the
    /// server is told to end the connection
    #[arg(long, value_name = "SIZE", default_value = "32MiB", value_parser = buffer)]
    max_server_buffer: ByteSize,

    /// File whose first line is the password; else it is taken from REDISCLI_AUTH
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// Certificates to trust for rediss://, instead of the system's (PEM)
    #[arg(long, value_name = "FILE")]
    cacert: Option<PathBuf>,

    /// Our own certificate for rediss://, where the server asks for one (PEM)
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,

    /// The key of --cert (PEM)
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,

    /// End without serving the page, with the answer in text
    #[arg(long)]
    pub(crate) no_serve: bool,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// A part of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Duty {
    pub(crate) on_ms: u64,
    pub(crate) period_ms: u64,
}

impl FromStr for Duty {
    type Err = String;

    fn from_str(text: &str) -> Result<Duty, String> {
        let (on, period) = text.split_once('/').ok_or("write a time and a period: 1s/10s")?;
        let read = |text: &str| text.parse::<Millis>().map(|millis| millis.0).map_err(|error| error.to_string());
        let duty = Duty { on_ms: read(on)?, period_ms: read(period)? };
        match duty {
            Duty { on_ms: 100.., period_ms: ..=86_400_000 } if duty.period_ms >= duty.on_ms.saturating_add(500) => {
                Ok(duty)
            }
            _ => Err("use at least 100ms, of a period that is at least 500ms longer and at most 24h".to_owned()),
        }
    }
}

impl RedisArgs {
    /// The servers.
    ///
    /// # Errors
    /// Where one of the addresses is none, by its number: its text may hold a password.
    pub(crate) fn addresses(&self) -> Result<Vec<Address>, Failure> {
        if self.urls.len() > MOST_SERVERS {
            return Err(Failure::new(format!("at most {MOST_SERVERS} servers at once")));
        }
        let mut addresses: Vec<Address> = Vec::new();
        for (number, url) in (1..).zip(&self.urls) {
            let address: Address =
                url.parse().map_err(|error| Failure::new(format!("server {number} of the command line: {error}")))?;
            if addresses.iter().any(|other| other.place == address.place) {
                return Err(Failure::new(format!("{} is named twice; it would count twice", address.name())));
            }
            addresses.push(address);
        }
        Ok(addresses)
    }

    /// 0: until it is stopped.
    pub(crate) fn duration_ms(&self) -> u64 {
        self.duration.0
    }

    pub(crate) fn duty(&self) -> Option<Duty> {
        self.duty
    }

    /// The step asked for, else a second, else the time that is watched at once.
    ///
    /// # Errors
    /// Where it does not divide the times of `--duty`.
    pub(crate) fn step_ms(&self) -> Result<u64, Failure> {
        let Some(duty) = self.duty else { return Ok(self.step.map_or(STEP_MS, |step| step.0)) };
        let divides = |step_ms: &u64| duty.on_ms.is_multiple_of(*step_ms) && duty.period_ms.is_multiple_of(*step_ms);
        let step_ms = match self.step {
            Some(step) => Some(step.0).filter(divides),
            None => [STEP_MS, duty.on_ms, 100].into_iter().find(divides),
        };
        step_ms.ok_or_else(|| {
            Failure::new("--step has to divide both times of --duty, so that no column is watched in part")
        })
    }

    pub(crate) fn most_buffer_bytes(&self) -> u64 {
        self.max_server_buffer.0 as u64
    }

    /// The files with the password and the key that other users of this machine can get at.
    pub(crate) fn exposed_files(&self) -> Vec<ExposedFile> {
        [&self.password_file, &self.key].into_iter().flatten().filter_map(|file| ExposedFile::look(file)).collect()
    }

    pub(crate) fn tls(&self) -> TlsFiles {
        TlsFiles { cacert: self.cacert.clone(), cert: self.cert.clone(), key: self.key.clone() }
    }
}

fn duration(text: &str) -> Result<Millis, String> {
    if text.trim() == "0" {
        return Ok(Millis(0));
    }
    let millis: Millis = text.parse().map_err(|error| format!("{error}"))?;
    // A month; longer is until it is stopped.
    if (1000..=2_678_400_000).contains(&millis.0) { Ok(millis) } else { Err("use 1s to 31d, or 0".to_owned()) }
}

fn step(text: &str) -> Result<Millis, String> {
    let millis: Millis = text.parse().map_err(|error| format!("{error}"))?;
    if (100..=86_400_000).contains(&millis.0) { Ok(millis) } else { Err("use 100ms to 24h".to_owned()) }
}

fn buffer(text: &str) -> Result<ByteSize, String> {
    let size: ByteSize = text.parse().map_err(|error| format!("{error}"))?;
    if (1 << 20..=1 << 30).contains(&size.0) { Ok(size) } else { Err("use 1MiB to 1GiB".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        redis: RedisArgs,
    }

    fn flags(words: &[&str]) -> Result<RedisArgs, clap::Error> {
        Flags::try_parse_from(["redis"].iter().chain(words)).map(|flags| flags.redis)
    }

    #[test]
    fn durations_and_duties() {
        let read = |words: &[&str]| flags(words).unwrap();
        assert_eq!(read(&["a"]).duration_ms(), 60_000);
        assert_eq!(read(&["a", "--duration", "0"]).duration_ms(), 0);
        assert_eq!(read(&["a"]).most_buffer_bytes(), 32 << 20);
        let duty = read(&["a", "--duty", "1s/10s"]);
        assert_eq!(duty.duty(), Some(Duty { on_ms: 1000, period_ms: 10_000 }));
        assert_eq!(duty.step_ms().unwrap(), 1000);
        assert_eq!(read(&["a", "--duty", "250ms/1s"]).step_ms().unwrap(), 250);
        assert!(read(&["a", "--duty", "1s/10s", "--step", "300ms"]).step_ms().is_err());
        for words in [
            &["a", "--duty", "10s/1s"][..],
            &["a", "--duty", "1s"],
            &["a", "--duration", "60"],
            &["a", "--duration", "10ms"],
            &["a", "--max-server-buffer", "1k"],
            &["a", "--cert", "f"],
            &[],
        ] {
            assert!(flags(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn an_address_that_is_refused_is_not_told() {
        let refused = flags(&["a", "redis://:s3cret@b"]).unwrap().addresses().unwrap_err().to_string();
        assert!(refused.contains("server 2") && !refused.contains("s3cret"), "{refused}");
        assert!(flags(&["a", "redis://a:6379/1"]).unwrap().addresses().unwrap_err().to_string().contains("twice"));
    }
}
