//! The hottest ranges: rates and shares beside totals that the test keeps, the window before, owners, what a split
//! changes, and what does not.

#![cfg(feature = "std")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]

use keyviz_core::{
    ColumnState, Config, Fanout, FanoutNode, KeyNames, Labels, MatrixQuery, Merge, NewRoute, Op, Partition, RouteId,
    Sampler, Series, Top, TopQuery, wire,
};

const STEP: u64 = 1000;

fn sampler(change: impl FnOnce(&mut Config)) -> Sampler {
    let mut config = Config::default();
    config.step_ms = STEP;
    config.max_routes = 64;
    config.prefault = false;
    change(&mut config);
    let sampler = Sampler::new(config, 0).unwrap();
    for (id, start, end) in [(1, "a", Some("f")), (2, "f", Some("m")), (3, "m", None)] {
        sampler.register(RouteId(id), start.as_bytes(), end.map(str::as_bytes), 10 * id).unwrap();
    }
    sampler
}

fn observe(sampler: &Sampler, route: u64, op: Op, key: &[u8], times: u64) {
    for _ in 0..times {
        sampler.observe(RouteId(route), op, key, 9);
    }
}

fn top(sampler: &Sampler, series: Series) -> Top {
    sampler.reader().top(&TopQuery { series, ..TopQuery::default() })
}

fn values(top: &Top) -> Vec<(u64, u64, Option<u64>)> {
    top.rows.iter().map(|row| (row.route.0, row.value, row.before)).collect()
}

#[test]
fn the_newest_window_is_ranked_beside_the_one_before() {
    let sampler = sampler(|_| ());
    observe(&sampler, 1, Op::Write, b"b", 7);
    observe(&sampler, 2, Op::Read, b"g", 2);
    sampler.flush(STEP);
    observe(&sampler, 1, Op::Write, b"b", 3);
    observe(&sampler, 3, Op::Write, b"z", 5);
    sampler.flush(2 * STEP);
    let writes = top(&sampler, Series::Writes);
    assert_eq!(values(&writes), [(3, 5, Some(0)), (1, 3, Some(7))]);
    let (now, before) = (writes.now.unwrap(), writes.before.unwrap());
    assert_eq!((now.start_ms, now.end_ms, now.covers_ms, now.total), (STEP, 2 * STEP, STEP, 8));
    assert_eq!((before.end_ms, before.total, now.state), (STEP, 7, ColumnState::Complete));
    assert_eq!(writes.ranges, 2, "what took nothing is no hot range");
    let row = &writes.rows[0];
    assert_eq!((row.start.as_slice(), row.end.as_deref(), row.group), (b"m".as_slice(), None, 30));
    assert_eq!(values(&top(&sampler, Series::Ops)), [(3, 5, Some(0)), (1, 3, Some(7))]);
    assert_eq!(values(&top(&sampler, Series::Reads)), []);
    assert_eq!(top(&sampler, Series::Reads).before.unwrap().total, 2);
    assert_eq!(top(&sampler, Series::WriteBytes).rows[0].value, 50);
}

#[test]
fn an_open_window_counts_once_half_of_it_is_covered() {
    let sampler = sampler(|_| ());
    observe(&sampler, 1, Op::Write, b"b", 4);
    sampler.flush(STEP / 4);
    assert_eq!(top(&sampler, Series::Ops).now.unwrap().state, ColumnState::Open, "there is no other");
    sampler.flush(STEP);
    observe(&sampler, 2, Op::Write, b"g", 9);
    sampler.flush(STEP + STEP / 4);
    assert_eq!(values(&top(&sampler, Series::Ops)), [(1, 4, None)], "a quarter is too young, and nothing was before");
    sampler.flush(STEP + STEP / 2);
    let ops = top(&sampler, Series::Ops);
    assert_eq!(values(&ops), [(2, 9, Some(0))]);
    assert_eq!((ops.now.unwrap().state, ops.now.unwrap().covers_ms), (ColumnState::Open, STEP / 2));
}

#[test]
fn without_the_window_before_there_is_no_change() {
    let sampler = sampler(|_| ());
    observe(&sampler, 1, Op::Write, b"b", 4);
    sampler.flush(STEP);
    // A suspended machine: the next column is late, the windows before it are missing.
    observe(&sampler, 1, Op::Write, b"b", 6);
    sampler.flush(9 * STEP);
    let ops = top(&sampler, Series::Ops);
    assert_eq!(values(&ops), [(1, 6, None)]);
    assert!(ops.before.is_none());
    assert_eq!(ops.now.unwrap().covers_ms, 8 * STEP, "its rate is over what it covers");
}

