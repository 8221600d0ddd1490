/* Out of memory behind each function that takes some: a status, and the host goes on. Of each there is a process for
 * each amount that is left, from none on: it takes all that the allocator still has, leaves so much, calls, and goes on
 * with what it had before. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { ROUTES = 300, COLUMNS = 60 };

static keyviz_sampler kv;
static keyviz_coordinator coordinator, other;
static keyviz_hot_keys hot[2];
static keyviz_buffer json, hot_json, packed;
static const char *json_text, *hot_text, *packed_bytes;
static size_t json_len, hot_len, packed_len;
static keyviz_query by_range;
static char folder[] = "/tmp/keyviz-memory-XXXXXX";

static keyviz_config config_of(void) {
    keyviz_config config;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.max_routes = 512;
    config.history_columns = 2 * COLUMNS;
    config.hot_keys = 1;
    config.sample_every = 1;
    return config;
}

/* Values of many digits, groups whose terms change, and keys that do not lie in one place. */
static void load(void) {
    keyviz_config config = config_of();
    uint64_t route, column;
    OK(keyviz_open(&config, 0, &kv));
    for (route = 0; route < ROUTES; route++) {
        unsigned char bounds[4] = {(unsigned char)(route >> 8), (unsigned char)route, (unsigned char)((route + 1) >> 8),
                                   (unsigned char)(route + 1)};
        OK(keyviz_register(kv, route, bounds, 2, bounds + 2, 2, 1 + route % 7, NULL));
    }
    for (column = 1; column <= COLUMNS; column++) {
        if (column % 9 == 0) OK(keyviz_set_term(kv, column % 7, column));
        for (route = 0; route < ROUTES; route++) {
            keyviz_operation operation;
            memset(&operation, 0, sizeof operation);
            operation.route = route;
            operation.key = "a key of some bytes";
            operation.key_len = 19;
            operation.op = KEYVIZ_OP_WRITE;
            operation.value_len = (uint64_t)1 << 50;
            operation.times = 1 + (route * column) % 1000;
            OK(keyviz_observe_batch(kv, &operation, 1));
        }
        OK(keyviz_flush(kv, column * 1000));
    }
}

static void prepare(void) {
    keyviz_query bytes;
    memset(&bytes, 0, sizeof bytes);
    bytes.size = sizeof bytes;
    by_range = bytes;
    by_range.axis = KEYVIZ_AXIS_RANGE;
    bytes.series = KEYVIZ_SERIES_WRITE_BYTES;
    by_range.series = KEYVIZ_SERIES_WRITE_BYTES;
    load();
    OK(keyviz_matrix_json(kv, &bytes, &json));
    OK(keyviz_buffer_view(json, &json_text, &json_len));
    OK(keyviz_coordinator_open(0, &coordinator));
    OK(keyviz_coordinator_open(0, &other));
    OK(keyviz_coordinator_add_json(coordinator, 0, json_text, json_len, 0));
    OK(keyviz_coordinator_add_json(other, 9, json_text, json_len, 0));
    OK(keyviz_hot_keys_read(kv, NULL, &hot[0]));
    OK(keyviz_hot_keys_read(kv, NULL, &hot[1]));
    OK(keyviz_hot_keys_list_json(hot[0], &hot_json));
    OK(keyviz_buffer_view(hot_json, &hot_text, &hot_len));
    OK(keyviz_snapshot(kv, 90000, &packed));
    OK(keyviz_buffer_view(packed, &packed_bytes, &packed_len));
}

