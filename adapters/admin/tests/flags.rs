//! Every flag: its name, its variable, its default, its other spelling.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use clap::{CommandFactory, Parser};
use keyviz_admin::{AdminArgs, Redaction, Running, SamplerArgs};
use keyviz_core::{Config, Labels, Partition};
use std::process::Command;

#[derive(Parser, Debug)]
struct Host {
    #[command(flatten)]
    sampler: SamplerArgs,
    #[command(flatten)]
    admin: AdminArgs,
    /// A host's own flag, whose name is one a setting might have.
    #[arg(long)]
    step: Option<u32>,
}

fn parse(args: &[&str]) -> Host {
    try_parse(args).unwrap()
}

fn try_parse(args: &[&str]) -> Result<Host, clap::Error> {
    Host::try_parse_from([&["host"], args].concat())
}

fn settings(args: &[&str]) -> Config {
    parse(args).sampler.settings().unwrap()
}

/// name, variable, default, hidden alias
const FLAGS: &[(&str, &str, &str, &str)] = &[
    ("keyviz-enabled", "KEYVIZ_ENABLED", "false", "keyvizEnabled"),
    ("keyviz-step", "KEYVIZ_STEP", "60s", "keyvizStep"),
    ("keyviz-max-routes", "KEYVIZ_MAX_ROUTES", "10000", "keyvizMaxTrackedRoutes"),
    ("keyviz-max-known-routes", "KEYVIZ_MAX_KNOWN_ROUTES", "100000", ""),
    ("keyviz-max-virtual", "KEYVIZ_MAX_VIRTUAL", "0", ""),
    ("keyviz-promote", "KEYVIZ_PROMOTE", "true", ""),
    ("keyviz-max-draining", "KEYVIZ_MAX_DRAINING", "0", ""),
    ("keyviz-max-members", "KEYVIZ_MAX_MEMBERS", "256", "keyvizMaxMemberRoutesPerSlot"),
    ("keyviz-sub-buckets", "KEYVIZ_SUB_BUCKETS", "1", "keyvizKeyBucketsPerRoute"),
    ("keyviz-labels", "KEYVIZ_LABELS", "", ""),
    ("keyviz-scans", "KEYVIZ_SCANS", "true", ""),
    ("keyviz-auto-ranges", "KEYVIZ_AUTO_RANGES", "0", ""),
    ("keyvizLabelsEnabled", "KEYVIZ_LABELS_ENABLED", "false", ""),
    ("keyviz-max-recorders", "KEYVIZ_MAX_RECORDERS", "64", ""),
    ("keyviz-shared-shards", "KEYVIZ_SHARED_SHARDS", "4", ""),
    ("keyviz-cell-bytes", "KEYVIZ_CELL_BYTES", "32MiB", ""),
    ("keyviz-history-bytes", "KEYVIZ_HISTORY_BYTES", "40MiB", ""),
    ("keyviz-history-columns", "KEYVIZ_HISTORY_COLUMNS", "60", "keyvizHistoryColumns"),
    ("keyviz-tiers", "KEYVIZ_TIERS", "5x60,60x168", ""),
    ("keyviz-bound-bytes", "KEYVIZ_BOUND_BYTES", "8MiB", ""),
    ("keyviz-max-bound-len", "KEYVIZ_MAX_BOUND_LEN", "1024", ""),
    ("keyviz-max-events", "KEYVIZ_MAX_EVENTS", "1024", ""),
    ("keyviz-hot-keys", "KEYVIZ_HOT_KEYS", "false", "keyvizHotKeysEnabled"),
    ("keyviz-sample-bytes", "KEYVIZ_SAMPLE_BYTES", "4MiB", ""),
    ("keyviz-sample-every", "KEYVIZ_SAMPLE_EVERY", "16", ""),
    ("keyviz-max-key-len", "KEYVIZ_MAX_KEY_LEN", "256", ""),
    ("keyviz-hot-key-sketches", "KEYVIZ_HOT_KEY_SKETCHES", "256", ""),
    ("keyviz-hot-key-entries", "KEYVIZ_HOT_KEY_ENTRIES", "64", ""),
    ("keyviz-hot-key-bytes", "KEYVIZ_HOT_KEY_BYTES", "8MiB", ""),
    ("keyviz-seed", "KEYVIZ_SEED", "0", ""),
    ("keyviz-prefault", "KEYVIZ_PREFAULT", "true", ""),
    ("keyviz-history-file", "KEYVIZ_HISTORY_FILE", "", ""),
    ("keyviz-history-every", "KEYVIZ_HISTORY_EVERY", "5m", ""),
    ("keyviz-memory", "KEYVIZ_MEMORY", "", ""),
    ("listen", "KEYVIZ_LISTEN", "127.0.0.1:8765", ""),
    ("admin-token-file", "KEYVIZ_ADMIN_TOKEN_FILE", "", ""),
    ("admin-read-token-file", "KEYVIZ_ADMIN_READ_TOKEN_FILE", "", ""),
    ("admin-redaction", "KEYVIZ_ADMIN_REDACTION", "none", ""),
    ("admin-read-redaction", "KEYVIZ_ADMIN_READ_REDACTION", "prefix:8", ""),
    ("admin-redaction-key-file", "KEYVIZ_ADMIN_REDACTION_KEY_FILE", "", ""),
    ("admin-audit-file", "KEYVIZ_ADMIN_AUDIT_FILE", "", ""),
    ("admin-allowed-hosts", "KEYVIZ_ADMIN_ALLOWED_HOSTS", "", ""),
    ("admin-insecure-no-auth", "KEYVIZ_ADMIN_INSECURE_NO_AUTH", "false", ""),
    ("keyviz-key-names", "KEYVIZ_KEY_NAMES", "", ""),
    ("split-template", "KEYVIZ_SPLIT_TEMPLATE", "", ""),
    ("step", "", "", ""),
    ("help", "", "", ""),
];

