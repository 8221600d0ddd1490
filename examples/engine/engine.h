/* What both engines here have in common: a load with a known hot range, the check that keyviz shows it, and what it costs
 * beside the same load without keyviz. An engine brings `engine_read` and `engine_write`. */
#ifndef ENGINE_H
#define ENGINE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "keyviz.h"

/* Keys are user:00000000 to user:00099999. Four of five operations go to [HOT_FROM, HOT_TO). */
enum { KEYS = 100000, HOT_FROM = 41000, HOT_TO = 42000, KEY_LEN = 13, VALUE_LEN = 100 };
enum { ROUNDS = 200, OPERATIONS = 3000, LOAD_SECONDS = 4 };

#define MUST(condition)                                                                                        \
    do {                                                                                                       \
        if (!(condition)) {                                                                                    \
            fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition, keyviz_last_error());          \
            exit(1);                                                                                           \
        }                                                                                                      \
    } while (0)
#define DONE(call) MUST((call) == KEYVIZ_STATUS_OK)

/* One operation of the engine; it observes with `recorder` where that is not NULL. */
static void engine_read(const char *key, const keyviz_recorder *recorder);
static void engine_write(const char *key, const char *value, const keyviz_recorder *recorder);

static uint64_t random_state = 88172645463325252u, observed_by_load;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void key_of(uint32_t number, char *key) { snprintf(key, KEY_LEN + 1, "user:%08u", (unsigned)(number % KEYS)); }

static double now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* So many operations, half of them writes; nanoseconds for each. */
static double load(int operations, const keyviz_recorder *recorder) {
    char key[KEY_LEN + 1], value[VALUE_LEN];
    double begun;
    int i;
    memset(value, 'v', sizeof value);
    begun = now_ns();
    for (i = 0; i < operations; i++) {
        uint64_t random = next_random();
        uint32_t number = random % 5 ? HOT_FROM + (uint32_t)(random >> 32) % (HOT_TO - HOT_FROM) : (uint32_t)(random >> 32);
        key_of(number, key);
        if (random & 1024)
            engine_read(key, recorder);
        else
            engine_write(key, value, recorder);
    }
    if (recorder != NULL) observed_by_load += (uint64_t)operations;
    return (now_ns() - begun) / operations;
}

