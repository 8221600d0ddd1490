/* Sequences of calls with handles and arguments that make sense, or do not: whatever comes, a status comes back. Of one
 * sampler that no call changes but by its own handle, what it counted is compared with what was asked of it.
 * `sequences SEED ROUNDS`; a round that fails, or ends by a signal, tells what to run it with. */
#include <signal.h>
#include <unistd.h>

#include "check.h"

enum { SAMPLERS = 3, RECORDERS = 6, OTHERS = 8 };

static uint64_t state;

/* The round at work, for whoever has to run it again. */
static char at_work[64];

static void tell_round(void) {
    ssize_t written = write(2, at_work, strlen(at_work));
    (void)written;
}

static void tell_round_and_end(int signal_number) {
    tell_round();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static uint64_t draw(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static uint64_t handles[SAMPLERS + RECORDERS + OTHERS];

/* One that was given out, now and then with a bit that is not its own, or nothing at all. */
static uint64_t some(int from, int count) {
    uint64_t bits = handles[from + (int)draw((uint64_t)count)];
    switch (draw(12)) {
    case 0: return bits ^ (UINT64_C(1) << draw(64));
    case 1: return draw(UINT64_MAX);
    case 2: return handles[draw(SAMPLERS + RECORDERS + OTHERS)];
    default: return bits;
    }
}

static keyviz_sampler sampler(void) {
    keyviz_sampler handle;
    handle.bits = some(0, SAMPLERS);
    return handle;
}

static keyviz_recorder recorder(void) {
    keyviz_recorder handle;
    handle.bits = some(SAMPLERS, RECORDERS);
    return handle;
}

static void keep(int from, int count, uint64_t bits) { handles[from + (int)draw((uint64_t)count)] = bits; }

static uint64_t now = 1000, observed;

static void observe(const unsigned char *key, size_t len) {
    uint32_t op = (uint32_t)draw(5) ? (uint32_t)draw(2) : (uint32_t)draw(UINT32_MAX);
    keyviz_sampler kv = sampler();
    keyviz_route where;
    keyviz_operation batch[2];
    int i;
    batch[0].label.bits = draw(9) ? 0 : (uint32_t)draw(UINT32_MAX);
    for (i = 0; i < 3; i++) where.bits[i] = draw(3) ? 0 : draw(UINT64_MAX);
    switch (draw(8)) {
    case 6: observed += keyviz_observe_key_labelled(kv, batch[0].label, op, key, len, 1) == KEYVIZ_STATUS_OK; break;
    case 7: observed += keyviz_recorder_observe_key_labelled(recorder(), batch[0].label, op, key, len, 1) == KEYVIZ_STATUS_OK; break;
    case 0: observed += keyviz_observe(kv, draw(8), op, key, len, draw(100)) == KEYVIZ_STATUS_OK; break;
    case 1: observed += keyviz_observe_key(kv, op, key, len, draw(100)) == KEYVIZ_STATUS_OK; break;
    case 2: observed += keyviz_recorder_observe(recorder(), draw(8), op, key, len, 1) == KEYVIZ_STATUS_OK; break;
    case 3: observed += keyviz_recorder_observe_key(recorder(), op, key, len, 1) == KEYVIZ_STATUS_OK; break;
    case 4: observed += keyviz_recorder_observe_at(recorder(), draw(8), &where, op, key, len, 1) == KEYVIZ_STATUS_OK; break;
    default:
        memset(batch, 0, sizeof batch);
        for (i = 0; i < 2; i++) {
            batch[i].key = key;
            batch[i].key_len = len;
            batch[i].route = draw(8);
            batch[i].op = op;
            batch[i].times = draw(4);
            batch[i].label.bits = draw(9) ? 0 : (uint32_t)draw(UINT32_MAX);
        }
        if (keyviz_observe_batch(kv, batch, 2) == KEYVIZ_STATUS_OK) observed += 2;
    }
}

static void change(const unsigned char *key, size_t len) {
    keyviz_new_route parts[2];
    uint64_t parents[2] = {draw(8), draw(8)};
    keyviz_label label;
    keyviz_name name = {key, len, "name"};
    memset(parts, 0, sizeof parts);
    parts[0].route = draw(8);
    parts[0].end = parts[1].start = key;
    parts[0].end_len = parts[1].start_len = len;
    parts[1].route = draw(8);
    switch (draw(8)) {
    case 0: (void)keyviz_register(sampler(), draw(8), key, len, draw(2) ? NULL : "zz", 2, draw(3), NULL); break;
    case 1: (void)keyviz_remove(sampler(), draw(8)); break;
    case 2: (void)keyviz_split(sampler(), draw(8), parts, draw(3)); break;
    case 3: (void)keyviz_merge(sampler(), parents, draw(3), parts); break;
    case 4: (void)keyviz_set_term(sampler(), draw(3), draw(5)); break;
    case 5: (void)keyviz_label_get(sampler(), draw(2) ? "a" : "redis", &label); break;
    case 6: (void)keyviz_set_names(sampler(), &name, draw(2)); break;
    default: (void)keyviz_annotate(sampler(), now, draw(2) ? "deploy" : "Bad", "text"); break;
    }
}

static void read_some(const unsigned char *key, size_t len) {
    struct {
        keyviz_query query;
        unsigned char later[100]; /* what a later version may have */
    } asked;
    keyviz_buffer buffer = {some(SAMPLERS + RECORDERS, OTHERS)};
    keyviz_matrix matrix = {some(SAMPLERS + RECORDERS, OTHERS)};
    keyviz_hot_keys hot = {some(SAMPLERS + RECORDERS, OTHERS)};
    keyviz_top top = {some(SAMPLERS + RECORDERS, OTHERS)};
    keyviz_matrix_arrays arrays;
    keyviz_counters counters;
    const char *text;
    size_t i, text_len, sum = 0;
    memset(&asked, 0, sizeof asked);
    asked.later[50] = draw(3) == 0;
    asked.query.size = draw(9) ? sizeof asked.query : draw(200);
    asked.query.start = key;
    asked.query.start_len = len;
    asked.query.series = (uint32_t)draw(8);
    asked.query.axis = (uint32_t)draw(3);
    asked.query.rows = (uint32_t)draw(5);
    asked.query.open = (uint32_t)draw(2);
    asked.query.by_route = (uint32_t)draw(2);
    switch (draw(12)) {
    case 0: if (keyviz_matrix_read(sampler(), &asked.query, &matrix) == 0) keep(SAMPLERS + RECORDERS, OTHERS, matrix.bits); break;
    case 1: if (keyviz_matrix_json(sampler(), &asked.query, &buffer) == 0) keep(SAMPLERS + RECORDERS, OTHERS, buffer.bits); break;
    case 2: if (keyviz_hot_keys_read(sampler(), &asked.query, &hot) == 0) keep(SAMPLERS + RECORDERS, OTHERS, hot.bits); break;
    case 3: if (keyviz_top_read(sampler(), &asked.query, &top) == 0) keep(SAMPLERS + RECORDERS, OTHERS, top.bits); break;
    case 4: if (keyviz_snapshot(sampler(), now, &buffer) == 0) keep(SAMPLERS + RECORDERS, OTHERS, buffer.bits); break;
    case 5:
        arrays.size = sizeof arrays;
        if (keyviz_matrix_view(matrix, &arrays) == KEYVIZ_STATUS_OK)
            for (i = 0; i < arrays.rows * arrays.columns; i++) sum += arrays.values[i];
        break;
    case 6:
        if (keyviz_buffer_view(buffer, &text, &text_len) == KEYVIZ_STATUS_OK)
            for (i = 0; i <= text_len; i++) sum += (unsigned char)text[i];
        break;
    case 7: (void)keyviz_matrix_close(matrix); break;
    case 8: (void)keyviz_buffer_close(buffer); break;
    case 9: (void)keyviz_hot_keys_close(hot); break;
    case 10: (void)keyviz_top_close(top); break;
    default:
        counters.size = sizeof counters;
        (void)keyviz_counters_read(sampler(), &counters);
    }
    CHECK(sum != SIZE_MAX);
}

/* Answers as other nodes might give them, now and then damaged. */
static const char *const bodies[] = {
    "{\"series\":\"writes\",\"column_unix_ms\":[1000,2000],\"step_ms\":1000,\"write_merge\":\"sum\",\"rows\":[{\"bucket_id\":"
    "\"route:1\",\"start\":\"YQ==\",\"values\":[1,18446744073709551615]}]}",
    "{\"series\":\"writes\",\"column_unix_ms\":[1500],\"rows\":[{\"bucket_id\":\"virtual:9\",\"label\":\"redis\",\"aggregate\":true,"
    "\"values\":[3],\"raft_group_ids\":[1],\"leader_terms\":[2]}]}",
    "{\"route_id\":7,\"series\":\"writes\",\"keys\":[{\"key_b64\":\"YQ==\",\"count\":3},{\"key_b64\":\"\",\"count\":1}]}"};

static void nodes(void) {
    char body[400];
    size_t len, i, count = draw(3), known = 0;
    keyviz_coordinator coordinator = {some(SAMPLERS + RECORDERS, OTHERS)}, other = {some(SAMPLERS + RECORDERS, OTHERS)};
    keyviz_hot_keys lists[2] = {{some(SAMPLERS + RECORDERS, OTHERS)}, {some(SAMPLERS + RECORDERS, OTHERS)}}, hot;
    keyviz_matrix matrix;
    keyviz_buffer buffer;
    keyviz_lineage entries[4];
    keyviz_query asked;
    keyviz_node node;
    strcpy(body, bodies[draw(sizeof bodies / sizeof *bodies)]);
    len = strlen(body);
    if (draw(3) == 0) body[draw(len)] = (char)draw(256);
    if (draw(9) == 0) len = (size_t)draw(len);
    memset(&asked, 0, sizeof asked);
    memset(&node, 0, sizeof node);
    asked.size = sizeof asked;
    asked.axis = (uint32_t)draw(3);
    asked.rows = (uint32_t)draw(4);
    asked.sum_labels = (uint32_t)draw(2);
    node.name = draw(9) ? "node" : NULL;
    node.state = (uint32_t)draw(9);
    node.known = (uint32_t)draw(64);
    switch (draw(11)) {
    case 0: if (keyviz_coordinator_open(draw(4) * 40, &coordinator) == 0) keep(SAMPLERS + RECORDERS, OTHERS, coordinator.bits); break;
    case 1: (void)keyviz_coordinator_add(coordinator, (uint32_t)draw(5), sampler(), draw(2) ? &asked : NULL); break;
    case 2:
    case 3: (void)keyviz_coordinator_add_json(coordinator, (uint32_t)draw(5), body, len, draw(3) ? 0 : draw(5000)); break;
    case 4: (void)keyviz_coordinator_join(coordinator, other); break;
    case 5: if (keyviz_coordinator_read(coordinator, &asked, &matrix) == 0) keep(SAMPLERS + RECORDERS, OTHERS, matrix.bits); break;
    case 6: if (keyviz_coordinator_json(coordinator, &asked, &node, draw(2), &buffer) == 0) keep(SAMPLERS + RECORDERS, OTHERS, buffer.bits); break;
    case 7: if (keyviz_hot_keys_decode(body, len, &hot) == 0) keep(SAMPLERS + RECORDERS, OTHERS, hot.bits); break;
    case 8: if (keyviz_hot_keys_merge(lists, count, (uint32_t)draw(3), &hot) == 0) keep(SAMPLERS + RECORDERS, OTHERS, hot.bits); break;
    case 9: if (keyviz_hot_keys_list_json(lists[0], &buffer) == 0) keep(SAMPLERS + RECORDERS, OTHERS, buffer.bits); break;
    default:
        if (keyviz_lineage_read(sampler(), entries, count, &known) == 0)
            for (i = 0; i < count && i < known; i++) CHECK(entries[i].parent < 1000000 || entries[i].child > 0);
    }
}

static void open_or_close(void) {
    keyviz_sampler kv;
    keyviz_recorder own;
    switch (draw(4)) {
    case 0: {
        uint64_t *place = &handles[draw(SAMPLERS)];
        kv.bits = *place;
        (void)keyviz_close(kv);
        kv = small_sampler(draw(2) ? 0 : 16);
        *place = kv.bits;
        break;
    }
    case 1:
        if (draw(4) == 0) (void)keyviz_close(sampler());
        break;
    case 2:
        if (keyviz_recorder_open(sampler(), &own) == KEYVIZ_STATUS_OK) keep(SAMPLERS, RECORDERS, own.bits);
        break;
    default: (void)keyviz_recorder_close(recorder());
    }
}

/* One sampler that no bad call ever reaches by its own handle: what it counted is exactly what was asked of it. */
static void conserved(uint64_t rounds) {
    keyviz_sampler kv = small_sampler(0), none = {0};
    uint64_t round, good = 0;
    OK(keyviz_register(kv, 1, NULL, 0, NULL, 0, 0, NULL));
    for (round = 0; round < rounds; round++) {
        uint32_t op = (uint32_t)draw(4);
        keyviz_operation batch[2];
        memset(batch, 0, sizeof batch);
        batch[0].route = batch[1].route = 1;
        batch[0].times = draw(4);
        batch[1].op = (uint32_t)draw(3);
        good += keyviz_observe(draw(3) ? kv : none, draw(3), op, draw(4) ? "key" : NULL, draw(4), 0) == KEYVIZ_STATUS_OK;
        /* A batch counts whole or not at all, and no times are one. */
        if (keyviz_observe_batch(draw(3) ? kv : none, batch, 2) == KEYVIZ_STATUS_OK)
            good += (batch[0].times ? batch[0].times : 1) + 1;
        if (draw(50) == 0) OK(keyviz_flush(kv, round));
    }
    OK(keyviz_flush(kv, rounds + 1000));
    CHECK(counters_of(kv).observed.reads + counters_of(kv).observed.writes == good);
    OK(keyviz_close(kv));
}

int main(int count, char **arguments) {
    uint64_t seed = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
    uint64_t rounds = count > 2 ? strtoull(arguments[2], NULL, 10) : 1000, round, step;
    static const int ends[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGTERM};
    unsigned char key[16];
    for (step = 0; step < sizeof ends / sizeof *ends; step++) signal(ends[step], tell_round_and_end);
    atexit(tell_round);
    for (round = 0; round < rounds / 20; round++) {
        snprintf(at_work, sizeof at_work, "in round %u of seed %u\n", (unsigned)round, (unsigned)seed);
        state = (seed * 1000003 + round) | 1;
        for (step = 0; step < 3; step++) handles[step] = small_sampler(step == 2 ? 16 : 0).bits;
        for (step = 0; step < 20 * 20; step++) {
            size_t i, len = (size_t)draw(sizeof key);
            for (i = 0; i < len; i++) key[i] = (unsigned char)draw(256);
            switch (draw(9)) {
            case 8: nodes(); break;
            case 0: open_or_close(); break;
            case 1: change(key, len); break;
            case 2: read_some(key, len); break;
            case 3: now += draw(700); (void)keyviz_flush(sampler(), now); break;
            default: observe(key, len);
            }
        }
        for (step = 0; step < SAMPLERS + RECORDERS + OTHERS; step++) {
            keyviz_sampler kv = {handles[step]};
            keyviz_recorder own = {handles[step]};
            keyviz_matrix matrix = {handles[step]};
            keyviz_buffer buffer = {handles[step]};
            keyviz_top top = {handles[step]};
            keyviz_hot_keys hot = {handles[step]};
            keyviz_coordinator coordinator = {handles[step]};
            (void)keyviz_close(kv);
            (void)keyviz_recorder_close(own);
            (void)keyviz_matrix_close(matrix);
            (void)keyviz_buffer_close(buffer);
            (void)keyviz_top_close(top);
            (void)keyviz_hot_keys_close(hot);
            (void)keyviz_coordinator_close(coordinator);
        }
    }
    conserved(rounds * 10);
    CHECK(observed > 0);
    at_work[0] = 0;
    return 0;
}
