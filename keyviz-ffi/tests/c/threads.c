/* Threads at once: nothing is lost, and closing beside them is a status, never a crash. */
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, SAMPLERS = 7 };

static keyviz_sampler kv;
static int operations = 20000; /* of each thread; the first argument, for those who look closely */

static void *observes(void *unused) {
    int i;
    (void)unused;
    for (i = 0; i < operations; i++) OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "key", 3, 0));
    return NULL;
}

static void *records(void *unused) {
    keyviz_recorder recorder;
    int i;
    (void)unused;
    OK(keyviz_recorder_open(kv, &recorder));
    for (i = 0; i < operations; i++) OK(keyviz_recorder_observe(recorder, 1, KEYVIZ_OP_READ, "key", 3, 0));
    OK(keyviz_recorder_close(recorder));
    return NULL;
}

static void *reads(void *unused) {
    int i;
    (void)unused;
    for (i = 1; i <= 50; i++) {
        keyviz_matrix matrix;
        OK(keyviz_flush(kv, (uint64_t)i * 100));
        OK(keyviz_matrix_read(kv, NULL, &matrix));
        OK(keyviz_matrix_close(matrix));
    }
    return NULL;
}

/* Uses the sampler until it is closed. */
static void *until_closed(void *which) {
    int32_t status;
    do {
        switch (*(int *)which) {
        case 0: status = keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "key", 3, 0); break;
        case 1: status = keyviz_flush(kv, KEYVIZ_NOW); break;
        case 2: {
            keyviz_buffer buffer;
            status = keyviz_matrix_json(kv, NULL, &buffer);
            if (status == KEYVIZ_STATUS_OK) OK(keyviz_buffer_close(buffer));
            break;
        }
        default: {
            uint64_t route = 2;
            status = keyviz_register(kv, route, "b", 1, NULL, 0, 0, NULL);
            if (status == KEYVIZ_STATUS_OK) status = keyviz_remove(kv, route);
            if (status == KEYVIZ_STATUS_UNKNOWN_ROUTE || status == KEYVIZ_STATUS_ROUTES_FULL) status = 0;
        }
        }
    } while (status == KEYVIZ_STATUS_OK);
    CHECK_STATUS(status, KEYVIZ_STATUS_CLOSED_HANDLE);
    return NULL;
}

/* A thread that observes more samplers than it keeps recorders of, in turns: each counts its own. */
static void many_samplers(void) {
    keyviz_sampler samplers[SAMPLERS];
    int i, round;
    for (i = 0; i < SAMPLERS; i++) {
        samplers[i] = small_sampler(0);
        OK(keyviz_register(samplers[i], 1, "a", 1, NULL, 0, 0, NULL));
    }
    for (round = 0; round < 50; round++)
        for (i = 0; i < SAMPLERS; i++)
            if (round % (i + 1) == 0) OK(keyviz_observe(samplers[i], 1, KEYVIZ_OP_WRITE, "key", 3, 0));
    for (i = 0; i < SAMPLERS; i += 2) {
        OK(keyviz_flush(samplers[i], 5000));
        CHECK(counters_of(samplers[i]).recorded.writes == (uint64_t)(50 + i) / (uint64_t)(i + 1));
        OK(keyviz_close(samplers[i]));
        CHECK_STATUS(keyviz_observe(samplers[i], 1, KEYVIZ_OP_WRITE, "key", 3, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    }
    for (i = 1; i < SAMPLERS; i += 2) {
        OK(keyviz_observe(samplers[i], 1, KEYVIZ_OP_WRITE, "key", 3, 0));
        OK(keyviz_flush(samplers[i], 5000));
        CHECK(counters_of(samplers[i]).recorded.writes == (uint64_t)(50 + i) / (uint64_t)(i + 1) + 1);
        OK(keyviz_close(samplers[i]));
    }
}

int main(int count, char **arguments) {
    pthread_t threads[2 * THREADS + 1];
    int i, round, which[4] = {0, 1, 2, 3};
    keyviz_counters counters;
    if (count > 1) operations = atoi(arguments[1]);
    many_samplers();
    kv = small_sampler(0);
    OK(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL));
    for (i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, observes, NULL) == 0);
        CHECK(pthread_create(&threads[THREADS + i], NULL, records, NULL) == 0);
    }
    CHECK(pthread_create(&threads[2 * THREADS], NULL, reads, NULL) == 0);
    for (i = 0; i < 2 * THREADS + 1; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    OK(keyviz_flush(kv, 100000));
    counters = counters_of(kv);
    CHECK(counters.recorded.writes == (uint64_t)THREADS * (uint64_t)operations);
    CHECK(counters.recorded.reads == (uint64_t)THREADS * (uint64_t)operations);
    OK(keyviz_close(kv));
    for (round = 0; round < (operations < 1000 ? 3 : 20); round++) {
        kv = small_sampler(0);
        OK(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL));
        for (i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, until_closed, &which[i]) == 0);
        for (i = 0; i < 5; i++) OK(keyviz_flush(kv, KEYVIZ_NOW));
        OK(keyviz_close(kv));
        for (i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    }
    return 0;
}