static rlim_t in_use(void) {
    unsigned long pages = 0;
    char text[128];
    ssize_t got;
    /* Without stdio, which allocates. */
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    got = read(fd, text, sizeof text - 1);
    CHECK(got > 0);
    text[got] = 0;
    close(fd);
    pages = strtoul(text, NULL, 10);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Takes all that the allocator has, and lets it have so much. */
static void leave(size_t bytes) {
    struct rlimit limit;
    size_t size;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = in_use();
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (size = 1 << 20; size >= 16; size /= 2)
        for (;;) {
            char *volatile taken = malloc(size);
            if (taken == NULL) break;
            taken[0] = 1;
        }
    limit.rlim_cur = in_use() + bytes;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void leave_all(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static keyviz_matrix matrix;
static keyviz_buffer buffer;
static keyviz_top top;
static keyviz_hot_keys keys;
static keyviz_recorder recorder;
static keyviz_coordinator opened;
static keyviz_sampler sampler;

static int32_t open_sampler(void) {
    keyviz_config config = config_of();
    return (int32_t)keyviz_open(&config, 0, &sampler);
}
static int32_t within(void) {
    keyviz_config config;
    config.size = sizeof config;
    return (int32_t)keyviz_config_within(64 << 20, &config);
}
static int32_t memory_bytes(void) {
    keyviz_config config = config_of();
    uint64_t told;
    return (int32_t)keyviz_config_memory_bytes(&config, &told);
}
static int32_t open_recorder(void) { return (int32_t)keyviz_recorder_open(kv, &recorder); }
static int32_t read_matrix(void) { return (int32_t)keyviz_matrix_read(kv, NULL, &matrix); }
static int32_t read_ranges(void) { return (int32_t)keyviz_matrix_read(kv, &by_range, &matrix); }
static int32_t matrix_text(void) { return (int32_t)keyviz_matrix_json(kv, NULL, &buffer); }
static int32_t ranges_text(void) { return (int32_t)keyviz_matrix_json(kv, &by_range, &buffer); }
static int32_t hot_read(void) { return (int32_t)keyviz_hot_keys_read(kv, NULL, &keys); }
static int32_t hot_text_of(void) { return (int32_t)keyviz_hot_keys_json(kv, NULL, &buffer); }
static int32_t hot_decode(void) { return (int32_t)keyviz_hot_keys_decode(hot_text, hot_len, &keys); }
static int32_t hot_merge(void) { return (int32_t)keyviz_hot_keys_merge(hot, 2, 0, &keys); }
static int32_t hot_list(void) { return (int32_t)keyviz_hot_keys_list_json(hot[0], &buffer); }
static int32_t top_read(void) { return (int32_t)keyviz_top_read(kv, NULL, &top); }
static int32_t top_text(void) { return (int32_t)keyviz_top_json(kv, NULL, &buffer); }
static int32_t counters_text(void) { return (int32_t)keyviz_counters_json(kv, &buffer); }
static int32_t events_text(void) { return (int32_t)keyviz_events_json(kv, 0, 0, &buffer); }
static int32_t snapshot(void) { return (int32_t)keyviz_snapshot(kv, 90000, &buffer); }
static int32_t restore(void) {
    /* In use, which it says after the snapshot was read. */
    int32_t status = (int32_t)keyviz_restore(kv, packed_bytes, packed_len, (size_t)1 << 30);
    return status == KEYVIZ_STATUS_IN_USE ? KEYVIZ_STATUS_OK : status;
}
static int32_t lineage(void) {
    static keyviz_lineage entries[64];
    size_t count;
    return (int32_t)keyviz_lineage_read(kv, entries, 64, &count);
}
static int32_t names(void) {
    static keyviz_name names_of[64];
    static char prefixes[64][2];
    int i;
    for (i = 0; i < 64; i++) {
        prefixes[i][0] = (char)i;
        names_of[i].prefix = prefixes[i];
        names_of[i].prefix_len = 1;
        names_of[i].name = "some part of the key space";
    }
    return (int32_t)keyviz_set_names(kv, names_of, 64);
}
static int32_t split(void) {
    keyviz_new_route parts[2];
    memset(parts, 0, sizeof parts);
    parts[0].route = 100000;
    parts[0].start = "\0\1";
    parts[0].end = parts[1].start = "\0\1k";
    parts[1].route = 100001;
    parts[1].end = "\0\2";
    parts[0].start_len = parts[1].end_len = 2;
    parts[0].end_len = parts[1].start_len = 3;
    return (int32_t)keyviz_split(kv, 1, parts, 2);
}
static int32_t bounds(void) {
    keyviz_buffer end;
    return (int32_t)keyviz_sub_bucket_bounds(kv, 5, 0, &buffer, &end);
}
static int32_t open_coordinator(void) { return (int32_t)keyviz_coordinator_open(0, &opened); }
static int32_t add(void) {
    keyviz_query by_route = by_range;
    by_route.axis = KEYVIZ_AXIS_ROUTE;
    return (int32_t)keyviz_coordinator_add(other, 1, kv, &by_route);
}
static int32_t add_json(void) { return (int32_t)keyviz_coordinator_add_json(other, 2, json_text, json_len, 0); }
static int32_t join(void) { return (int32_t)keyviz_coordinator_join(coordinator, other); }
static int32_t merged(void) { return (int32_t)keyviz_coordinator_read(coordinator, NULL, &matrix); }
static int32_t merged_ranges(void) { return (int32_t)keyviz_coordinator_read(coordinator, &by_range, &matrix); }
static int32_t merged_text(void) {
    keyviz_node node;
    memset(&node, 0, sizeof node);
    node.name = "node";
    return (int32_t)keyviz_coordinator_json(coordinator, NULL, &node, 1, &buffer);
}
static int32_t flusher(void) {
    int32_t status = (int32_t)keyviz_flusher_start(kv);
    if (status == KEYVIZ_STATUS_OK) OK(keyviz_flusher_stop(kv));
    return status == KEYVIZ_STATUS_NO_THREAD ? KEYVIZ_STATUS_OUT_OF_MEMORY : status;
}
static int32_t page(void) {
    int32_t status = (int32_t)keyviz_admin_start(kv, "127.0.0.1:0", NULL);
    if (status == KEYVIZ_STATUS_OK) OK(keyviz_admin_stop(kv));
    return status == KEYVIZ_STATUS_NO_THREAD ? KEYVIZ_STATUS_OUT_OF_MEMORY : status;
}
static int32_t history(void) {
    char path[64];
    int32_t status;
    snprintf(path, sizeof path, "%s/history", folder);
    status = (int32_t)keyviz_history_start(kv, path, 0);
    if (status == KEYVIZ_STATUS_OK) OK(keyviz_history_stop(kv));
    return status == KEYVIZ_STATUS_NO_THREAD ? KEYVIZ_STATUS_OUT_OF_MEMORY : status;
}
static void takes(void *unused, uint32_t level, const char *text) {
    (void)unused;
    (void)level;
    (void)text;
}
static int32_t log_set(void) { return (int32_t)keyviz_log_set(takes, NULL); }
/* These need no memory at all. */
static int32_t observe(void) { return (int32_t)keyviz_observe(kv, 3, KEYVIZ_OP_READ, "k", 1, 0); }
static int32_t registers(void) { return (int32_t)keyviz_register(kv, 100002, "zz", 2, NULL, 0, 0, NULL); }
static int32_t removes(void) { return (int32_t)keyviz_remove(kv, 7); }
static int32_t flush(void) { return (int32_t)keyviz_flush(kv, 91000); }
static int32_t annotate(void) { return (int32_t)keyviz_annotate(kv, 1000, "deploy", "version 2"); }
static int32_t counters(void) {
    keyviz_counters told;
    told.size = sizeof told;
    return (int32_t)keyviz_counters_read(kv, &told);
}

static const struct {
    const char *name;
    int32_t (*call)(void);
    int takes; /* memory: with none it is refused */
} calls[] = {{"open", open_sampler, 1}, {"within", within, 0}, {"memory_bytes", memory_bytes, 1},
             {"recorder_open", open_recorder, 1}, {"matrix_read", read_matrix, 1}, {"matrix_read by range", read_ranges, 1},
             {"matrix_json", matrix_text, 1}, {"matrix_json by range", ranges_text, 1}, {"hot_keys_read", hot_read, 1},
             {"hot_keys_json", hot_text_of, 1}, {"hot_keys_decode", hot_decode, 1}, {"hot_keys_merge", hot_merge, 1},
             {"hot_keys_list_json", hot_list, 1}, {"top_read", top_read, 1}, {"top_json", top_text, 1},
             {"counters_json", counters_text, 1}, {"events_json", events_text, 1}, {"snapshot", snapshot, 1},
             {"restore", restore, 1}, {"lineage_read", lineage, 1}, {"set_names", names, 1}, {"split", split, 1},
             {"sub_bucket_bounds", bounds, 1}, {"coordinator_open", open_coordinator, 1}, {"coordinator_add", add, 1},
             {"coordinator_add_json", add_json, 1}, {"coordinator_join", join, 1}, {"coordinator_read", merged, 1},
             {"coordinator_read by range", merged_ranges, 1}, {"coordinator_json", merged_text, 1},
             {"flusher_start", flusher, 1}, {"admin_start", page, 1}, {"history_start", history, 1}, {"log_set", log_set, 1},
             {"observe", observe, 0}, {"register", registers, 0}, {"remove", removes, 0}, {"flush", flush, 0},
             {"annotate", annotate, 0}, {"counters_read", counters, 0}};

static const size_t amounts[] = {0,        4 << 10,  64 << 10, 256 << 10, 512 << 10, 544 << 10, 640 << 10, 1 << 20,
                                 2 << 20,  3 << 20,  4 << 20,  5 << 20,   6 << 20,   8 << 20,   10 << 20,  12 << 20,
                                 16 << 20, 20 << 20, 24 << 20, 32 << 20,  48 << 20,  64 << 20,  96 << 20,  192 << 20,
                                 (size_t)512 << 20};

/* In a process of its own: calls with so much left, and then once more with enough. Exits with 10 where it was refused,
 * with 11 where it was done. */
static void one(size_t call, size_t amount) {
    int32_t status;
    uint64_t faults;
    prepare();
    faults = counters_of(kv).faults;
    OK(keyviz_observe(kv, 3, KEYVIZ_OP_READ, "k", 1, 0));
    leave(amount);
    status = calls[call].call();
    leave_all();
    if (status != KEYVIZ_STATUS_OK && status != KEYVIZ_STATUS_OUT_OF_MEMORY) {
        CHECK_STATUS(status, KEYVIZ_STATUS_OUT_OF_MEMORY);
    }
    CHECK(counters_of(kv).faults == faults);
    if (status == KEYVIZ_STATUS_OUT_OF_MEMORY) CHECK_STATUS(calls[call].call(), KEYVIZ_STATUS_OK);
    OK(keyviz_flush(kv, 92000));
    CHECK(counters_of(kv).recorded.reads >= 1);
    _exit(status == KEYVIZ_STATUS_OK ? 11 : 10);
}

int main(int count, char **arguments) {
    size_t call, at;
    CHECK(mkdtemp(folder) != NULL);
    if (count == 3) one(strtoull(arguments[1], NULL, 10), strtoull(arguments[2], NULL, 10));
    for (call = 0; call < sizeof calls / sizeof *calls; call++) {
        size_t refused = 0, done = 0, least = 0;
        for (at = 0; at < sizeof amounts / sizeof *amounts; at++) {
            int status = 0;
            pid_t pid = fork();
            CHECK(pid >= 0);
            if (pid == 0) one(call, amounts[at]);
            CHECK(waitpid(pid, &status, 0) == pid);
            if (!WIFEXITED(status) || (WEXITSTATUS(status) != 10 && WEXITSTATUS(status) != 11)) {
                fprintf(stderr, "%s with %zu bytes left: wait status %d\n", calls[call].name, amounts[at], status);
                return 1;
            }
            if (WEXITSTATUS(status) == 10) refused++;
            else if (done++ == 0) least = amounts[at];
            /* Enough is enough. */
            if (done >= 4) break;
        }
        fprintf(stdout, "%s: refused %zu times, done from %zu KiB on\n", calls[call].name, refused, least >> 10);
        CHECK(done >= 1 && (calls[call].takes ? refused >= 1 : refused == 0));
    }
    {
        char path[64];
        static const char *const left[] = {"history", "history.lock"};
        for (at = 0; at < 2; at++) {
            snprintf(path, sizeof path, "%s/%s", folder, left[at]);
            (void)unlink(path);
        }
        CHECK(rmdir(folder) == 0);
    }
    return 0;
}
