/* What the programs here have in common: a check that ends the program, and a client of the page. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyviz.h"

#define CHECK(condition)                                                                                   \
    do {                                                                                                   \
        if (!(condition)) {                                                                                \
            fprintf(stderr, "%s:%d: %s (last error: %s)\n", __FILE__, __LINE__, #condition,               \
                    keyviz_last_error());                                                                  \
            exit(1);                                                                                       \
        }                                                                                                  \
    } while (0)

#define CHECK_STATUS(call, wanted)                                                                         \
    do {                                                                                                   \
        int32_t got_ = (int32_t)(call);                                                                    \
        if (got_ != (int32_t)(wanted)) {                                                                   \
            fprintf(stderr, "%s:%d: %s is %s, not %s (last error: %s)\n", __FILE__, __LINE__, #call,      \
                    keyviz_status_name(got_), keyviz_status_name((int32_t)(wanted)), keyviz_last_error()); \
            exit(1);                                                                                       \
        }                                                                                                  \
    } while (0)

#define OK(call) CHECK_STATUS(call, KEYVIZ_STATUS_OK)

/* A small sampler: columns of a second. */
static inline keyviz_sampler small_sampler_at(uint32_t auto_ranges, uint64_t now_ms) {
    keyviz_config config;
    keyviz_sampler sampler;
    config.size = sizeof config;
    OK(keyviz_config_defaults(&config));
    config.step_ms = 1000;
    config.max_routes = 64;
    config.max_known_routes = 64;
    config.auto_ranges = auto_ranges;
    config.cell_bytes = 1 << 20;
    config.history_bytes = 1 << 20;
    config.bound_bytes = 1 << 20;
    config.history_columns = 16;
    memset(config.tiers, 0, sizeof config.tiers);
    OK(keyviz_open(&config, now_ms, &sampler));
    return sampler;
}

/* One that starts at 0. */
static inline keyviz_sampler small_sampler(uint32_t auto_ranges) { return small_sampler_at(auto_ranges, 0); }

static inline keyviz_counters counters_of(keyviz_sampler sampler) {
    keyviz_counters counters;
    counters.size = sizeof counters;
    OK(keyviz_counters_read(sampler, &counters));
    return counters;
}

#endif
