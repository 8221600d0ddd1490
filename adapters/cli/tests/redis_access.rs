//! `keyviz redis` and who may do what: passwords, ACLs, TLS, clusters; and that no password is ever shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells a skip loudly"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::redis::{Redis, Watcher, free_port, send, signal, wait_for_total};
use common::{CANARY, Dir, PATIENCE, get, has_canary, keyviz};

const PASSWORD: &str = "s3cret-canary-word";
const TOKEN: &str = "0123456789-canary-token";

fn with_password(password: &str, args: &[&str]) -> Watcher {
    Watcher::of(keyviz().env("REDISCLI_AUTH", password).args(["redis", "--listen", "127.0.0.1:0"]).args(args))
}

/// A command line and an environment of a process, as others see them.
fn shown_by_the_system(id: u32) -> String {
    let read = |what: &str| common::text(&std::fs::read(format!("/proc/{id}/{what}")).unwrap_or_default());
    format!("{} {}", read("cmdline"), read("comm"))
}

#[test]
fn a_password_opens_the_server_and_is_shown_nowhere() {
    let Some(redis) = Redis::start_with(&["--requirepass", PASSWORD]) else { return };
    let dir = Dir::new();
    let file = dir.write("password", format!("{PASSWORD}\n"));
    let by_file = ["--password-file", file.to_str().unwrap(), &redis.url(), "--duration", "0"];
    for mut watcher in [with_password(PASSWORD, &[&redis.url(), "--duration", "0"]), Watcher::start(&by_file)] {
        let host = watcher.host();
        let sessions = watcher.sessions();
        assert_eq!(sessions.len(), 1);
        let mut all = shown_by_the_system(watcher.id()) + &shown_by_the_system(sessions[0]);
        // A session's environment is not even for its owner's eyes.
        all += &common::text(&std::fs::read(format!("/proc/{}/environ", sessions[0])).unwrap());
        for path in ["status", "matrix", "matrix?series=reads&open=1"] {
            all += &get(&host, &format!("/admin/api/v1/keyviz/{path}")).1;
        }
        all += &get(&host, "/admin/").1;
        all += &watcher.interrupt();
        assert!(all.contains("watched (redis") && all.contains("redis-session"));
        assert!(!all.contains(PASSWORD), "{all}");
    }
}

/// Secrets that everybody on the machine can read are told, each with what to do; who reads on is not kept from it.
#[test]
fn files_with_secrets_that_others_can_read_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let Some(redis) = Redis::start_with(&["--requirepass", PASSWORD]) else { return };
    let dir = Dir::new();
    let files = [dir.write("password", PASSWORD), dir.write("full", TOKEN), dir.write("read", [TOKEN, "r"].concat())];
    let [password, full, read] = files.each_ref().map(|file| file.to_str().unwrap());
    let url = redis.url();
    let flags = ["--password-file", password, "--admin-token-file", full, "--admin-read-token-file", read];
    for (mode, exposed) in [(0o644, true), (0o600, false)] {
        for file in &files {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        let mut watcher = Watcher::start(&[&[url.as_str(), "--duration", "0"], &flags[..]].concat());
        let host = watcher.host();
        let top = keyviz().args(["top", "--once", "--token-file", full, &host]).output().unwrap();
        assert!(top.status.success());
        let said = watcher.interrupt();
        for (file, said) in [(password, &said), (full, &said), (read, &said), (full, &common::text(&top.stderr))] {
            let told = format!("can read {file}, which has a secret in it (mode 644); chmod 600 {file}\n");
            assert_eq!(said.matches(&told).count(), usize::from(exposed), "{mode:o}: {said}");
        }
        assert!(!said.contains(PASSWORD) && !said.contains(TOKEN), "{said}");
    }
}

#[test]
fn a_missing_or_wrong_password_is_explained() {
    let Some(redis) = Redis::start_with(&["--requirepass", PASSWORD]) else { return };
    let none = Watcher::start(&[&redis.url()]).ended(1);
    assert!(none.contains("asks for a password") && none.contains("REDISCLI_AUTH"), "{none}");
    let wrong = with_password("wrong-canary-word", &[&redis.url()]).ended(1);
    assert!(wrong.contains("does not take this password") && !wrong.contains("canary"), "{wrong}");
    let Some(open) = Redis::start() else { return };
    let unasked = with_password(PASSWORD, &[&open.url()]).ended(1);
    assert!(unasked.contains("default user has none") && !unasked.contains(PASSWORD), "{unasked}");
}

