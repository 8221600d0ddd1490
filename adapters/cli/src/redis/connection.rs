//! One connection to a server: made, logged in, asked.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::explain::{self, Trouble};
use super::resp::{self, Reply};
use super::secret::Secret;
use super::tls::{self, TlsFiles};
use super::url::{Address, Place};

/// How long connecting, writing, and an answer may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Bytes read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// How connections to one server are made.
#[derive(Clone)]
pub(crate) struct Dialer {
    address: Address,
    secret: Secret,
    tls: Option<Arc<ClientConfig>>,
}

impl Dialer {
    /// Reads the certificates where the address wants TLS.
    ///
    /// # Errors
    /// As [`tls::config`].
    pub(crate) fn new(address: Address, secret: Secret, files: &TlsFiles) -> Result<Dialer, Trouble> {
        let tls = address.is_tls().then(|| tls::config(files)).transpose()?;
        Ok(Dialer { address, secret, tls })
    }

    /// Connects and logs in.
    ///
    /// # Errors
    /// Why that was not possible, in words.
    pub(crate) fn dial(&self) -> Result<Connection, Trouble> {
        let tls = self.tls.is_some();
        let stream = self.open().map_err(|error| explain::broken(&error, tls, true))?;
        let mut connection = Connection { stream, unread: Vec::new(), tls, fresh: true, user: String::new() };
        let user = self.address.user.as_str();
        connection.user = if user.is_empty() { "default".to_owned() } else { user.to_owned() };
        let answer = match (user, self.secret.password()) {
            ("", None) => return Ok(connection),
            ("", Some(password)) => connection.ask(&["AUTH", password])?,
            (user, password) => connection.ask(&["AUTH", user, password.unwrap_or_default()])?,
        };
        drop(answer);
        Ok(connection)
    }

    fn open(&self) -> io::Result<Stream> {
        let (host, port) = match &self.address.place {
            Place::Unix { path } => {
                let stream = UnixStream::connect(path)?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(Stream::Unix(stream));
            }
            Place::Tcp { host, port, .. } => (host, *port),
        };
        let stream = connect(host, port)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let Some(config) = &self.tls else { return Ok(Stream::Tcp(stream)) };
        let name = ServerName::try_from(host.clone())
            .map_err(|_| io::Error::other("the address is no name that a certificate can be for"))?;
        let client = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        let mut stream = StreamOwned::new(client, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Stream::Tls(Box::new(stream)))
    }
}

/// The first address that takes the connection.
fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let addresses = (host, port)
        .to_socket_addrs()
        .map_err(|error| io::Error::other(format!("the name {host} leads nowhere: {error}")))?;
    let mut failed = io::Error::other(format!("the name {host} leads nowhere"));
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.set_read_timeout(Some(timeout)),
            Stream::Unix(stream) => stream.set_read_timeout(Some(timeout)),
            Stream::Tls(stream) => stream.sock.set_read_timeout(Some(timeout)),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buf),
            Stream::Unix(stream) => stream.read(buf),
            Stream::Tls(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(buf),
            Stream::Unix(stream) => stream.write(buf),
            Stream::Tls(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Stream::Tcp(stream) => stream.flush(),
            Stream::Unix(stream) => stream.flush(),
            Stream::Tls(stream) => stream.flush(),
        }
    }
}

/// A connection that is logged in.
pub(crate) struct Connection {
    stream: Stream,
    /// What came and was not asked for yet.
    unread: Vec<u8>,
    tls: bool,
    /// Nothing was answered yet.
    fresh: bool,
    /// Whom it logged in as.
    user: String,
}

impl Connection {
    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// In words: where the server refuses, or does not answer in time.
    pub(crate) fn ask(&mut self, words: &[&str]) -> Result<Reply, Trouble> {
        self.send(&resp::command(words))?;
        match self.answer()? {
            Reply::Error(text) if text.starts_with("NOPERM") => {
                let user = self.user();
                Err(explain::refused(&named(words), &text, &user))
            }
            Reply::Error(text) => Err(explain::refused(&named(words), &text, &self.user)),
            reply => Ok(reply),
        }
    }

