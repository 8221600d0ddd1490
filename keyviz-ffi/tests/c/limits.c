/* What is full is a status: memory, threads, handles, bounds, sketches, and time that has gone. The argument is a folder. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/* So many bytes of addresses beside those in use. */
static void leave(rlim_t bytes) {
    struct rlimit limit;
    unsigned long pages = 0;
    FILE *used = fopen("/proc/self/statm", "re");
    CHECK(used != NULL && fscanf(used, "%lu", &pages) == 1);
    fclose(used);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void memory_and_threads(void) {
    keyviz_config config;
    keyviz_sampler kv = small_sampler(0), large = {7};
    uint64_t faults = counters_of(kv).faults;
    config.size = sizeof config;
    OK(keyviz_config_defaults(&config));
    config.history_bytes = (uint64_t)1 << 30;
    leave(64 << 20);
    CHECK_STATUS(keyviz_open(&config, 0, &large), KEYVIZ_STATUS_OUT_OF_MEMORY);
    CHECK(large.bits == 7);
    leave(64 << 10);
    CHECK_STATUS(keyviz_flusher_start(kv), KEYVIZ_STATUS_OUT_OF_MEMORY);
    CHECK_STATUS(keyviz_admin_start(kv, "127.0.0.1:0", NULL), KEYVIZ_STATUS_OUT_OF_MEMORY);
    leave(0);
    CHECK_STATUS(keyviz_flusher_stop(kv), KEYVIZ_STATUS_NOT_RUNNING);
    OK(keyviz_flusher_start(kv));
    CHECK(counters_of(kv).faults == faults);
    OK(keyviz_close(kv));
}

/* In a process of its own, whose environment asks for stacks that no system gives. */
static void no_threads(void) {
    keyviz_sampler kv;
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid > 0) {
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        return;
    }
    CHECK(setenv("RUST_MIN_STACK", "70368744177664", 1) == 0);
    kv = small_sampler(0);
    CHECK_STATUS(keyviz_flusher_start(kv), KEYVIZ_STATUS_NO_THREAD);
    CHECK_STATUS(keyviz_admin_start(kv, "127.0.0.1:0", NULL), KEYVIZ_STATUS_NO_THREAD);
    CHECK_STATUS(keyviz_flusher_stop(kv), KEYVIZ_STATUS_NOT_RUNNING);
    OK(keyviz_close(kv));
    exit(0);
}

