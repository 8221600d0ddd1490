//! What went wrong, in plain words, with what to do.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, CertificateError};

use crate::escape;

/// What a user of the server's needs, for `ACL SETUSER`.
const ACL: &str = "+monitor +info +client|id +client|list +client|kill +client|setname +xread +cluster|nodes \
                   +readonly ~keyviz:*";

/// Something that ended a connection, or kept it from being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// It will be so the next time, too, until somebody changes something.
    pub(crate) lasting: bool,
    /// For the page too, which others look at: without the name of the user.
    pub(crate) text: String,
    /// The same with that name, for the terminal alone, where there is one to tell.
    pub(crate) in_full: Option<String>,
}

impl Trouble {
    pub(crate) fn lasting(text: impl Into<String>) -> Trouble {
        Trouble { lasting: true, text: text.into(), in_full: None }
    }

    pub(crate) fn passing(text: impl Into<String>) -> Trouble {
        Trouble { lasting: false, text: text.into(), in_full: None }
    }
}

/// Of an error that the server answered `command` of this user with.
pub(crate) fn refused(command: &str, answer: &str, user: &str) -> Trouble {
    let code = answer.split(' ').next().unwrap_or_default();
    let said = match command {
        // It may repeat what it was given, which is a password.
        "AUTH" | "HELLO" => "an error, whose words are not repeated here".to_owned(),
        // Shown as it says it, but nothing in it moves a cursor.
        _ => escape::key(answer.as_bytes()),
    };
    match code {
        "NOAUTH" => Trouble::lasting(
            "the server asks for a password: give it in the environment as REDISCLI_AUTH, or with --password-file \
             FILE, and where it is not the default user's, the user in the address (redis://USER@HOST)",
        ),
        "WRONGPASS" => Trouble::lasting("the server does not take this password for this user (WRONGPASS)"),
        "NOPERM" => {
            Trouble { in_full: Some(not_allowed(command, user)), ..Trouble::lasting(not_allowed(command, "USER")) }
        }
        "DENIED" => Trouble::lasting(
            "the server is in protected mode: it takes connections from its own machine only; run keyviz there, or \
             give the server a password",
        ),
        "LOADING" => Trouble::passing("the server is still loading its data"),
        "MOVED" | "ASK" | "CLUSTERDOWN" => Trouble::passing(format!("the cluster is changing: {said}")),
        _ if answer.contains("AUTH") && answer.contains("without any password") => Trouble::lasting(
            "a password is given (REDISCLI_AUTH or --password-file), but the server's default user has none; leave it \
             out",
        ),
        _ if answer.contains("max number of clients") => {
            Trouble::passing("the server has as many clients as it takes (maxclients)")
        }
        _ if answer.contains("unknown command") => Trouble::lasting(format!(
            "the server does not know {command}; some hosted services take it away. Where MONITOR cannot be had, an \
             access log or a trace of the application can be replayed: keyviz replay FILE"
        )),
        _ => Trouble::passing(format!("the server answered {command} with: {said}")),
    }
}

fn not_allowed(command: &str, user: &str) -> String {
    format!(
        "this user may not run {command} (NOPERM); what keyviz needs, an administrator allows with:\n    ACL SETUSER \
         {user} {ACL}"
    )
}

/// Of a server that is watched already, under another of the addresses that were given.
pub(crate) fn same_server(other: &str) -> String {
    format!(
        "this is the same server as {other} (one run_id), and would be counted twice; leave one of the two addresses out"
    )
}