#[test]
fn the_list_of_all_flags() {
    let mut command = Host::command();
    command.build();
    let found: Vec<_> = command
        .get_arguments()
        .map(|arg| {
            let defaults: Vec<_> = arg.get_default_values().iter().map(|v| v.to_str().unwrap().to_owned()).collect();
            (
                arg.get_long().unwrap().to_owned(),
                arg.get_env().map_or(String::new(), |env| env.to_str().unwrap().to_owned()),
                // A flag without a value, such as --help, has a default that nobody sees.
                if arg.get_action().takes_values() { defaults.join(",") } else { String::new() },
                arg.get_all_aliases().unwrap_or_default().join(","),
            )
        })
        .collect();
    let expected: Vec<_> =
        FLAGS.iter().map(|(a, b, c, d)| (a.to_string(), b.to_string(), c.to_string(), d.to_string())).collect();
    for flag in &expected {
        assert!(found.contains(flag), "{flag:?} not in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    // Every flag has a line of help; the other spellings stand in none.
    for arg in command.get_arguments() {
        assert!(arg.get_help().is_some(), "{arg}");
    }
    let help = command.render_long_help().to_string();
    assert!(!help.contains("keyvizStep") && !help.contains("keyvizLabelsEnabled"), "{help}");
    assert!(
        help.contains("--keyviz-history-bytes") && help.contains("KEYVIZ_STEP") && help.contains("[default: 32MiB]"),
        "{help}"
    );
}

#[test]
fn the_history_file_and_how_often() {
    assert_eq!(parse(&[]).sampler.history.keyviz_history_file, None);
    let history = parse(&["--keyviz-history-file=/a/b", "--keyviz-history-every=90s"]).sampler.history;
    assert_eq!(history.keyviz_history_file.as_deref(), Some(std::path::Path::new("/a/b")));
    assert_eq!(history.keyviz_history_every, keyviz_admin::Millis(90_000));
    for refused in ["0s", "999ms", "25h", "60"] {
        let error = try_parse(&[&format!("--keyviz-history-every={refused}")]).unwrap_err().to_string();
        assert!(error.contains("--keyviz-history-every"), "{error}");
    }
}

#[test]
fn without_flags_the_settings_are_the_defaults() {
    let (mut ours, core) = (settings(&[]), Config::default());
    assert!(ours.seed != 0 && ours.seed != settings(&[]).seed, "a seed of each start's own");
    ours.seed = 0;
    // As text, so that a setting that is added to the core and not here shows.
    assert_eq!(format!("{ours:?}"), format!("{core:?}"));
    assert_eq!(parse(&[]).sampler.keyviz_max_members, 256);
}

#[test]
fn every_setting_arrives() {
    let config = settings(&[
        "--keyviz-step=10s",
        "--keyviz-auto-ranges=300",
        "--keyviz-max-routes=500",
        "--keyviz-max-known-routes=5000",
        "--keyviz-max-virtual=60",
        "--keyviz-max-members=9",
        "--keyviz-promote=false",
        "--keyviz-max-draining=50",
        "--keyviz-sub-buckets=2",
        "--keyviz-labels=redis,s3",
        "--keyviz-scans=false",
        "--keyviz-max-recorders=8",
        "--keyviz-shared-shards=2",
        "--keyviz-cell-bytes=16MiB",
        "--keyviz-history-bytes=20MiB",
        "--keyviz-history-columns=100",
        "--keyviz-tiers=2x10",
        "--keyviz-bound-bytes=4MiB",
        "--keyviz-max-bound-len=512",
        "--keyviz-max-events=7",
        "--keyviz-hot-keys",
        "--keyviz-sample-bytes=1MiB",
        "--keyviz-sample-every=4",
        "--keyviz-max-key-len=100",
        "--keyviz-hot-key-sketches=3",
        "--keyviz-hot-key-entries=9",
        "--keyviz-hot-key-bytes=2MiB",
        "--keyviz-seed=77",
        "--keyviz-prefault=false",
    ]);
    assert_eq!((config.step_ms, config.max_routes, config.max_draining, config.sub_buckets), (10_000, 500, 50, 2));
    assert_eq!((config.max_known_routes, config.max_virtual), (5000, 60));
    assert_eq!(config.partition, Partition::Auto { ranges: 300 });
    assert_eq!((config.max_members, config.promote), (9, false));
    assert_eq!((config.hot_keys, config.sample_bytes, config.sample_every), (true, 1 << 20, 4));
    assert_eq!((config.max_key_len, config.seed), (100, 77));
    assert_eq!((config.hot_key_sketches, config.hot_key_entries, config.hot_key_bytes), (3, 9, 2 << 20));
    assert_eq!((config.max_recorders, config.shared_shards, config.cell_bytes), (8, 2, 16 << 20));
    assert_eq!((config.history_bytes, config.history_columns, config.bound_bytes), (20 << 20, 100, 4 << 20));
    assert_eq!(config.tiers, "2x10".parse().unwrap());
    assert!(settings(&["--keyviz-tiers="]).tiers.is_empty());
    assert_eq!(
        (config.max_bound_len, config.max_events, config.prefault, config.scans, config.labels),
        (512, 7, false, false, Labels::new(&["redis", "s3"]).unwrap())
    );
}

#[test]
fn other_spellings_arrive_too() {
    let host = parse(&[
        "--keyvizEnabled",
        "--keyvizStep=1m0s",
        "--keyvizMaxTrackedRoutes=77",
        "--keyvizMaxMemberRoutesPerSlot=9",
        "--keyvizHistoryColumns=30",
        "--keyvizLabelsEnabled=true",
        "--keyvizKeyBucketsPerRoute=4",
    ]);
    assert_eq!(host.sampler.keyviz_max_members, 9);
    let config = host.sampler.config().unwrap().unwrap();
    assert_eq!((config.step_ms, config.max_routes, config.history_columns, config.sub_buckets), (60_000, 77, 30, 4));
    assert_eq!(config.labels, Labels::new(&["dynamo", "redis", "s3", "sqs", "rawkv"]).unwrap());
    // Labels that are named win over the five.
    assert_eq!(settings(&["--keyvizLabelsEnabled", "--keyviz-labels=web"]).labels, Labels::new(&["web"]).unwrap());
    assert!(settings(&["--keyvizLabelsEnabled=false"]).labels.is_empty());
    // Separated by a space, as other flags.
    assert_eq!(settings(&["--keyvizStep", "100ms"]).step_ms, 100);
}

#[test]
fn booleans_work_in_both_forms() {
    let enabled = |args: &[&str]| parse(args).sampler.keyviz_enabled;
    assert!(!enabled(&[]));
    for on in [
        "--keyviz-enabled",
        "--keyviz-enabled=true",
        "--keyviz-enabled=1",
        "--keyviz-enabled=on",
        "--keyvizEnabled=yes",
    ] {
        assert!(enabled(&[on]), "{on}");
    }
    for off in ["--keyviz-enabled=false", "--keyviz-enabled=0", "--keyvizEnabled=off"] {
        assert!(!enabled(&[off]), "{off}");
    }
    assert!(try_parse(&["--keyviz-enabled=maybe"]).is_err());
    // The bare form takes no following word.
    assert!(parse(&["--keyviz-enabled", "--step", "3"]).sampler.keyviz_enabled);
    assert!(!settings(&["--keyviz-prefault=false"]).prefault);
    assert!(parse(&["--admin-insecure-no-auth"]).admin.admin_insecure_no_auth);
}

#[test]
fn what_cannot_work_is_refused_with_the_flags_name() {
    for (arg, names) in [
        ("--keyviz-step=60", "say the unit"),
        ("--keyviz-step=soon", "--keyviz-step"),
        ("--keyviz-cell-bytes=lots", "32MiB"),
        ("--keyviz-labels=Redis", "a-z"),
        ("--keyviz-labels=a,a", "twice"),
        ("--keyviz-sub-buckets=-1", "--keyviz-sub-buckets"),
        ("--listen=8765", "--listen"),
        ("--admin-allowed-hosts=http://x/", "host name"),
    ] {
        let refused = try_parse(&[arg]).unwrap_err().to_string();
        assert!(refused.contains(names), "{arg}: {refused}");
    }
    for (arg, field) in [
        ("--keyviz-step=99ms", "step"),
        ("--keyviz-step=25h", "step"),
        ("--keyviz-max-routes=0", "max_routes"),
        ("--keyviz-max-members=0", "max_members"),
        ("--keyvizMaxMemberRoutesPerSlot=65537", "max_members"),
        ("--keyviz-memory=1KiB", ""),
    ] {
        let refused = parse(&[arg, "--keyviz-enabled"]).sampler.config().unwrap_err().to_string();
        assert!(refused.contains(field), "{arg}: {refused}");
        // Disabled, it does not matter.
        assert!(parse(&[arg]).sampler.config().unwrap().is_none());
    }
}

#[test]
fn a_budget_is_kept() {
    let config = settings(&["--keyviz-memory=40MiB", "--keyviz-max-routes=1000"]);
    assert!(config.memory_bytes().unwrap() <= 40 << 20);
    assert_eq!(config.max_routes, 1000);
}

#[test]
fn disabled_starts_nothing() {
    assert!(Running::start(&parse(&[]).sampler).unwrap().is_none());
    let running =
        Running::start(&parse(&["--keyviz-enabled", "--keyviz-max-routes=10", "--keyviz-memory=32MiB"]).sampler)
            .unwrap()
            .unwrap();
    running.flusher.stop();
    assert!(Running::start(&parse(&["--keyviz-enabled", "--keyviz-step=1ms"]).sampler).is_err());
}

#[test]
fn the_endpoints_flags() {
    let admin = parse(&[]).admin;
    assert_eq!(admin.listen.to_string(), "127.0.0.1:8765");
    let access = admin.access().unwrap();
    assert!(!access.has_token() && admin.admin_allowed_hosts.is_empty());
    assert_eq!((access.redaction, access.read_redaction), (Redaction::None, Redaction::Prefix(8)));
    assert!(admin.check(false).unwrap().is_none());
    let admin = parse(&[
        "--listen=0.0.0.0:1",
        "--admin-allowed-hosts=db1,10.0.0.5:8765,[::1]",
        "--admin-token-file=/nowhere/token",
    ])
    .admin;
    assert_eq!(admin.admin_allowed_hosts, ["db1", "10.0.0.5:8765", "[::1]"]);
    assert!(admin.access().unwrap_err().to_string().contains("/nowhere/token"));
    // Exports need no token.
    assert!(admin.exports().is_ok());
    let redacted = parse(&["--admin-redaction=hmac", "--admin-read-redaction=prefix:3"]).admin;
    let access = redacted.access().unwrap();
    assert_eq!((access.redaction, access.read_redaction), (Redaction::Hmac, Redaction::Prefix(3)));
    assert_eq!(redacted.exports().unwrap().redactor().policy(), Redaction::Hmac);
    for file in ["--admin-read-token-file=/nowhere/file", "--admin-redaction-key-file=/nowhere/file"] {
        assert!(parse(&[file]).admin.access().unwrap_err().to_string().contains("/nowhere/file"), "{file}");
    }
    let refused = Host::try_parse_from(["host", "--admin-redaction=some"]).unwrap_err().to_string();
    assert!(refused.contains("prefix:N"), "{refused}");
    assert!(admin.check(false).is_err() && admin.check(true).unwrap().is_none());
    assert!(parse(&["--listen=0.0.0.0:1", "--admin-insecure-no-auth"]).admin.check(false).unwrap().is_some());
}

/// Not a test of its own: what [`variables_are_read`] runs in a process with variables set.
#[test]
fn child_prints_its_settings() {
    if std::env::var_os("KEYVIZ_FLAGS_TEST_CHILD").is_some() {
        let host = parse(&["--keyviz-max-routes=33"]);
        println!("child: {} {:?} {}", host.sampler.keyviz_enabled, host.sampler.settings().unwrap(), host.admin.listen);
    }
}

#[test]
fn variables_are_read_and_flags_beat_them() {
    let out = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_prints_its_settings", "--nocapture"])
        .envs([
            ("KEYVIZ_FLAGS_TEST_CHILD", "1"),
            ("KEYVIZ_ENABLED", "true"),
            ("KEYVIZ_STEP", "5s"),
            ("KEYVIZ_MAX_ROUTES", "44"),
            ("KEYVIZ_LABELS", "a,b"),
            ("KEYVIZ_PREFAULT", "false"),
            ("KEYVIZ_LISTEN", "[::1]:1"),
        ])
        .output()
        .unwrap();
    let out = String::from_utf8(out.stdout).unwrap();
    for part in
        ["child: true", "step_ms: 5000", "max_routes: 33", r#"labels: ["a", "b"]"#, "prefault: false", "[::1]:1"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
}

/// A host's own description stands, and one without has none.
#[test]
fn a_host_describes_itself() {
    use clap::CommandFactory;

    #[derive(clap::Parser)]
    struct Silent {
        #[command(flatten)]
        _sampler: SamplerArgs,
        #[command(flatten)]
        _admin: AdminArgs,
    }
    /// An engine.
    ///
    /// At length.
    #[derive(clap::Parser)]
    struct Described {
        #[command(flatten)]
        _sampler: SamplerArgs,
        #[command(flatten)]
        _admin: AdminArgs,
    }
    let silent = Silent::command();
    assert_eq!((silent.get_about(), silent.get_long_about()), (None, None));
    let described = Described::command();
    assert_eq!(described.get_about().map(ToString::to_string).as_deref(), Some("An engine"));
    assert!(described.get_long_about().is_some_and(|about| about.to_string().contains("At length")));
}

#[test]
fn addresses_to_listen_on() {
    let listen = |text: &str| try_parse(&["--listen", text]).map(|host| host.admin.listen.to_string());
    assert_eq!(listen("localhost:9000").unwrap(), "127.0.0.1:9000");
    assert_eq!(listen("[::1]:0").unwrap(), "[::1]:0");
    for wrong in ["localhost", "8765", ":8765", "example.com:80", "127.0.0.1", "localhost:99999", ""] {
        let refused = listen(wrong).unwrap_err().to_string();
        assert!(refused.contains("localhost:8765"), "{wrong}: {refused}");
    }
}

#[test]
fn names_and_the_template_are_read_or_refused_with_what_to_do() {
    let none = parse(&[]).admin;
    assert!(none.split_template.is_none() && none.key_names().unwrap().iter().next().is_none());
    let path = std::env::temp_dir().join(format!("keyviz-names-{}", std::process::id()));
    std::fs::write(&path, "orders/\torders\n").unwrap();
    let flag = format!("--keyviz-key-names={}", path.display());
    assert_eq!(parse(&[&flag]).admin.key_names().unwrap().name(b"orders/1"), Some("orders"));
    std::fs::write(&path, "orders/\torders\ncanary orders\n").unwrap();
    let error = parse(&[&flag]).admin.key_names().unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("a tab") && !error.contains("canary"), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(parse(&[&flag]).admin.key_names().is_err(), "a file that is not there");
    assert!(parse(&["--split-template=db split {route} {key}"]).admin.split_template.is_some());
    let error = try_parse(&["--split-template=db split {where}"]).unwrap_err().to_string();
    assert!(error.contains("{where}") && error.contains("{key}"), "{error}");
}