static int by_size(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* The same load by turns without and with keyviz: the medians, and the median of the differences with its 95 % interval,
 * that of the sign test: whatever else the machine does now and then has no weight in it. */
static void measure(const char *engine, const keyviz_recorder *recorder) {
    static double without[ROUNDS], with[ROUNDS], difference[ROUNDS];
    const int off = 14; /* 0.98 times the root of 200 */
    int round;
    (void)load(OPERATIONS, NULL);
    for (round = 0; round < ROUNDS; round++) {
        /* Which one is first changes, so that neither has the warmer cache. */
        if (round % 2) with[round] = load(OPERATIONS, recorder);
        without[round] = load(OPERATIONS, NULL);
        if (round % 2 == 0) with[round] = load(OPERATIONS, recorder);
        difference[round] = with[round] - without[round];
    }
    qsort(without, ROUNDS, sizeof *without, by_size);
    qsort(with, ROUNDS, sizeof *with, by_size);
    qsort(difference, ROUNDS, sizeof *difference, by_size);
    printf("%s: %.0f ns an operation without keyviz, %.0f ns with it; difference %.0f ns (%.0f to %.0f), %d turns\n", engine,
           without[ROUNDS / 2], with[ROUNDS / 2], difference[ROUNDS / 2], difference[ROUNDS / 2 - off - 1],
           difference[ROUNDS / 2 + off], ROUNDS);
}

/* A sampler whose ranges are keyviz's own, with its page and its flusher. */
static keyviz_sampler begin(const char *title, uint16_t *port) {
    keyviz_config config;
    keyviz_admin_options options;
    keyviz_sampler kv;
    config.size = sizeof config;
    DONE(keyviz_config_defaults(&config));
    config.step_ms = 250;
    config.auto_ranges = 256;
    config.history_columns = 600;
    DONE(keyviz_open(&config, KEYVIZ_NOW, &kv));
    DONE(keyviz_flusher_start(kv));
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.title = title;
    DONE(keyviz_admin_start(kv, "127.0.0.1:0", &options));
    DONE(keyviz_admin_port(kv, port));
    return kv;
}

/* The page's own picture, as a browser asks for it; its bytes. */
static size_t page(uint16_t port, char *text, size_t room) {
    static const char request[] =
        "GET /admin/api/v1/keyviz/matrix?series=ops&axis=range HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct sockaddr_in address;
    size_t total = 0;
    ssize_t got;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    MUST(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    MUST(send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1);
    while (total + 1 < room && (got = recv(fd, text + total, room - 1 - total, 0)) > 0) total += (size_t)got;
    text[total] = 0;
    close(fd);
    return total;
}

static int below(const void *one, size_t one_len, const char *other) {
    size_t other_len = strlen(other), shorter = one_len < other_len ? one_len : other_len;
    int order = shorter ? memcmp(one, other, shorter) : 0;
    return order < 0 || (order == 0 && one_len < other_len);
}

static uint64_t unix_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The last columns that ended before the load did: rows that lie within the hot range, but for their ends, have its share
 * of it. */
static void check_picture(keyviz_sampler kv, uint64_t load_ended_ms) {
    char around_from[KEY_LEN + 1], around_to[KEY_LEN + 1];
    keyviz_query query;
    keyviz_matrix matrix;
    keyviz_matrix_arrays arrays;
    uint64_t hot = 0, all = 0;
    size_t row, column, hot_rows = 0;
    key_of(HOT_FROM - (HOT_TO - HOT_FROM) / 4, around_from);
    key_of(HOT_TO + (HOT_TO - HOT_FROM) / 4, around_to);
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.series = KEYVIZ_SERIES_OPS;
    query.axis = KEYVIZ_AXIS_RANGE;
    query.to_ms = load_ended_ms;
    DONE(keyviz_matrix_read(kv, &query, &matrix));
    arrays.size = sizeof arrays;
    DONE(keyviz_matrix_view(matrix, &arrays));
    MUST(arrays.columns > 8);
    for (row = 0; row < arrays.rows; row++) {
        int within = !below(arrays.row_start[row], arrays.row_start_len[row], around_from) && arrays.row_end[row] != NULL &&
                     below(arrays.row_end[row], arrays.row_end_len[row], around_to);
        for (column = arrays.columns - 4; column < arrays.columns; column++) {
            uint64_t value = arrays.values[row * arrays.columns + column];
            all += value;
            if (within) hot += value;
        }
        hot_rows += (size_t)within;
    }
    printf("the matrix: %zu rows, %zu columns; %zu rows within the hot range have %.0f %% of the last second\n", arrays.rows,
           arrays.columns, hot_rows, 100.0 * (double)hot / (double)all);
    MUST(all > 0);
    /* 80 % of the operations, and the hot range's share of the others; the rows at its ends lie half outside. */
    MUST(hot_rows >= 10 && (double)hot > 0.7 * (double)all && (double)hot < 0.9 * (double)all);
    DONE(keyviz_matrix_close(matrix));
}

/* All of it: costs, then some seconds of load, then what keyviz shows of them. */
static int try_engine(const char *engine) {
    static char text[8 << 20];
    uint16_t port;
    keyviz_sampler kv = begin(engine, &port);
    keyviz_recorder recorder;
    keyviz_counters counters;
    double until;
    char key[KEY_LEN + 1], value[VALUE_LEN];
    uint32_t number;
    uint64_t load_ended_ms;
    memset(value, 'v', sizeof value);
    for (number = 0; number < KEYS; number++) {
        key_of(number, key);
        engine_write(key, value, NULL);
    }
    DONE(keyviz_recorder_open(kv, &recorder));
    measure(engine, &recorder);
    until = now_ns() + LOAD_SECONDS * 1e9;
    while (now_ns() < until) (void)load(1000, &recorder);
    load_ended_ms = unix_ms();
    MUST(page(port, text, sizeof text) > 1000);
    MUST(strstr(text, "200 OK") != NULL && strstr(text, "\"bucket_id\":\"range:") != NULL);
    DONE(keyviz_flusher_stop(kv));
    check_picture(kv, load_ended_ms);
    counters.size = sizeof counters;
    DONE(keyviz_counters_read(kv, &counters));
    /* Not one operation is lost. */
    MUST(counters.recorded.reads + counters.recorded.writes == observed_by_load);
    MUST(counters.unattributed.reads + counters.unattributed.writes == 0 && counters.faults == 0);
    DONE(keyviz_recorder_close(recorder));
    DONE(keyviz_close(kv));
    return 0;
}

#endif