/// Of an error of the connection. `fresh` while the server has not answered anything yet.
pub(crate) fn broken(error: &io::Error, tls: bool, fresh: bool) -> Trouble {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(error);
    }
    let closed = matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
    );
    let unasked = "the server closed the connection before it answered anything";
    match error.kind() {
        _ if closed && fresh && tls => Trouble::passing(unasked),
        _ if closed && fresh => Trouble::passing(format!("{unasked}; perhaps it expects TLS (rediss://)")),
        _ if closed => Trouble::passing("the server closed the connection"),
        ErrorKind::ConnectionRefused => Trouble::passing("nothing listens there (connection refused)"),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            let hint = match (fresh, tls) {
                (true, false) => "; perhaps it expects TLS (rediss://)",
                (true, true) => "; perhaps it does not speak TLS on this port (redis://)",
                (false, _) => "",
            };
            Trouble::passing(format!("the server did not answer in time{hint}"))
        }
        ErrorKind::NotFound => Trouble::passing("there is no such socket"),
        ErrorKind::PermissionDenied => Trouble::lasting("this user may not use the socket (permission denied)"),
        ErrorKind::InvalidData if fresh => Trouble::lasting(format!("{error}; is it the right port?")),
        _ => Trouble::passing(format!("the connection failed: {error}")),
    }
}

fn of_tls(error: &rustls::Error) -> Trouble {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => Trouble::lasting(
            "nobody whom this machine trusts has signed the server's certificate; name its CA with --cacert FILE",
        ),
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Trouble::lasting(
            "the server's certificate is for another name than the address has; use the name that the certificate is \
             for",
        ),
        rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            Trouble::lasting("the server's certificate has expired")
        }
        rustls::Error::InvalidCertificate(other) => {
            Trouble::lasting(format!("the server's certificate is not valid: {other}"))
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired | AlertDescription::HandshakeFailure) => {
            Trouble::lasting("the server asks for a certificate of ours; give one with --cert FILE and --key FILE")
        }
        rustls::Error::InvalidMessage(_) => {
            Trouble::lasting("the server does not speak TLS on this port; use redis:// instead of rediss://")
        }
        other => Trouble::passing(format!("TLS failed: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_names_the_line_that_gives_it() {
        let trouble = refused("MONITOR", "NOPERM this user has no permissions to run the 'monitor' command", "ann");
        assert!(trouble.lasting);
        assert!(trouble.text.contains("may not run MONITOR"), "{}", trouble.text);
        assert!(trouble.text.contains("ACL SETUSER USER +monitor "), "{}", trouble.text);
        assert!(!trouble.text.contains("ann"), "{}", trouble.text);
        assert_eq!(trouble.in_full, Some(trouble.text.replace("SETUSER USER ", "SETUSER ann ")));
    }

    #[test]
    fn what_lasts_and_what_passes() {
        for (answer, lasting) in [
            ("NOAUTH Authentication required.", true),
            ("WRONGPASS invalid username-password pair or user is disabled.", true),
            ("ERR AUTH <password> called without any password configured for the default user.", true),
            ("DENIED Redis is running in protected mode", true),
            ("ERR unknown command 'MONITOR'", true),
            ("LOADING Redis is loading the dataset in memory", false),
            ("ERR max number of clients reached", false),
            ("ERR \u{1b}[2Jsomething", false),
        ] {
            let trouble = refused("MONITOR", answer, "ann");
            assert_eq!(trouble.lasting, lasting, "{answer}");
            assert!(!trouble.text.contains('\u{1b}'));
        }
    }

    #[test]
    fn an_answer_to_a_password_is_not_repeated() {
        for code in ["ERR", "WRONGPASS", "NOAUTH", "NOPERM", "DENIED", "LOADING", "MOVED", "ASK", "s3cret"] {
            for answer in
                [format!("{code} unknown command, with args beginning with: 's3cret'"), format!("{code} s3cret")]
            {
                for command in ["AUTH", "HELLO"] {
                    let trouble = refused(command, &answer, "ann");
                    assert!(!trouble.text.contains("s3cret"), "{answer}: {}", trouble.text);
                }
            }
        }
        assert!(refused("AUTH", "ERR no", "ann").text.contains("the server answered AUTH with"));
        assert!(refused("MONITOR", "ERR no such thing", "ann").text.contains("ERR no such thing"));
    }

    #[test]
    fn the_wrong_scheme_is_named() {
        let closed = io::Error::from(ErrorKind::UnexpectedEof);
        assert!(broken(&closed, false, true).text.contains("rediss://"));
        assert!(!broken(&closed, false, false).text.contains("rediss://"));
        let garbled = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert!(broken(&io::Error::new(ErrorKind::InvalidData, garbled), true, true).text.contains("redis://"));
    }
}