    /// Who we are to the server, as it may be written into a command: by itself, where it says so, else as the address
    /// has it.
    fn user(&mut self) -> String {
        let said = self.try_ask(&["ACL", "WHOAMI"]).ok().flatten().map(|reply| reply.text());
        let given = [said, Some(self.user.clone())].into_iter().flatten();
        let mut plain = given.filter(|user| !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_graphic()));
        plain.next().unwrap_or_else(|| "USER".to_owned())
    }

    /// Asks, and takes a refusal for an answer: `None` then.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub(crate) fn try_ask(&mut self, words: &[&str]) -> Result<Option<Reply>, Trouble> {
        self.send(&resp::command(words))?;
        Ok(Some(self.answer()?).filter(|reply| !matches!(reply, Reply::Error(_))))
    }

    /// Sends bytes without waiting for an answer.
    ///
    /// # Errors
    /// Where they do not leave in time.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let sent = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
        sent.map_err(|error| explain::broken(&error, self.tls, self.fresh))
    }

    fn answer(&mut self) -> Result<Reply, Trouble> {
        let broken = |error: &io::Error, fresh| explain::broken(error, self.tls, fresh);
        loop {
            if let Some((reply, len)) = resp::reply(&self.unread).map_err(|error| broken(&error, self.fresh))? {
                self.unread.drain(..len);
                self.fresh = false;
                return Ok(reply);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(broken(&ErrorKind::UnexpectedEof.into(), self.fresh)),
                Ok(len) => self.unread.extend_from_slice(chunk.get(..len).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&error, self.fresh)),
            }
        }
    }

    /// Becomes a stream of bytes that is read without ever waiting longer than `nap`.
    ///
    /// # Errors
    /// Where the system does not take the time.
    pub(crate) fn into_flow(self, nap: Duration) -> Result<Flow, Trouble> {
        let set = self.stream.set_read_timeout(nap);
        set.map_err(|error| explain::broken(&error, self.tls, false))?;
        Ok(Flow { stream: self.stream, ahead: self.unread, chunk: vec![0; CHUNK_BYTES], tls: self.tls })
    }
}

/// The command's name as people write it, without its arguments, which may be a password.
fn named(words: &[&str]) -> String {
    let with_sub = matches!(words, ["CLIENT" | "CLUSTER", ..]);
    words.iter().take(1 + usize::from(with_sub)).copied().collect::<Vec<_>>().join(" ")
}

/// A connection of which only reading is left.
pub(crate) struct Flow {
    stream: Stream,
    ahead: Vec<u8>,
    chunk: Vec<u8>,
    tls: bool,
}

impl Flow {
    /// What came; empty when nothing did for a nap's time.
    ///
    /// # Errors
    /// Where the connection ended, in words.
    pub(crate) fn read(&mut self) -> Result<&[u8], Trouble> {
        if !self.ahead.is_empty() {
            self.chunk.resize(self.chunk.len().max(self.ahead.len()), 0);
            let len = self.ahead.len();
            self.chunk.get_mut(..len).unwrap_or_default().copy_from_slice(&self.ahead);
            self.ahead = Vec::new();
            return Ok(self.chunk.get(..len).unwrap_or_default());
        }
        match self.stream.read(&mut self.chunk) {
            Ok(0) => Err(explain::broken(&ErrorKind::UnexpectedEof.into(), self.tls, false)),
            Ok(len) => Ok(self.chunk.get(..len).unwrap_or_default()),
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) =>
            {
                Ok(&[])
            }
            Err(error) => Err(explain::broken(&error, self.tls, false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_named_without_its_arguments() {
        assert_eq!(named(&["AUTH", "s3cret"]), "AUTH");
        assert_eq!(named(&["CLIENT", "KILL", "ID", "5"]), "CLIENT KILL");
    }
}