#[test]
fn a_split_is_not_a_change_of_load() {
    let sampler = sampler(|_| ());
    observe(&sampler, 1, Op::Write, b"b", 100);
    observe(&sampler, 2, Op::Write, b"g", 10);
    sampler.flush(STEP);
    let parts = [
        NewRoute { route: RouteId(11), start: b"a", end: Some(b"c"), group: 10 },
        NewRoute { route: RouteId(12), start: b"c", end: Some(b"f"), group: 10 },
    ];
    sampler.split_route(RouteId(1), &parts).unwrap();
    observe(&sampler, 11, Op::Write, b"b", 90);
    observe(&sampler, 12, Op::Write, b"d", 20);
    observe(&sampler, 2, Op::Write, b"g", 30);
    sampler.flush(2 * STEP);
    assert_eq!(values(&top(&sampler, Series::Writes)), [(11, 90, None), (2, 30, Some(10)), (12, 20, None)]);
}

#[test]
fn divisions_are_ranges_of_their_own_and_labels_are_summed() {
    let sampler = sampler(|config| {
        config.sub_buckets = 4;
        config.labels = Labels::new(&["redis"]).unwrap();
    });
    let redis = sampler.reader().config().labels.get("redis");
    observe(&sampler, 1, Op::Write, b"a1", 5);
    for _ in 0..2 {
        sampler.observe_labelled(RouteId(1), redis, Op::Write, b"a1", 0);
    }
    observe(&sampler, 1, Op::Write, b"e9", 6);
    sampler.flush(STEP);
    let all = top(&sampler, Series::Writes);
    let seen: Vec<(u32, u32, u64)> = all.rows.iter().map(|row| (row.sub_bucket, row.sub_buckets, row.value)).collect();
    assert_eq!(seen, [(0, 4, 7), (3, 4, 6)]);
    assert!(all.rows[0].end.as_deref().unwrap() <= all.rows[1].start.as_slice());
    let one = sampler.reader().top(&TopQuery { series: Series::Writes, label: Some(redis), ..TopQuery::default() });
    assert_eq!((one.rows.len(), one.rows[0].value, one.now.unwrap().total), (1, 2, 2));
}

#[test]
fn keys_and_the_limit_cut_the_list_and_not_the_sums() {
    let sampler = sampler(|_| ());
    for (route, key, times) in [(1, "b", 3), (2, "g", 2), (3, "z", 1)] {
        observe(&sampler, route, Op::Read, key.as_bytes(), times);
    }
    sampler.flush(STEP);
    let ask = |limit, start: &str, end: Option<&str>| {
        sampler.reader().top(&TopQuery { limit, start: start.into(), end: end.map(Into::into), ..TopQuery::default() })
    };
    let two = ask(2, "", None);
    assert_eq!((two.rows.len(), two.ranges, two.now.unwrap().total), (2, 3, 6));
    assert_eq!(ask(0, "", None).rows.len(), 1, "one at least");
    assert_eq!(values(&ask(9, "g", None)), [(2, 2, None), (3, 1, None)], "a range that holds the key is in");
    assert_eq!(values(&ask(9, "f", Some("m"))), [(2, 2, None)]);
    assert_eq!(ask(9, "f", Some("m")).now.unwrap().total, 2);
}

#[test]
fn the_middle_lies_inside() {
    let sampler = sampler(|_| ());
    sampler.register(RouteId(4), b"", Some(b"\0"), 0).unwrap();
    for route in 1..=4 {
        observe(&sampler, route, Op::Write, if route == 4 { b"" } else { b"g" }, 5 - route);
    }
    sampler.flush(STEP);
    for row in top(&sampler, Series::Writes).rows {
        match &row.middle {
            Some(key) => assert!(*key > row.start && row.end.as_ref().is_none_or(|end| key < end), "{row:?}"),
            None => assert_eq!(row.route, RouteId(4), "only the empty key lies there: {row:?}"),
        }
    }
}

