/* Two copies of the library in one program, an archive and a shared one, and another process: a handle of one is foreign to
 * the other. The path of the shared one is the first argument; without, a handle is printed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>

#include "check.h"

typedef keyviz_status (*open_function)(const keyviz_config *, uint64_t, keyviz_sampler *);
typedef keyviz_status (*flush_function)(keyviz_sampler, uint64_t);

/* Handles of three other processes; one in 65 536 has this copy's tag. */
static void other_processes(const char *program) {
    int round, foreign = 0;
    for (round = 0; round < 3; round++) {
        keyviz_sampler theirs;
        char command[4200];
        FILE *process;
        snprintf(command, sizeof command, "'%s'", program);
        process = popen(command, "r");
        CHECK(process != NULL && fscanf(process, "%" SCNu64, &theirs.bits) == 1 && pclose(process) == 0);
        foreign += keyviz_flush(theirs, 1000) == KEYVIZ_STATUS_FOREIGN_HANDLE;
    }
    CHECK(foreign >= 2);
}

int main(int count, char **arguments) {
    void *other, *found;
    open_function other_open;
    flush_function other_flush;
    keyviz_sampler here = small_sampler(0), there;
    uint64_t before = counters_of(here).foreign_handles;
    if (count == 1) {
        printf("%" PRIu64 "\n", here.bits);
        return 0;
    }
    other = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(other != NULL);
    found = dlsym(other, "keyviz_open");
    CHECK(found != NULL);
    memcpy(&other_open, &found, sizeof found);
    found = dlsym(other, "keyviz_flush");
    CHECK(found != NULL);
    memcpy(&other_flush, &found, sizeof found);
    CHECK(other_open(NULL, 0, &there) == KEYVIZ_STATUS_OK && other_flush(there, 1000) == KEYVIZ_STATUS_OK);
    CHECK_STATUS(keyviz_flush(there, 1000), KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK_STATUS(keyviz_observe(there, 1, 0, "k", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK(other_flush(here, 1000) == KEYVIZ_STATUS_FOREIGN_HANDLE);
    CHECK(counters_of(here).foreign_handles == before + 2);
    other_processes(arguments[0]);
    OK(keyviz_flush(here, 1000));
    OK(keyviz_close(here));
    return 0;
}
