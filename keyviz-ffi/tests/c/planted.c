/* Faults planted on purpose, beside keyviz: what looks on has to find them. `race`, `leak`, `overrun`. */
#include <pthread.h>

#include "check.h"

static int shared;

static void *adds(void *sampler) {
    int i;
    for (i = 0; i < 1000; i++) {
        shared++;
        OK(keyviz_observe(*(keyviz_sampler *)sampler, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
    }
    return NULL;
}

int main(int count, char **arguments) {
    keyviz_sampler kv = small_sampler(0);
    const char *fault = count > 1 ? arguments[1] : "";
    if (strcmp(fault, "race") == 0) {
        pthread_t threads[2];
        int i;
        for (i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, adds, &kv) == 0);
        for (i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    } else if (strcmp(fault, "leak") == 0) {
        char *volatile lost = malloc(100);
        lost[0] = 'x';
        OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, lost, 1, 0));
        lost = NULL;
    } else {
        char *volatile bytes = malloc(8);
        memset(bytes, 0, 8);
        /* The library is handed one byte more than there is: what reads it is the copy here. */
        char *copy = malloc(9);
        memcpy(copy, bytes, 9);
        OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, copy, 9, 0));
        free(copy);
        free(bytes);
    }
    OK(keyviz_close(kv));
    return 0;
}