static void handles(void) {
    keyviz_sampler kv = small_sampler(0);
    static keyviz_recorder recorders[65536];
    keyviz_recorder more;
    size_t opened = 0, i;
    int32_t status;
    while ((status = keyviz_recorder_open(kv, &recorders[opened])) == KEYVIZ_STATUS_OK) {
        opened++;
        CHECK(opened < 65536);
    }
    CHECK_STATUS(status, KEYVIZ_STATUS_TOO_MANY_HANDLES);
    CHECK(opened == 65535); /* and the sampler's own */
    OK(keyviz_recorder_close(recorders[1000]));
    OK(keyviz_recorder_open(kv, &more));
    CHECK(more.bits != recorders[1000].bits);
    CHECK_STATUS(keyviz_recorder_observe(recorders[1000], 1, 0, "a", 1, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    recorders[1000] = more;
    for (i = 0; i < opened; i++) OK(keyviz_recorder_close(recorders[i]));
    OK(keyviz_close(kv));
}

static void bounds(void) {
    keyviz_config config;
    keyviz_sampler kv;
    char start[1024];
    uint64_t route;
    int32_t status = 0;
    memset(start, 'a', sizeof start);
    config.size = sizeof config;
    OK(keyviz_config_within(32 << 20, &config));
    config.max_routes = 4096;
    config.max_known_routes = 4096;
    config.bound_bytes = 1 << 20;
    OK(keyviz_open(&config, 0, &kv));
    for (route = 0; route < 4096 && status == KEYVIZ_STATUS_OK; route++) {
        snprintf(start, sizeof start, "%08u", (unsigned)route);
        start[8] = 'a';
        status = keyviz_register(kv, route, start, sizeof start, NULL, 0, 0, NULL);
    }
    CHECK_STATUS(status, KEYVIZ_STATUS_BOUNDS_FULL);
    OK(keyviz_close(kv));
}

static void hot_keys(void) {
    keyviz_config config;
    keyviz_sampler kv;
    keyviz_hot_keys hot;
    keyviz_query query;
    uint64_t route, ms;
    int i;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.hot_keys = 1;
    config.sample_every = 1;
    config.hot_key_sketches = 1;
    config.hot_key_bytes = 160 << 10;
    OK(keyviz_open(&config, 0, &kv));
    for (route = 0; route < 8; route++) {
        char start[2] = {(char)('a' + route), 0}, end[2] = {(char)('b' + route), 0};
        OK(keyviz_register(kv, route, start, 1, end, 1, 0, NULL));
    }
    for (ms = 1000; ms <= 400000; ms += 1000) {
        for (route = 0; route < 8; route++)
            for (i = 0; i < (route == 0 ? 20 : 1); i++) OK(keyviz_observe(kv, route, KEYVIZ_OP_WRITE, "abcdefgh", 8, 0));
        OK(keyviz_flush(kv, ms));
    }
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.by_route = 1;
    OK(keyviz_hot_keys_read(kv, &query, &hot));
    OK(keyviz_hot_keys_close(hot));
    query.route = 5;
    CHECK_STATUS(keyviz_hot_keys_read(kv, &query, &hot), KEYVIZ_STATUS_BELOW_THRESHOLD);
    query.route = 0;
    query.from_ms = 900000;
    CHECK_STATUS(keyviz_hot_keys_read(kv, &query, &hot), KEYVIZ_STATUS_OUT_OF_SNAPSHOT_WINDOW);
    query.from_ms = 1000;
    query.to_ms = 2000;
    CHECK_STATUS(keyviz_hot_keys_read(kv, &query, &hot), KEYVIZ_STATUS_EXPIRED);
    OK(keyviz_close(kv));
}

static int told;

static void takes(void *sampler, uint32_t level, const char *text) {
    keyviz_sampler kv = *(keyviz_sampler *)sampler;
    CHECK(level == KEYVIZ_LOG_LEVEL_WARN && strstr(text, "history") != NULL);
    CHECK_STATUS(keyviz_close(kv), KEYVIZ_STATUS_IN_CALLBACK);
    CHECK_STATUS(keyviz_flusher_start(kv), KEYVIZ_STATUS_IN_CALLBACK);
    CHECK_STATUS(keyviz_log_set(NULL, NULL), KEYVIZ_STATUS_IN_CALLBACK);
    OK(keyviz_observe(kv, 1, KEYVIZ_OP_READ, "k", 1, 0));
    told++;
}

/* A history file that is none is told of, set aside, and begun anew; the next run goes on with it. */
static void history(const char *folder) {
    char path[512];
    keyviz_sampler kv = small_sampler(0);
    FILE *file;
    snprintf(path, sizeof path, "%s/keyviz-history", folder);
    file = fopen(path, "we");
    CHECK(file != NULL && fputs("no history at all", file) > 0);
    fclose(file);
    OK(keyviz_log_set(takes, &kv));
    OK(keyviz_history_start(kv, path, 60000));
    CHECK_STATUS(keyviz_history_start(kv, path, 60000), KEYVIZ_STATUS_ALREADY_RUNNING);
    CHECK(told == 1);
    OK(keyviz_log_set(NULL, NULL));
    OK(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL));
    OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
    OK(keyviz_flush(kv, 1000));
    OK(keyviz_history_stop(kv));
    OK(keyviz_close(kv));
    {
        keyviz_config config;
        config.size = sizeof config;
        OK(keyviz_config_within(32 << 20, &config));
        config.step_ms = 1000;
        OK(keyviz_open(&config, 5000, &kv));
    }
    OK(keyviz_history_start(kv, path, 0));
    CHECK(counters_of(kv).recorded.writes == 1 && counters_of(kv).columns_restored == 1);
    OK(keyviz_close(kv));
}

int main(int count, char **arguments) {
    CHECK(count == 2);
    no_threads();
    memory_and_threads();
    handles();
    bounds();
    hot_keys();
    history(arguments[1]);
    return 0;
}