#[test]
fn the_wire_form_is_json_that_says_it_all() {
    let sampler = sampler(|_| ());
    sampler.register(RouteId(u64::MAX), b"", Some(b"a"), 0).unwrap();
    observe(&sampler, u64::MAX, Op::Write, b"A", 1);
    sampler.flush(STEP);
    observe(&sampler, u64::MAX, Op::Write, b"A", 3);
    observe(&sampler, 2, Op::Write, b"g", 6);
    sampler.flush(2 * STEP);
    let names = KeyNames::new([(b"f".as_slice(), "fruit \"<")]).unwrap();
    let mut json = String::new();
    let split = |row: &keyviz_core::TopRow| (row.route.0 == 2).then(|| "split 'it'".to_owned());
    wire::encode::top(&top(&sampler, Series::Writes), 0, Some(&names), &split, &mut json);
    let expected = concat!(
        r#"{"series":"writes","generated_at":"1970-01-01T00:00:00.000Z","#,
        r#""now":{"start_unix_ms":1000,"end_unix_ms":2000,"covers_ms":1000,"state":"complete","total":9,"rate":9.000},"#,
        r#""before":{"start_unix_ms":0,"end_unix_ms":1000,"covers_ms":1000,"state":"complete","total":1,"rate":1.000},"#,
        r#""ranges":2,"rows":[{"bucket_id":"route:2","route_id":"2","start":"Zg==","end":"bQ==","middle":"aQ==","#,
        r#""aggregate":false,"sub_bucket":0,"sub_buckets":1,"raft_group_id":20,"leader_term":0,"#,
        r#""value":6,"rate":6.000,"share":0.666666,"before":0,"before_rate":0.000,"#,
        r#""name":"fruit \"\u003c","split":"split 'it'"},"#,
        r#"{"bucket_id":"route:18446744073709551615","route_id":"18446744073709551615","start":null,"end":"YQ==","middle":"QA==","#,
        r#""aggregate":false,"sub_bucket":0,"sub_buckets":1,"raft_group_id":0,"leader_term":0,"#,
        r#""value":3,"rate":3.000,"share":0.333333,"before":1,"before_rate":1.000}]}"#,
    );
    assert_eq!(json, expected);
}

#[test]
fn ranges_of_the_cores_own_are_said_to_be() {
    let of = |config: Config, observe: &dyn Fn(&Sampler)| {
        let sampler = Sampler::new(config, 0).unwrap();
        observe(&sampler);
        sampler.flush(STEP);
        let mut json = String::new();
        let top = top(&sampler, Series::Ops);
        wire::encode::top(&top, 0, None, &|_| None, &mut json);
        assert_eq!(top.rows.len(), 1);
        (top.own_ranges, json.contains(r#""ranges":1,"own_ranges":true,"rows":["#))
    };
    let mut config = Config::default();
    config.step_ms = STEP;
    assert_eq!(
        of(config.clone(), &|sampler| {
            sampler.register(RouteId(1), b"", None, 0).unwrap();
            sampler.observe(RouteId(1), Op::Read, b"a", 0);
        }),
        (false, false)
    );
    config.partition = Partition::Auto { ranges: 8 };
    assert_eq!(of(config, &|sampler| sampler.observe_key(Op::Read, b"a", 0)), (true, true));
}

/// The hottest of so many nodes, of which each has one read more than the one before.
fn of_nodes(count: u32) -> Top {
    let all = MatrixQuery { series: Series::Reads, open: true, ..MatrixQuery::default() };
    let (mut merge, mut parts) = (Merge::new(), Vec::new());
    for place in 0..count {
        let sampler = sampler(|_| ());
        observe(&sampler, 2, Op::Read, b"g", u64::from(place) + 1);
        sampler.flush(STEP);
        let part = sampler.reader().part(&all, 16384);
        merge.add(place, &part).unwrap();
        parts.push((place, part));
    }
    let query = TopQuery { series: Series::Reads, ..TopQuery::default() };
    let mut top = Top::of_nodes(&merge.finish_whole().answer, &parts, &query);
    let nodes = (0..count).map(|place| FanoutNode::answered(&format!("n{place}:1")));
    let mut fanout = Fanout::default();
    (fanout.nodes, fanout.responded, fanout.expected) = (nodes.collect(), count.into(), count.into());
    top.fanout = Some(fanout);
    top
}

#[test]
fn the_wire_form_of_several_nodes_names_who_counted() {
    let json = |top: &Top| {
        let mut json = String::new();
        wire::encode::top(top, 0, None, &|_| None, &mut json);
        json
    };
    let two = of_nodes(2);
    let row = concat!(
        r#""value":3,"rate":3.000,"share":1.000000,"before":null,"before_rate":null,"#,
        r#""nodes":[{"node":"n1:1","value":2,"share":0.666666},{"node":"n0:1","value":1,"share":0.333333}],"node_count":2}],"#,
        r#""fanout":{"nodes":[{"node":"n0:1","ok":true,"state":"answered"},{"node":"n1:1","ok":true,"state":"answered"}],"#,
        r#""responded":2,"expected":2,"writes_superseded":0}}"#,
    );
    assert!(json(&two).ends_with(row), "{}", json(&two));
    let mut estimated = two;
    estimated.rows[0].estimated = true;
    assert!(json(&estimated).contains(r#""node_count":2,"estimated":true}]"#));
    // The hottest sixteen are named, and all are counted.
    let many = of_nodes(20);
    let named: Vec<u32> = many.rows[0].nodes.iter().map(|node| node.place).collect();
    assert_eq!(named, (4..20).rev().collect::<Vec<u32>>());
    assert_eq!((many.rows[0].node_count, many.rows[0].counted), (20, 210));
    assert!(json(&many).contains(r#""share":0.023809}],"node_count":20}"#), "{}", json(&many));
}
