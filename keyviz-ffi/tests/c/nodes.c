/* Several nodes as one picture, hot keys of several nodes, which routes came from which, and who read keys. */
#include <pthread.h>

#include "http.h"

static keyviz_buffer matrix_json(keyviz_sampler kv, uint32_t series) {
    keyviz_query query;
    keyviz_buffer json;
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.series = series;
    OK(keyviz_matrix_json(kv, &query, &json));
    return json;
}

/* Two routes of one group, written so often under a term, read by all. */
static keyviz_sampler node(uint64_t term, uint64_t writes, uint64_t reads) {
    keyviz_sampler kv = small_sampler(0);
    uint64_t i;
    OK(keyviz_register(kv, 1, "a", 1, "m", 1, 5, NULL));
    OK(keyviz_register(kv, 2, "m", 1, NULL, 0, 5, NULL));
    OK(keyviz_set_term(kv, 5, term));
    for (i = 0; i < writes; i++) OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "b", 1, 0));
    for (i = 0; i < reads; i++) OK(keyviz_observe(kv, 2, KEYVIZ_OP_READ, "z", 1, 0));
    OK(keyviz_flush(kv, 1000));
    return kv;
}

static keyviz_matrix_arrays view(keyviz_matrix matrix) {
    keyviz_matrix_arrays arrays;
    arrays.size = sizeof arrays;
    OK(keyviz_matrix_view(matrix, &arrays));
    return arrays;
}

static void add_json(keyviz_coordinator coordinator, uint32_t place, keyviz_sampler kv, uint32_t series, int32_t wanted) {
    keyviz_buffer json = matrix_json(kv, series);
    const char *text;
    size_t len;
    OK(keyviz_buffer_view(json, &text, &len));
    CHECK_STATUS(keyviz_coordinator_add_json(coordinator, place, text, len, 0), wanted);
    OK(keyviz_buffer_close(json));
}