#[test]
fn a_password_in_an_address_is_refused_without_being_repeated() {
    let Some(redis) = Redis::start_with(&["--requirepass", PASSWORD]) else { return };
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}", redis.port);
    let said = Watcher::start(&[&url]).ended(2);
    assert!(said.contains("server 1 of the command line") && said.contains("--password-file"), "{said}");
    assert!(!said.contains(PASSWORD), "{said}");
    // Not even where the flags are wrong as well.
    for more in [&["--duration", "x"][..], &["--nosuch"], &["--duty", "1s"]] {
        let said = Watcher::start(&[&[url.as_str()], more].concat()).ended(2);
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

/// Whatever place of the command line it was written to, and whatever is wrong there.
#[test]
fn no_complaint_repeats_a_password() {
    let dir = Dir::new();
    let trace = dir.write("trace.csv", "ts_us,op,key\n1700000000000000,write,a\n");
    let trace = trace.to_str().unwrap();
    let long = "h".repeat(200);
    for url in [
        format!("redis://:{PASSWORD}@h"),
        format!("redis://ann:{PASSWORD}@h:6379/0"),
        format!("ann:{PASSWORD}@h"),
        format!("unix://:{PASSWORD}@/run/x"),
        format!("http://ann:{PASSWORD}@h:1"),
        format!("redis://:{PASSWORD}@{long}"),
        format!("redis://{long}:{PASSWORD}@h"),
        format!("redis://:{PASSWORD}{long}@h"),
        format!("redis://:\\{PASSWORD}@h"),
    ] {
        let url = url.as_str();
        let with = |flag: &str| format!("--{flag}={url}");
        for args in [
            &[url][..],
            &["demo", url],
            &["demo", "--workload", url],
            &["demo", "--listen", url],
            &["nosuch", url],
            &[&with("nosuch")],
            &[&with("step")],
            &["redis"],
            &["redis", url],
            &["redis", url, "--nosuch", url],
            &["redis", "127.0.0.1", "--duration", url],
            &["redis", "127.0.0.1", &with("duration")],
            &["redis", "127.0.0.1", "--duty", url],
            &["redis", "127.0.0.1", "--max-server-buffer", url],
            &["redis", "127.0.0.1", "--password-file", url],
            &["redis", "127.0.0.1", "--admin-token-file", url],
            &["redis", "127.0.0.1", "--keyviz-key-names", url],
            &["replay", url],
            &["replay", url, "extra"],
            &["replay", trace, url],
            &["replay", trace, "--from", url],
            &["replay", trace, "--series", url],
            &["replay", trace, "--routes", url],
            &["replay", trace, "--format", url],
            &["replay", trace, &with("columns")],
            &["top", url],
            &["top", "--token-file", url, "--once"],
        ] {
            let output = keyviz().env_remove("REDISCLI_AUTH").args(args).stdin(Stdio::null()).output().unwrap();
            let said = common::text(&output.stdout) + &common::text(&output.stderr);
            assert!(matches!(output.status.code(), Some(1 | 2)), "{args:?}: {said}");
            assert!(!said.contains(PASSWORD) && !said.contains("panicked"), "{args:?}: {said}");
            assert!(said.contains("keyviz") || said.starts_with("error: "), "{args:?}: {said}");
        }
    }
    // What is wrong is still said, and what to do.
    let said = keyviz().arg(format!("redis://:{PASSWORD}@h")).output().unwrap();
    let said = common::text(&said.stderr);
    assert!(said.starts_with("error: ") && said.contains("redis://:***@h"), "{said}");
    assert!(said.contains("--password-file") && !said.contains("error: error"), "{said}");
    let said = keyviz().args(["replay", &format!("redis://:{PASSWORD}@h")]).output().unwrap();
    let said = common::text(&said.stderr);
    assert!(said.contains("redis://:***@h does not exist") && said.contains("take it out"), "{said}");
}

#[test]
fn a_user_without_the_right_is_told_the_line_that_gives_it() {
    let Some(redis) = Redis::start() else { return };
    redis.cli(&["ACL", "SETUSER", "ann", "on", &format!(">{PASSWORD}"), "~user:*", "+@read", "+@write"]);
    let url = format!("redis://ann@127.0.0.1:{}", redis.port);
    let said = with_password(PASSWORD, &[&url]).ended(1);
    assert!(said.contains("(NOPERM)") && !said.contains(PASSWORD), "{said}");
    let line = said.lines().find_map(|line| line.trim().strip_prefix("ACL SETUSER ann ")).unwrap();
    redis.cli(&["ACL", "SETUSER", "bob", "on", &format!(">{PASSWORD}")]);
    let given: Vec<&str> = ["ACL", "SETUSER", "bob"].into_iter().chain(line.split(' ')).collect();
    assert_eq!(redis.cli(&given).trim(), "OK", "{line}");
    let url = format!("redis://bob@127.0.0.1:{}", redis.port);
    let mut watcher = with_password(PASSWORD, &[&url, "--duration", "0"]);
    let host = watcher.host();
    assert!(!watcher.said().contains("neither XREAD"), "{}", watcher.said());
    send(redis.port, &[&["SET", "a", "1"]]);
    wait_for_total(&host, 1);
    let said = watcher.interrupt();
    assert!(said.contains("1 operations: 0 reads, 1 writes"), "{said}");
    // MONITOR alone is not enough: the command that is missing is the one that is named.
    redis.cli(&["ACL", "SETUSER", "eve", "on", &format!(">{PASSWORD}"), "+monitor", "+info", "+client|id"]);
    let url = format!("redis://eve@127.0.0.1:{}", redis.port);
    let said = with_password(PASSWORD, &[&url]).ended(1);
    assert!(said.contains("may not run CLIENT LIST (NOPERM)") && said.contains("ACL SETUSER eve "), "{said}");
    // Nor is it begun without what ends it where it waits in the server.
    redis.cli(&["ACL", "SETUSER", "eve", "+client|list"]);
    let said = with_password(PASSWORD, &[&url]).ended(1);
    assert!(said.contains("may not run CLIENT KILL (NOPERM)") && said.contains("ACL SETUSER eve "), "{said}");
    // Who logs in by a password alone is the default user.
    redis.cli(&["ACL", "SETUSER", "admin", "on", "nopass", "+@all"]);
    redis.cli(&["ACL", "SETUSER", "default", &format!(">{PASSWORD}"), "resetkeys", "-@all", "+info", "+acl|whoami"]);
    let said = with_password(PASSWORD, &[&redis.url()]).ended(1);
    assert!(said.contains("ACL SETUSER default +monitor"), "{said}");
}

/// Who reads the page is not told whom keyviz logs in as: that stands on the terminal alone.
#[test]
fn a_right_that_is_taken_away_is_told_without_the_user_but_on_the_terminal() {
    let (Some(redis), Some(other)) = (Redis::start(), Redis::start()) else { return };
    redis.cli(&["ACL", "SETUSER", CANARY, "on", "nopass", "~*", "+@all"]);
    let url = format!("redis://{CANARY}@127.0.0.1:{}", redis.port);
    let mut watcher = Watcher::start(&[&url, &other.url(), "--duration", "0"]);
    let host = watcher.host();
    redis.cli(&["ACL", "SETUSER", CANARY, "-monitor"]);
    redis.cli(&["CLIENT", "KILL", "USER", CANARY]);
    watcher.until(&format!("ACL SETUSER {CANARY} +monitor "));
    let told = |path: &str| get(&host, &format!("/admin/api/v1/keyviz/{path}")).1;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (status, events) = (told("status"), told("events"));
        assert!(!has_canary(format!("{status}{events}").as_bytes()), "{status}\n{events}");
        let shown: serde_json::Value = serde_json::from_str(&status).unwrap();
        let places = [&shown["notice"]["text"], &shown["fanout"]["nodes"][0]["error"]].map(ToString::to_string);
        if places.iter().chain([&events]).all(|text| text.contains("ACL SETUSER USER +monitor ")) {
            break;
        }
        assert!(Instant::now() < deadline, "{places:?}\n{events}");
        std::thread::sleep(Duration::from_millis(50));
    }
    watcher.interrupt();
}

