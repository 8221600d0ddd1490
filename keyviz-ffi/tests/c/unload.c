/* dlopen and dlclose, with threads at work: the library stays where it is. Its path is the first argument. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyviz.h"

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

typedef keyviz_status (*open_function)(const keyviz_config *, uint64_t, keyviz_sampler *);
typedef keyviz_status (*sampler_function)(keyviz_sampler);
typedef keyviz_status (*serve_function)(keyviz_sampler, const char *, const keyviz_admin_options *);

static void *symbol(void *library, const char *name) {
    void *found = dlsym(library, name);
    CHECK(found != NULL);
    return found;
}

int main(int count, char **arguments) {
    int round;
    CHECK(count == 2);
    for (round = 0; round < 20; round++) {
        void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
        open_function open_sampler;
        sampler_function flusher, close_sampler;
        serve_function serve;
        keyviz_sampler kv;
        void *found;
        CHECK(library != NULL);
        found = symbol(library, "keyviz_open");
        memcpy(&open_sampler, &found, sizeof found);
        found = symbol(library, "keyviz_flusher_start");
        memcpy(&flusher, &found, sizeof found);
        found = symbol(library, "keyviz_admin_start");
        memcpy(&serve, &found, sizeof found);
        found = symbol(library, "keyviz_close");
        memcpy(&close_sampler, &found, sizeof found);
        CHECK(open_sampler(NULL, KEYVIZ_NOW, &kv) == KEYVIZ_STATUS_OK);
        CHECK(flusher(kv) == KEYVIZ_STATUS_OK && serve(kv, "127.0.0.1:0", NULL) == KEYVIZ_STATUS_OK);
        CHECK(dlclose(library) == 0);
        /* What was found before is there still: nothing was unloaded. */
        CHECK(close_sampler(kv) == KEYVIZ_STATUS_OK);
    }
    return 0;
}