/* Writes of one term are the leader's; reads add. The same by a tree of coordinators, in any order. */
static void one_picture(void) {
    keyviz_sampler kv[3] = {node(7, 10, 1), node(7, 8, 2), node(6, 5, 4)};
    keyviz_coordinator flat, left, above;
    keyviz_matrix one, other;
    keyviz_matrix_arrays arrays, again;
    keyviz_query query;
    keyviz_buffer json, same;
    const char *text, *same_text;
    keyviz_node nodes[4];
    uint32_t i;
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    OK(keyviz_coordinator_open(0, &flat));
    OK(keyviz_coordinator_open(0, &left));
    OK(keyviz_coordinator_open(0, &above));
    for (i = 0; i < 3; i++) add_json(flat, i, kv[i], KEYVIZ_SERIES_WRITES, KEYVIZ_STATUS_OK);
    OK(keyviz_coordinator_add(above, 2, kv[2], NULL));
    OK(keyviz_coordinator_add(left, 1, kv[1], &query));
    OK(keyviz_coordinator_add(left, 0, kv[0], &query));
    OK(keyviz_coordinator_join(above, left));
    OK(keyviz_coordinator_read(flat, NULL, &one));
    OK(keyviz_coordinator_read(above, NULL, &other));
    arrays = view(one);
    again = view(other);
    CHECK(arrays.rows == 2 && arrays.columns == 1 && again.rows == 2 && again.columns == 1);
    /* Terms 7 and 6: the greatest of 10 and 8, and 5. */
    CHECK(arrays.values[0] == 15 && again.values[0] == 15 && arrays.leader_rule == 1);
    CHECK(arrays.conflicts != NULL && arrays.conflicts[0] == 1 && (arrays.row_flags[0] & KEYVIZ_ROW_CONFLICT) != 0);
    CHECK((arrays.row_flags[1] & KEYVIZ_ROW_CONFLICT) == 0 && again.conflicts[0] == 1);
    CHECK(arrays.writes_superseded == 8 && again.writes_superseded == 8 && arrays.parts_dropped == 0);
    CHECK(arrays.column_nodes[0] == 3 && arrays.row_route[1] == 2 && arrays.missing == NULL && arrays.warnings == 0);
    CHECK(arrays.parts == 2 && arrays.part_term[0] == 6 && arrays.part_value[0] == 5 && arrays.part_value[1] == 10);
    /* The same bytes, but for the instant. */
    memset(nodes, 0, sizeof nodes);
    for (i = 0; i < 4; i++) nodes[i].name = "node";
    nodes[1].known = KEYVIZ_NODE_STEP | KEYVIZ_NODE_CLOCK_OFFSET;
    nodes[1].step_ms = 1000;
    nodes[1].clock_offset_ms = -3;
    nodes[3].state = KEYVIZ_NODE_STATE_UNREACHABLE;
    nodes[3].error = "connection refused";
    OK(keyviz_coordinator_json(flat, &query, nodes, 4, &json));
    OK(keyviz_coordinator_json(above, &query, nodes, 4, &same));
    OK(keyviz_buffer_view(json, &text, NULL));
    OK(keyviz_buffer_view(same, &same_text, NULL));
    CHECK(strstr(text, "\"responded\":3") != NULL && strstr(text, "\"expected\":4") != NULL);
    CHECK(strstr(text, "\"clock_offset_ms\":-3") != NULL && strstr(text, "\"state\":\"unreachable\"") != NULL);
    CHECK(strstr(text, "\"conflict\":true") != NULL && strstr(text, "\"writes_superseded\":8") != NULL);
    CHECK(strcmp(strstr(text, "\"rows\":"), strstr(same_text, "\"rows\":")) == 0);
    OK(keyviz_buffer_close(same));
    OK(keyviz_buffer_close(json));
    nodes[2].state = 8;
    CHECK_STATUS(keyviz_coordinator_json(flat, NULL, nodes, 4, &json), KEYVIZ_STATUS_BAD_ARGUMENT);
    nodes[2].state = 0;
    nodes[2].name = NULL;
    CHECK_STATUS(keyviz_coordinator_json(flat, NULL, nodes, 4, &json), KEYVIZ_STATUS_NULL_POINTER);
    nodes[2].name = "\xff";
    CHECK_STATUS(keyviz_coordinator_json(flat, NULL, nodes, 4, &json), KEYVIZ_STATUS_BAD_TEXT);
    OK(keyviz_coordinator_json(flat, NULL, NULL, 0, &json));
    OK(keyviz_buffer_view(json, &text, NULL));
    CHECK(strstr(text, "\"fanout\"") == NULL);
    OK(keyviz_buffer_close(json));
    /* By ranges, from the same answers. */
    query.axis = KEYVIZ_AXIS_RANGE;
    OK(keyviz_matrix_close(other));
    OK(keyviz_coordinator_read(flat, &query, &other));
    again = view(other);
    CHECK(again.axis == KEYVIZ_AXIS_RANGE && again.rows == 2 && again.values[0] == 15 && again.row_route[0] == 0);
    OK(keyviz_coordinator_close(flat));
    CHECK(again.values[0] == 15 && arrays.values[0] == 15); /* matrices outlive it */
    OK(keyviz_matrix_close(one));
    OK(keyviz_matrix_close(other));
    OK(keyviz_coordinator_close(left));
    OK(keyviz_coordinator_close(above));
    for (i = 0; i < 3; i++) OK(keyviz_close(kv[i]));
}

