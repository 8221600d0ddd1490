//! The endpoint's settings as flags.

use crate::access::{Access, AccessError};
use crate::exposed::ExposedFile;
use crate::host::Host;
use crate::key_names_file::{KeyNamesFileError, key_names_from_file};
use crate::listen::{ListenError, ListenWarning, check_listen};
use crate::redaction::Redaction;
use crate::split_template::SplitTemplate;
use crate::token::Token;
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args};
use keyviz_core::KeyNames;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// Where the endpoint listens and who may ask, as flags and environment variables `KEYVIZ_*`.
#[derive(Args, Clone, Debug)]
// A host describes itself: the text above is not its description.
#[command(next_help_heading = "Admin endpoint", about = None::<&str>, long_about = None::<&str>)]
pub struct AdminArgs {
    /// Address of the page and the API; `localhost` stands for 127.0.0.1
    #[arg(long, env = "KEYVIZ_LISTEN", default_value = "127.0.0.1:8765", value_parser = listen, value_name = "ADDR:PORT")]
    pub listen: SocketAddr,

    /// File with the bearer token of role full; beyond loopback it or the next is needed
    #[arg(long, env = "KEYVIZ_ADMIN_TOKEN_FILE", value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,

    /// File with the bearer token of role read: the picture with keys redacted, no hot keys, no snapshot
    #[arg(long, env = "KEYVIZ_ADMIN_READ_TOKEN_FILE", value_name = "FILE")]
    pub admin_read_token_file: Option<PathBuf>,

    /// What role full sees of keys, and what recorded pages and exports hold: none (all of them), prefix:N (the first N
    /// bytes, 0 to 256), hmac (a keyed hash) or hex (all of them, as hex digits)
    #[arg(long, env = "KEYVIZ_ADMIN_REDACTION", default_value_t = Redaction::None, value_name = "POLICY")]
    pub admin_redaction: Redaction,

    /// What role read sees of keys; written as --admin-redaction is
    #[arg(long, env = "KEYVIZ_ADMIN_READ_REDACTION", default_value_t = Redaction::READ_DEFAULT, value_name = "POLICY")]
    pub admin_read_redaction: Redaction,

    /// File with the key of the hashes that stand for keys (at least 16 characters); without it they differ from run to run, and from file to file
    #[arg(long, env = "KEYVIZ_ADMIN_REDACTION_KEY_FILE", value_name = "FILE")]
    pub admin_redaction_key_file: Option<PathBuf>,

    /// File to which a line is added for each answer that shows keys: who asked, which part, how many, never the keys; `-` is
    /// standard error, which it also is where there are tokens and no file is named
    #[arg(long, env = "KEYVIZ_ADMIN_AUDIT_FILE", value_name = "FILE")]
    pub admin_audit_file: Option<PathBuf>,

    /// Further host names under which browsers may reach the endpoint, besides the loopback names
    #[arg(long, env = "KEYVIZ_ADMIN_ALLOWED_HOSTS", value_delimiter = ',', value_parser = allowed_host, value_name = "NAME[:PORT],...")]
    pub admin_allowed_hosts: Vec<String>,

    /// Listen beyond loopback without a token; warns on each start
    #[arg(long, env = "KEYVIZ_ADMIN_INSECURE_NO_AUTH", default_value_t = false, action = ArgAction::Set,
          num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = BoolishValueParser::new(), value_name = "BOOL")]
    pub admin_insecure_no_auth: bool,

    /// File of names for key prefixes, a prefix, a tab and its name a line; `\xHH` is a byte, a prefix `0x...` is hexadecimal
    #[arg(long, env = "KEYVIZ_KEY_NAMES", value_name = "FILE")]
    pub keyviz_key_names: Option<PathBuf>,

    /// Command that splits a hot range, to copy from the page; places {route}, {group}, {key}, {start}, {end}, of keys also {key:hex}, {key:base64}
    #[arg(long, env = "KEYVIZ_SPLIT_TEMPLATE", value_name = "COMMAND")]
    pub split_template: Option<SplitTemplate>,
}

/// An address and a port. Of names only `localhost` is one: what another leads to may change between the look-up and the
/// check of whether it is loopback.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    match (text.parse(), local) {
        (Ok(addr), _) => Ok(addr),
        (Err(_), Some(port)) => Ok(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
        (Err(_), None) => {
            Err("write an address and a port: 127.0.0.1:8765, localhost:8765, [::1]:8765, 0.0.0.0:8765; \
                               port 0 takes any that is free"
                .to_owned())
        }
    }
}

fn allowed_host(text: &str) -> Result<String, String> {
    let text = text.trim();
    match Host::parse_entry(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err(
            "write a host name or address, with a port only where it matters: db1.example, 10.0.0.5:8765, [fd00::5]"
                .to_owned(),
        ),
    }
}

impl AdminArgs {
    /// Reads the files of both tokens and of the redaction's key, those that are named. It does not look at who else can
    /// read them: for that, call [`exposed_files`](AdminArgs::exposed_files), and print what it gives.
    ///
    /// # Errors
    /// [`AccessError`] names the file and what to do, or says that both roles have one token.
    pub fn access(&self) -> Result<Access, AccessError> {
        let token =
            |file: &Option<PathBuf>| file.as_deref().map(Token::from_file).transpose().map_err(AccessError::File);
        let access = Access {
            full: token(&self.admin_token_file)?,
            read: token(&self.admin_read_token_file)?,
            redaction: self.admin_redaction,
            read_redaction: self.admin_read_redaction,
            redaction_key: token(&self.admin_redaction_key_file)?,
        };
        access.check()?;
        Ok(access)
    }

    /// The files with secrets among these that other users of the machine can get at; to be printed on each start.
    #[must_use]
    pub fn exposed_files(&self) -> Vec<ExposedFile> {
        let files = [&self.admin_token_file, &self.admin_read_token_file, &self.admin_redaction_key_file];
        files.into_iter().flatten().filter_map(|file| ExposedFile::look(file)).collect()
    }

    /// What exports outside of the endpoint show of keys, as [`Admin::recorded_page`](crate::Admin::recorded_page) with
    /// them: what role full sees. Reads the file of the redaction's key alone.
    ///
    /// # Errors
    /// [`AccessError::File`] names the file and what to do.
    pub fn exports(&self) -> Result<Access, AccessError> {
        let key = self.admin_redaction_key_file.as_deref().map(Token::from_file).transpose();
        let redaction_key = key.map_err(AccessError::File)?;
        Ok(Access { redaction: self.admin_redaction, redaction_key, ..Access::default() })
    }

    /// Reads the file of key names; without one nothing has a name.
    ///
    /// # Errors
    /// [`KeyNamesFileError`] names the file, the line and what to do.
    pub fn key_names(&self) -> Result<KeyNames, KeyNamesFileError> {
        self.keyviz_key_names.as_deref().map_or_else(|| Ok(KeyNames::default()), key_names_from_file)
    }

    /// [`check_listen`] for these flags.
    ///
    /// # Errors
    /// As [`check_listen`].
    pub fn check(&self, has_token: bool) -> Result<Option<ListenWarning>, ListenError> {
        check_listen(self.listen, has_token, self.admin_insecure_no_auth)
    }
}