#[test]
fn without_the_right_to_wait_it_says_what_is_lost() {
    let Some(redis) = Redis::start() else { return };
    let rights = ["+monitor", "+info", "+client|id", "+client|list", "+client|kill"];
    redis.cli(&[&["ACL", "SETUSER", "ann", "on", &format!(">{PASSWORD}")][..], &rights].concat());
    let url = format!("redis://ann@127.0.0.1:{}", redis.port);
    let mut watcher = with_password(PASSWORD, &[&url, "--duration", "2s", "--no-serve"]);
    let said = watcher.ended(0);
    assert!(said.contains("may run neither XREAD on keyviz:* nor WAIT"), "{said}");
}

/// A CA, and a certificate of its for a server on this machine and one for a client.
struct Certificates {
    dir: Dir,
}

impl Certificates {
    /// `None` where OpenSSL is not installed; that is a failure under `CI=true`.
    fn make() -> Option<Certificates> {
        if Command::new("openssl").arg("version").output().is_err() {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "openssl is not installed");
            eprintln!("SKIPPED: openssl is not installed (apt-get install openssl)");
            return None;
        }
        let dir = Dir::new();
        let run = |args: &[&str]| {
            let done = Command::new("openssl").args(args).current_dir(dir.path()).output().unwrap();
            assert!(done.status.success(), "{args:?}: {}", common::text(&done.stderr));
        };
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        run(&[
            &["req", "-x509"][..],
            &key,
            &["-days", "2", "-subj", "/CN=test CA", "-keyout", "ca.key", "-out", "ca.pem"],
        ]
        .concat());
        dir.write("names", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
        for name in ["server", "client"] {
            let (keyfile, request, pem) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
            run(&[&["req"][..], &key, &["-subj", &format!("/CN={name}"), "-keyout", &keyfile, "-out", &request]]
                .concat());
            run(&[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "names",
                "-out",
                &pem,
            ]);
        }
        Some(Certificates { dir })
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    /// A server that speaks TLS alone.
    fn serve(&self, asks_clients: &str) -> Option<Redis> {
        let port = free_port().to_string();
        let files = ["server.pem", "server.key", "ca.pem"].map(|name| self.file(name));
        let mut redis = Redis::start_with(&[
            "--port",
            "0",
            "--tls-port",
            &port,
            "--tls-cert-file",
            &files[0],
            "--tls-key-file",
            &files[1],
            "--tls-ca-cert-file",
            &files[2],
            "--tls-auth-clients",
            asks_clients,
            "--unixsocket",
            self.dir.path().join(format!("s{port}")).to_str().unwrap(),
        ])?;
        redis.port = port.parse().unwrap();
        Some(redis)
    }
}

fn cli_with_tls(redis: &Redis, certificates: &Certificates, args: &[&str]) {
    let done = Command::new("redis-cli")
        .args(["-p", &redis.port.to_string(), "--tls", "--cacert", &certificates.file("ca.pem")])
        .args(["--cert", &certificates.file("client.pem"), "--key", &certificates.file("client.key")])
        .args(args)
        .output()
        .unwrap();
    assert!(done.status.success());
}

#[test]
fn tls_with_a_ca_of_ones_own() {
    let Some(certificates) = Certificates::make() else { return };
    let Some(redis) = certificates.serve("no") else { return };
    let (ca, url) = (certificates.file("ca.pem"), format!("rediss://localhost:{}", redis.port));
    let mut watcher = Watcher::start(&[&url, "--cacert", &ca, "--duration", "0"]);
    let host = watcher.host();
    for _ in 0..100 {
        cli_with_tls(&redis, &certificates, &["SET", "a", "1"]);
    }
    wait_for_total(&host, 100);
    let said = watcher.interrupt();
    assert!(said.contains("100 operations: 0 reads, 100 writes"), "{said}");

    let unknown = Watcher::start(&[&url]).ended(1);
    assert!(unknown.contains("signed the server's certificate") && unknown.contains("--cacert"), "{unknown}");
    let plain = Watcher::start(&[&redis.url()]).ended(1);
    assert!(plain.contains("rediss://"), "{plain}");
    let (missing, empty) = (certificates.file("nosuch.pem"), certificates.file("names"));
    for file in [&missing, &empty] {
        let said = Watcher::start(&[&url, "--cacert", file]).ended(1);
        assert!(said.contains("the certificate file "), "{said}");
    }
    let Some(untls) = Redis::start() else { return };
    let said = Watcher::start(&[&format!("rediss://127.0.0.1:{}", untls.port), "--cacert", &ca]).ended(1);
    assert!(said.contains("does not speak TLS on this port (redis://)"), "{said}");
}

#[test]
fn tls_with_a_certificate_of_our_own() {
    let Some(certificates) = Certificates::make() else { return };
    let Some(redis) = certificates.serve("yes") else { return };
    let (ca, url) = (certificates.file("ca.pem"), format!("rediss://127.0.0.1:{}", redis.port));
    let without = Watcher::start(&[&url, "--cacert", &ca]).ended(1);
    assert!(without.contains("--cert FILE"), "{without}");
    let (cert, key) = (certificates.file("client.pem"), certificates.file("client.key"));
    let with = ["--cacert", &ca, "--cert", &cert, "--key", &key];
    let said = Watcher::start(&[&[url.as_str(), "--duration", "1s", "--no-serve"][..], &with].concat()).ended(0);
    assert!(said.contains("watched (redis"), "{said}");
}

#[test]
fn what_cannot_be_reached_is_explained() {
    let port = free_port();
    let refused = Watcher::start(&[&format!("redis://127.0.0.1:{port}")]).ended(1);
    assert!(refused.contains("nothing listens there") && !refused.contains("again in"), "{refused}");
    let nowhere = Watcher::start(&["redis://no-such-host.invalid"]).ended(1);
    assert!(nowhere.contains("leads nowhere"), "{nowhere}");
    let socket = Watcher::start(&["unix:///nosuch/socket"]).ended(1);
    assert!(socket.contains("no such socket"), "{socket}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let strange = Watcher::start(&[&format!("redis://127.0.0.1:{port}")]).ended(1);
    assert!(strange.contains("does not speak the Redis protocol"), "{strange}");
}

/// Three masters.
fn cluster() -> Option<Vec<Redis>> {
    let started = |_| Redis::start_with(&["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]);
    let nodes: Vec<Redis> = (0..3).map(started).collect::<Option<_>>()?;
    let places: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    let made =
        Command::new("redis-cli").args(["--cluster", "create"]).args(&places).arg("--cluster-yes").output().unwrap();
    assert!(made.status.success(), "{}", common::text(&made.stdout));
    let deadline = Instant::now() + PATIENCE;
    while !nodes.iter().all(|node| node.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok")) {
        assert!(Instant::now() < deadline, "the cluster does not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
    Some(nodes)
}

#[test]
fn of_a_cluster_the_other_masters_are_named_and_the_fuse_burns_there_too() {
    let Some(nodes) = cluster() else { return };
    let mut watcher = Watcher::start(&[&nodes[0].url(), "--duration", "0", "--no-serve"]);
    watcher.until("watched (redis");
    let said = watcher.said();
    assert!(said.contains("it is one of a cluster"), "{said}");
    for node in &nodes[1..] {
        assert!(said.contains(&format!("127.0.0.1:{}", node.port)), "{said}");
    }
    assert!(!said.contains("neither XREAD"), "{said}");
    let all = [watcher.sessions(), vec![watcher.id()]].concat();
    signal(&all, "STOP");
    nodes[0].wait_for_monitors(0);
    signal(&all, "CONT");
    watcher.interrupt();

    let urls: Vec<String> = nodes.iter().map(Redis::url).collect();
    let mut args: Vec<&str> = urls.iter().map(String::as_str).collect();
    args.extend(["--duration", "2s", "--no-serve"]);
    let said = Watcher::start(&args).ended(0);
    assert!(!said.contains("name the other masters"), "{said}");
}

#[test]
fn a_replica_says_so() {
    let Some(master) = Redis::start() else { return };
    let Some(replica) = Redis::start_with(&["--replicaof", "127.0.0.1", &master.port.to_string()]) else { return };
    let deadline = Instant::now() + PATIENCE;
    while !replica.cli(&["INFO", "replication"]).contains("master_link_status:up") {
        assert!(Instant::now() < deadline, "the replica does not come up");
        std::thread::sleep(Duration::from_millis(100));
    }
    let mut watcher = Watcher::start(&[&replica.url(), "--duration", "0"]);
    watcher.until("it is a replica");
    let host = watcher.host();
    assert!(!watcher.said().contains("neither XREAD"), "{}", watcher.said());
    send(master.port, &[&["SET", "a", "1"]]);
    wait_for_total(&host, 1);
    let said = watcher.interrupt();
    assert!(said.contains("1 operations: 0 reads, 1 writes"), "{said}");
}

#[test]
fn a_password_file_that_cannot_be_used_is_named_without_its_text() {
    let dir = Dir::new();
    let path: PathBuf = Path::new(dir.path()).join("nosuch");
    let said = Watcher::start(&["127.0.0.1", "--password-file", path.to_str().unwrap()]).ended(1);
    assert!(said.contains("the password file") && said.contains("nosuch"), "{said}");
    let empty = dir.write("empty", format!("\n{PASSWORD}\n"));
    let said = Watcher::start(&["127.0.0.1", "--password-file", empty.to_str().unwrap()]).ended(1);
    assert!(said.contains("its first line is empty") && !said.contains(PASSWORD), "{said}");
}

/// Boundaries are made of keys: whoever may not see keys sees of them what the policy leaves, on every endpoint, in the
/// answer, in the audit and in what is said.
#[test]
fn keys_are_shown_to_nobody_who_may_not_see_them() {
    let Some(redis) = Redis::start() else { return };
    let dir = Dir::new();
    let (full, read) = (dir.write("full", "full-0123456789abcdef"), dir.write("read", "read-0123456789abcdef"));
    let audit = dir.path().join("audit.log");
    let paths = [&full, &read, &audit].map(|path| path.to_str().unwrap().to_owned());
    let url = redis.url();
    let mut args = vec![url.as_str(), "--duration", "0", "--admin-redaction", "prefix:8"];
    for (flag, path) in ["--admin-token-file", "--admin-read-token-file", "--admin-audit-file"].iter().zip(&paths) {
        args.extend([flag, path.as_str()]);
    }
    let mut watcher = Watcher::start(&args);
    let host = watcher.host();
    for round in 0..3 {
        let keys: Vec<String> = (0..600).map(|n| format!("tenant-{}/{CANARY}/{:04}", n % 3, n * (round + 1))).collect();
        let words: Vec<[&str; 3]> = keys.iter().map(|key| ["SET", key, "v"]).collect();
        let commands: Vec<&[&str]> = words.iter().map(|words| &words[..]).collect();
        send(redis.port, &commands);
        redis.cli(&["KEYS", &format!("tenant-1/{CANARY}*")]);
        std::thread::sleep(Duration::from_millis(1100));
    }
    let mut answered = 0;
    for path in [
        "matrix?series=writes",
        "matrix?axis=range&series=ops&open=1",
        "matrix?series=scans",
        "top",
        "events",
        "status",
        "names",
        "hotkeys?start=dA&end=dQ&series=writes",
        "snapshot",
    ] {
        for token in ["full-0123456789abcdef", "read-0123456789abcdef"] {
            let mut stream = std::net::TcpStream::connect(&host).unwrap();
            let request = format!(
                "GET /admin/api/v1/keyviz/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
            );
            std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            std::io::Read::read_to_end(&mut stream, &mut answer).unwrap();
            let answer = common::text(&answer);
            answered += u32::from(answer.starts_with("HTTP/1.1 200") && answer.contains("dGVuYW50"));
            assert!(!has_canary(answer.as_bytes()), "{path}: {answer}");
        }
    }
    assert!(answered >= 4, "boundaries are shown as far as they may: {answered}");
    let said = watcher.interrupt();
    assert!(said.contains("hottest keys") && said.contains("tenant-") && !has_canary(said.as_bytes()), "{said}");
    let audited = std::fs::read_to_string(&audit).unwrap();
    assert!(audited.contains("endpoint=matrix") && !has_canary(audited.as_bytes()), "{audited}");
}