/* What is refused changes nothing. */
static void refused(void) {
    static const char *const bad[] = {
        "", "nonsense", "{", "[]", "{\"series\":\"writes\"}",
        "{\"series\":\"writes\",\"column_unix_ms\":[1000],\"rows\":[{\"bucket_id\":\"route:1\",\"values\":[1,2]}]}",
        "{\"series\":\"writes\",\"axis\":\"range\",\"column_unix_ms\":[1000],\"rows\":[]}"};
    keyviz_sampler kv = node(1, 3, 2);
    keyviz_coordinator coordinator, small, none = {0}, closed;
    keyviz_query query;
    keyviz_matrix matrix;
    keyviz_buffer buffer;
    size_t i;
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    CHECK_STATUS(keyviz_coordinator_open(0, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_coordinator_open(0, &coordinator));
    OK(keyviz_coordinator_open(20, &small));
    OK(keyviz_coordinator_read(coordinator, NULL, &matrix)); /* of nobody */
    CHECK(view(matrix).rows == 0 && view(matrix).columns == 0);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_coordinator_add(coordinator, 0, kv, NULL));
    CHECK_STATUS(keyviz_coordinator_add(coordinator, 0, kv, NULL), KEYVIZ_STATUS_PLACE_TAKEN);
    CHECK_STATUS(keyviz_coordinator_join(coordinator, coordinator), KEYVIZ_STATUS_PLACE_TAKEN);
    CHECK_STATUS(keyviz_coordinator_add(coordinator, UINT32_MAX, kv, NULL), KEYVIZ_STATUS_BAD_ARGUMENT);
    query.series = KEYVIZ_SERIES_READS;
    CHECK_STATUS(keyviz_coordinator_add(coordinator, 1, kv, &query), KEYVIZ_STATUS_OTHER_SERIES);
    add_json(coordinator, 1, kv, KEYVIZ_SERIES_READS, KEYVIZ_STATUS_OTHER_SERIES);
    query.series = KEYVIZ_SERIES_WRITES;
    query.axis = KEYVIZ_AXIS_RANGE;
    CHECK_STATUS(keyviz_coordinator_add(coordinator, 1, kv, &query), KEYVIZ_STATUS_BAD_ANSWER);
    query.axis = 9;
    CHECK_STATUS(keyviz_coordinator_add(coordinator, 1, kv, &query), KEYVIZ_STATUS_BAD_ARGUMENT);
    CHECK_STATUS(keyviz_coordinator_read(coordinator, &query, &matrix), KEYVIZ_STATUS_BAD_ARGUMENT);
    query.axis = 0;
    query.by_label = 1;
    CHECK_STATUS(keyviz_coordinator_read(coordinator, &query, &matrix), KEYVIZ_STATUS_BAD_ARGUMENT);
    CHECK_STATUS(keyviz_coordinator_read(coordinator, NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_coordinator_json(coordinator, NULL, NULL, 1, &buffer), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_coordinator_json(coordinator, NULL, NULL, 0, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_coordinator_add_json(coordinator, 1, NULL, 1, 0), KEYVIZ_STATUS_NULL_POINTER);
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STATUS(keyviz_coordinator_add_json(coordinator, 1, bad[i], strlen(bad[i]), 0), KEYVIZ_STATUS_BAD_ANSWER);
    CHECK_STATUS(keyviz_coordinator_add(small, 0, kv, NULL), KEYVIZ_STATUS_TOO_LARGE);
    {
        keyviz_buffer json = matrix_json(kv, KEYVIZ_SERIES_WRITES);
        const char *text;
        size_t len;
        OK(keyviz_buffer_view(json, &text, &len));
        CHECK_STATUS(keyviz_coordinator_add_json(coordinator, 1, text, len, 100), KEYVIZ_STATUS_BAD_ANSWER);
        OK(keyviz_coordinator_add_json(coordinator, 1, text, len, 1 << 16));
        OK(keyviz_buffer_close(json));
    }
    OK(keyviz_coordinator_read(coordinator, NULL, &matrix));
    CHECK(view(matrix).values[0] == 3 && view(matrix).column_nodes[0] == 2);
    OK(keyviz_matrix_close(matrix));
    CHECK_STATUS(keyviz_coordinator_close(none), KEYVIZ_STATUS_INVALID_HANDLE);
    CHECK_STATUS(keyviz_coordinator_add(none, 0, kv, NULL), KEYVIZ_STATUS_INVALID_HANDLE);
    none.bits = kv.bits;
    CHECK_STATUS(keyviz_coordinator_join(coordinator, none), KEYVIZ_STATUS_INVALID_HANDLE);
    closed = small;
    OK(keyviz_coordinator_close(small));
    CHECK_STATUS(keyviz_coordinator_close(closed), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_coordinator_join(coordinator, closed), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_coordinator_read(closed, NULL, &matrix), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_coordinator_json(closed, NULL, NULL, 0, &buffer), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_coordinator_add_json(closed, 0, "{}", 2, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    OK(keyviz_coordinator_close(coordinator));
    OK(keyviz_close(kv));
}

/* What single nodes are warned about. */
static void warnings(void) {
    keyviz_sampler grouped = node(1, 3, 0), plain = small_sampler(0);
    keyviz_coordinator coordinator;
    keyviz_matrix matrix;
    keyviz_matrix_arrays arrays;
    keyviz_query query;
    OK(keyviz_register(plain, 1, "a", 1, "n", 1, 0, NULL)); /* other bounds */
    OK(keyviz_register(plain, 3, "p", 1, "q", 1, 0, NULL));
    OK(keyviz_observe(plain, 1, KEYVIZ_OP_WRITE, "b", 1, 0));
    OK(keyviz_observe(plain, 3, KEYVIZ_OP_WRITE, "p", 1, 0));
    OK(keyviz_flush(plain, 1000));
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.rows = 1;
    OK(keyviz_coordinator_open(0, &coordinator));
    OK(keyviz_coordinator_add(coordinator, 4, plain, &query));
    OK(keyviz_coordinator_add(coordinator, 1, grouped, NULL));
    OK(keyviz_coordinator_read(coordinator, NULL, &matrix));
    arrays = view(matrix);
    CHECK(arrays.warnings == 3 && arrays.warning_place[0] == 4 && arrays.warning_place[2] == 4);
    CHECK(arrays.warning_kind[0] == KEYVIZ_WARNING_MIXED_WRITE_MERGE);
    CHECK(arrays.warning_kind[1] == KEYVIZ_WARNING_CATALOG_DIVERGENCE);
    CHECK(arrays.warning_kind[2] == KEYVIZ_WARNING_PEER_ROWS_CAPPED && arrays.cut_rows == 1 && arrays.absences == 0);
    OK(keyviz_matrix_close(matrix));
    /* A column that one of them does not cover. */
    OK(keyviz_flush(grouped, 2000));
    OK(keyviz_coordinator_add(coordinator, 9, grouped, NULL));
    OK(keyviz_coordinator_read(coordinator, NULL, &matrix));
    arrays = view(matrix);
    CHECK(arrays.columns == 2 && arrays.column_nodes[0] == 3 && arrays.column_nodes[1] == 1 && arrays.absences == 2);
    CHECK(arrays.absence_place[0] == 1 && arrays.absence_start_ms[0] == 1000 && arrays.absence_end_ms[0] == 2000);
    CHECK(arrays.absence_place[1] == 4 && arrays.missing != NULL);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_coordinator_close(coordinator));
    OK(keyviz_close(grouped));
    OK(keyviz_close(plain));
}

enum { MANY = 2000, SHOWN = 1024, LUKEWARM = 1995 };

/* Many routes, of which one node's hottest are not the other's; one is hot on neither, and among the hottest of both. */
static keyviz_sampler many_routes(uint64_t hot_from, uint64_t hot_to) {
    keyviz_config config;
    keyviz_sampler kv;
    uint64_t i;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.max_routes = config.max_known_routes = MANY;
    OK(keyviz_open(&config, 0, &kv));
    for (i = 0; i < MANY; i++) {
        keyviz_operation operation;
        unsigned char bounds[4] = {(unsigned char)(i >> 8), (unsigned char)i, (unsigned char)((i + 1) >> 8),
                                   (unsigned char)(i + 1)};
        OK(keyviz_register(kv, i, bounds, 2, bounds + 2, 2, 0, NULL));
        memset(&operation, 0, sizeof operation);
        operation.route = i;
        operation.op = KEYVIZ_OP_READ;
        operation.key = bounds;
        operation.key_len = 2;
        operation.times = i == LUKEWARM ? 9 : hot_from <= i && i < hot_to ? 10 : 1;
        OK(keyviz_observe_batch(kv, &operation, 1));
    }
    OK(keyviz_flush(kv, 1000));
    return kv;
}

/* A picture has the hottest rows of all nodes together, though each node has more rows than a picture. */
static void more_rows_than_shown(void) {
    keyviz_sampler kv[2] = {many_routes(0, 1030), many_routes(960, 1990)};
    keyviz_coordinator coordinator, narrow;
    keyviz_matrix matrix;
    keyviz_matrix_arrays arrays;
    keyviz_query query;
    uint64_t sum = 0, all = 0, hidden = 0;
    size_t i;
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.series = KEYVIZ_SERIES_READS;
    OK(keyviz_coordinator_open(0, &coordinator));
    /* Less room than a quarter of which takes all rows: each gives as many as a picture has. */
    OK(keyviz_coordinator_open(40000, &narrow));
    for (i = 0; i < 2; i++) {
        all += counters_of(kv[i]).recorded.reads;
        OK(keyviz_coordinator_add(coordinator, (uint32_t)i, kv[i], &query));
        OK(keyviz_coordinator_add(narrow, (uint32_t)i, kv[i], &query));
    }
    query.rows = SHOWN;
    OK(keyviz_coordinator_read(coordinator, &query, &matrix));
    arrays = view(matrix);
    CHECK(arrays.rows == SHOWN && arrays.columns == 1 && arrays.warnings == 0 && arrays.cut_rows == MANY - SHOWN);
    for (i = 0; i < SHOWN; i++) {
        sum += arrays.values[i];
        if (arrays.row_route[i] == LUKEWARM) hidden = arrays.values[i];
    }
    CHECK(hidden == 18 && all == 2 * (1030 * 10 + 9 + 969) && sum + arrays.cut_values[0] == all);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_coordinator_read(narrow, &query, &matrix));
    arrays = view(matrix);
    CHECK(arrays.warnings == 2 && arrays.warning_kind[0] == KEYVIZ_WARNING_PEER_ROWS_CAPPED);
    for (sum = 0, i = 0; i < arrays.rows; i++) sum += arrays.values[i];
    CHECK(sum + arrays.cut_values[0] == all);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_coordinator_close(coordinator));
    OK(keyviz_coordinator_close(narrow));
    OK(keyviz_close(kv[0]));
    OK(keyviz_close(kv[1]));
}

/* A node that was restarted came back in the middle of a window: that one it does not cover. */
static void begun_anew(void) {
    keyviz_sampler kv[3] = {small_sampler(0), small_sampler(0), small_sampler_at(0, 3400)};
    keyviz_coordinator coordinator;
    keyviz_matrix matrix;
    keyviz_matrix_arrays arrays;
    keyviz_buffer snapshot;
    const char *bytes;
    size_t i, len;
    uint64_t ms;
    for (i = 0; i < 2; i++) {
        OK(keyviz_register(kv[i], 1, "a", 1, NULL, 0, 0, NULL));
        OK(keyviz_observe(kv[i], 1, KEYVIZ_OP_WRITE, "b", 1, 0));
        for (ms = 1000; ms <= (i == 0 ? 5000 : 2000); ms += 1000) OK(keyviz_flush(kv[i], ms));
    }
    OK(keyviz_snapshot(kv[1], 2000, &snapshot));
    OK(keyviz_buffer_view(snapshot, &bytes, &len));
    OK(keyviz_restore(kv[2], bytes, len, (size_t)1 << 26));
    OK(keyviz_buffer_close(snapshot));
    OK(keyviz_register(kv[2], 1, "a", 1, NULL, 0, 0, NULL));
    OK(keyviz_observe(kv[2], 1, KEYVIZ_OP_WRITE, "b", 1, 0));
    OK(keyviz_flush(kv[2], 4000));
    OK(keyviz_flush(kv[2], 5000));
    OK(keyviz_coordinator_open(0, &coordinator));
    OK(keyviz_coordinator_add(coordinator, 0, kv[0], NULL));
    OK(keyviz_coordinator_add(coordinator, 1, kv[2], NULL));
    OK(keyviz_coordinator_read(coordinator, NULL, &matrix));
    arrays = view(matrix);
    CHECK(arrays.columns == 5 && arrays.rows == 1 && arrays.missing != NULL);
    for (i = 0; i < 5; i++) {
        int lacks = i == 2 || i == 3;
        CHECK(arrays.column_nodes[i] == (lacks ? 1 : 2) && arrays.missing[i] == lacks);
    }
    CHECK(arrays.values[3] == 1); /* what it counted is there */
    CHECK(arrays.absences == 1 && arrays.absence_place[0] == 1);
    CHECK(arrays.absence_start_ms[0] == 2000 && arrays.absence_end_ms[0] == 4000);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_coordinator_close(coordinator));
    for (i = 0; i < 3; i++) OK(keyviz_close(kv[i]));
}

static keyviz_hot_key_list list_of(keyviz_hot_keys hot) {
    keyviz_hot_key_list list;
    list.size = sizeof list;
    OK(keyviz_hot_keys_view(hot, &list));
    return list;
}

static void hot_keys(void) {
    keyviz_config config;
    keyviz_sampler kv;
    keyviz_hot_keys lists[2], merged, none = {0};
    keyviz_hot_key_list list;
    keyviz_query query;
    keyviz_buffer json;
    const char *text;
    size_t len;
    int i;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.hot_keys = 1;
    config.sample_every = 1;
    OK(keyviz_open(&config, 0, &kv));
    OK(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL));
    for (i = 0; i < 9; i++) OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, i % 3 ? "apple" : "ant", i % 3 ? 5 : 3, 0));
    OK(keyviz_flush(kv, 1000));
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.by_route = 1;
    query.route = 1;
    OK(keyviz_hot_keys_read(kv, &query, &lists[0]));
    OK(keyviz_hot_keys_list_json(lists[0], &json));
    OK(keyviz_buffer_view(json, &text, &len));
    OK(keyviz_hot_keys_decode(text, len, &lists[1]));
    list = list_of(lists[1]);
    CHECK(list.count == 2 && list.keys[0].count == 6 && memcmp(list.keys[0].key, "apple", 5) == 0);
    CHECK(list.samples == 9 && list.as_of_ms == 1000 && list.dropped == 0 && list.too_long == 0 && list.unsampled == 0);
    CHECK_STATUS(keyviz_hot_keys_decode(text, len / 2, &merged), KEYVIZ_STATUS_BAD_ANSWER);
    OK(keyviz_buffer_close(json));
    OK(keyviz_hot_keys_merge(lists, 2, 1, &merged));
    list = list_of(merged);
    CHECK(list.count == 1 && list.keys[0].count == 12 && list.samples == 18);
    OK(keyviz_hot_keys_list_json(merged, &json));
    OK(keyviz_buffer_view(json, &text, &len));
    CHECK(strstr(text, "\"route_id\":1") != NULL && strstr(text, "\"count\":12") != NULL);
    OK(keyviz_buffer_close(json));
    CHECK_STATUS(keyviz_hot_keys_merge(lists, 0, 1, &none), KEYVIZ_STATUS_NOTHING_NAMED);
    CHECK_STATUS(keyviz_hot_keys_merge(NULL, 2, 1, &none), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_hot_keys_merge(lists, 2, 1, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_hot_keys_decode("{}", 2, &none), KEYVIZ_STATUS_BAD_ANSWER);
    CHECK_STATUS(keyviz_hot_keys_decode(NULL, 2, &none), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_hot_keys_list_json(merged, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_hot_keys_close(lists[1]));
    CHECK_STATUS(keyviz_hot_keys_merge(lists, 2, 1, &none), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_hot_keys_list_json(lists[1], &json), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK(none.bits == 0);
    OK(keyviz_hot_keys_close(lists[0]));
    OK(keyviz_hot_keys_close(merged));
    OK(keyviz_close(kv));
}

static void lineage(void) {
    keyviz_sampler kv = small_sampler(0);
    keyviz_new_route parts[2], whole;
    uint64_t parents[2] = {1, 2};
    keyviz_lineage entries[8];
    size_t count = 77;
    memset(parts, 0, sizeof parts);
    memset(&whole, 0, sizeof whole);
    OK(keyviz_lineage_read(kv, NULL, 0, &count));
    CHECK(count == 0);
    OK(keyviz_register(kv, 1, NULL, 0, NULL, 0, 0, NULL));
    parts[0].route = 1;
    parts[0].end = parts[1].start = "m";
    parts[0].end_len = parts[1].start_len = 1;
    parts[1].route = 2;
    OK(keyviz_split(kv, 1, parts, 2));
    OK(keyviz_flush(kv, 1000));
    whole.route = 3;
    OK(keyviz_merge(kv, parents, 2, &whole));
    OK(keyviz_lineage_read(kv, entries, 8, &count));
    CHECK(count == 4 && entries[0].parent == 1 && entries[1].parent == 1 && entries[1].child == 2);
    CHECK(entries[0].at_ms == 0 && entries[3].at_ms == 1000 && entries[3].parent == 2 && entries[3].child == 3);
    memset(entries, 0, sizeof entries);
    OK(keyviz_lineage_read(kv, entries, 1, &count)); /* the latest */
    CHECK(count == 4 && entries[0].parent == 2 && entries[0].child == 3 && entries[1].child == 0);
    CHECK_STATUS(keyviz_lineage_read(kv, NULL, 1, &count), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_lineage_read(kv, entries, 1, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_lineage_read(kv, entries, SIZE_MAX, &count), KEYVIZ_STATUS_BAD_ARGUMENT);
    OK(keyviz_close(kv));
    CHECK_STATUS(keyviz_lineage_read(kv, entries, 1, &count), KEYVIZ_STATUS_CLOSED_HANDLE);
}

/* Labelled traffic where keyviz makes the ranges. */
static void labelled_keys(void) {
    static const char *const names[] = {"redis"};
    keyviz_config config;
    keyviz_sampler kv, other = small_sampler(16);
    keyviz_recorder recorder;
    keyviz_label label;
    keyviz_matrix matrix;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.auto_ranges = 16;
    config.labels = names;
    config.label_count = 1;
    OK(keyviz_open(&config, 0, &kv));
    OK(keyviz_label_get(kv, "redis", &label));
    OK(keyviz_recorder_open(kv, &recorder));
    OK(keyviz_observe_key_labelled(kv, label, KEYVIZ_OP_WRITE, "a", 1, 0));
    OK(keyviz_recorder_observe_key_labelled(recorder, label, KEYVIZ_OP_WRITE, "a", 1, 0));
    CHECK_STATUS(keyviz_observe_key_labelled(other, label, 0, "a", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK_STATUS(keyviz_observe_key_labelled(kv, label, 9, "a", 1, 0), KEYVIZ_STATUS_BAD_ARGUMENT);
    CHECK_STATUS(keyviz_observe_key_labelled(kv, label, 0, NULL, 1, 0), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_recorder_observe_key_labelled(recorder, label, 9, "a", 1, 0), KEYVIZ_STATUS_BAD_ARGUMENT);
    OK(keyviz_flush(kv, 1000));
    OK(keyviz_matrix_read(kv, NULL, &matrix));
    CHECK(view(matrix).rows == 1 && view(matrix).values[0] == 2 && view(matrix).row_label[0] == 1);
    CHECK(strcmp(view(matrix).row_label_name[0], "redis") == 0 && view(matrix).column_nodes[0] == 1);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_recorder_close(recorder));
    CHECK_STATUS(keyviz_recorder_observe_key_labelled(recorder, label, 0, "a", 1, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    OK(keyviz_close(kv));
    CHECK_STATUS(keyviz_observe_key_labelled(kv, label, 0, "a", 1, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    OK(keyviz_close(other));
}

static pthread_mutex_t auditing = PTHREAD_MUTEX_INITIALIZER;
static int audited;
static char line[512], keys_from[64];

static void takes(void *data, const keyviz_audited *record) {
    keyviz_sampler kv = *(keyviz_sampler *)data;
    CHECK(pthread_mutex_lock(&auditing) == 0);
    CHECK(record->size >= sizeof *record && record->at_ms > 0 && record->keys == 2 && record->reserved == 0);
    CHECK(record->role == KEYVIZ_ROLE_FULL && strcmp(record->endpoint, "matrix") == 0 && record->keys_to == NULL);
    CHECK(record->address != NULL && strncmp(record->address, "127.0.0.1:", 10) == 0);
    CHECK(record->token == NULL && strcmp(record->redaction, "none") == 0 && record->from_ms == 1000);
    snprintf(line, sizeof line, "%s", record->line);
    snprintf(keys_from, sizeof keys_from, "%s", record->keys_from ? record->keys_from : "");
    audited++;
    CHECK(pthread_mutex_unlock(&auditing) == 0);
    /* It may use the sampler, and may not wait for the thread that it runs on. */
    OK(keyviz_observe(kv, 1, KEYVIZ_OP_READ, "b", 1, 0));
    CHECK_STATUS(keyviz_admin_stop(kv), KEYVIZ_STATUS_IN_CALLBACK);
    CHECK_STATUS(keyviz_close(kv), KEYVIZ_STATUS_IN_CALLBACK);
}

/* Each answer with keys in it is told, without the keys. */
static void audits(void) {
    keyviz_sampler kv = node(1, 3, 2);
    keyviz_admin_options options;
    uint16_t port;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.audit = takes;
    options.audit_data = &kv;
    OK(keyviz_admin_start(kv, "127.0.0.1:0", &options));
    OK(keyviz_admin_port(kv, &port));
    CHECK(get(port, "/admin/api/v1/keyviz/matrix?start=Yg&from_unix_ms=1000", NULL, NULL, 0) == 200);
    CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200); /* no keys */
    OK(keyviz_admin_stop(kv));
    CHECK(audited == 1 && strstr(line, "endpoint=matrix") != NULL && strlen(keys_from) == 16);
    CHECK(strstr(line, keys_from) != NULL);
    /* A host that was built before there was one gives a smaller struct. */
    options.size = 88;
    OK(keyviz_admin_start(kv, "127.0.0.1:0", &options));
    OK(keyviz_admin_port(kv, &port));
    CHECK(get(port, "/admin/api/v1/keyviz/matrix", NULL, NULL, 0) == 200 && audited == 1);
    OK(keyviz_close(kv));
}

int main(void) {
    one_picture();
    refused();
    warnings();
    more_rows_than_shown();
    begun_anew();
    hot_keys();
    lineage();
    labelled_keys();
    audits();
    return 0;
}
