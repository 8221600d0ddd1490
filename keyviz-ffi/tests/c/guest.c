/* What a host meets that has the page inside: nothing of its own is changed, and nothing takes it down. Each check is a
 * promise of the header or of the README; the first argument names the one to run. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "http.h"

static keyviz_sampler loaded(uint32_t columns) {
    keyviz_config config;
    keyviz_sampler kv;
    uint32_t column;
    uint64_t route;
    config.size = sizeof config;
    OK(keyviz_config_defaults(&config));
    config.step_ms = 1000;
    config.max_routes = 1024;
    config.max_known_routes = 1024;
    config.history_columns = columns < 16 ? 16 : columns;
    config.history_bytes = 64 << 20;
    OK(keyviz_open(&config, 0, &kv));
    for (route = 0; route < 1024; route++) {
        unsigned char bounds[4] = {(unsigned char)(route >> 8), (unsigned char)route, 0, 0};
        bounds[2] = (unsigned char)((route + 1) >> 8);
        bounds[3] = (unsigned char)(route + 1);
        OK(keyviz_register(kv, route, bounds, 2, bounds + 2, 2, 0, NULL));
    }
    for (column = 1; column <= columns; column++) {
        for (route = 0; route < 1024; route++) OK(keyviz_observe(kv, route, KEYVIZ_OP_WRITE, "k", 1, route));
        OK(keyviz_flush(kv, (uint64_t)column * 1000));
    }
    return kv;
}

static uint16_t serve(keyviz_sampler kv, uint64_t memory_bytes) {
    keyviz_admin_options options;
    uint16_t port;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.memory_bytes = memory_bytes;
    options.title = "guest";
    OK(keyviz_admin_start(kv, "127.0.0.1:0", &options));
    OK(keyviz_admin_port(kv, &port));
    return port;
}

/* Calls `each` with the id of every thread of the process; how many there are. */
static int for_each_thread(void (*each)(const char *task)) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    int count = 0;
    CHECK(tasks != NULL);
    while ((task = readdir(tasks)) != NULL) {
        if (task->d_name[0] == '.') continue;
        count++;
        if (each != NULL) each(task->d_name);
    }
    closedir(tasks);
    return count;
}

static int descriptors(int *without_cloexec) {
    DIR *open_ones = opendir("/proc/self/fd");
    struct dirent *one;
    int count = 0;
    CHECK(open_ones != NULL);
    while ((one = readdir(open_ones)) != NULL) {
        int fd = atoi(one->d_name), flags;
        if (one->d_name[0] == '.' || fd == dirfd(open_ones)) continue;
        flags = fcntl(fd, F_GETFD);
        if (fd > 2 && flags >= 0 && (flags & FD_CLOEXEC) == 0 && without_cloexec != NULL) (*without_cloexec)++;
        count++;
    }
    closedir(open_ones);
    return count;
}

static long kib_of(const char *what) {
    char line[256];
    long kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    CHECK(status != NULL);
    while (fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, what, strlen(what)) == 0) kib = atol(line + strlen(what));
    fclose(status);
    return kib;
}

static long resident_kib(void) { return kib_of("VmRSS:"); }

/* The most that was resident since `forget_peak`, as the kernel saw it. */
static long peak_kib(void) { return kib_of("VmHWM:"); }

static void forget_peak(void) {
    int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && write(fd, "5", 1) == 1);
    close(fd);
}

static void sleep_ms(long ms) {
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

/* A client that leaves in the middle of an answer: a host with the default SIGPIPE lives on. */
static void sigpipe(void) {
    struct linger at_once = {1, 0};
    struct sigaction action;
    keyviz_sampler kv = loaded(300);
    uint16_t port = serve(kv, 0);
    int round;
    size_t bytes;
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    for (round = 0; round < 30; round++) {
        char some[100];
        int fd = client(port);
        ask(fd, "/admin/api/v1/keyviz/matrix?series=writes");
        CHECK(recv(fd, some, sizeof some, 0) > 0);
        if (round % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(fd);
    }
    /* It serves as before. */
    for (round = 0; round < 100; round++) {
        int status = get(port, "/admin/api/v1/keyviz/matrix", &bytes, NULL, 0);
        if (status == 200) break;
        CHECK(status == 503);
        sleep_ms(100);
    }
    CHECK(round < 100 && bytes > 100000);
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    OK(keyviz_close(kv));
}

/* 1000 starts and stops leave the threads and descriptors that were there before, and the memory that the first 100 left. */
static void starts(void) {
    int round, threads = for_each_thread(NULL), fds = descriptors(NULL);
    long kib = 0;
    for (round = 0; round < 1000; round++) {
        keyviz_sampler kv = small_sampler(0);
        OK(keyviz_flusher_start(kv));
        OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
        uint16_t port = serve(kv, 0);
        if (round % 20 == 0) CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200);
        if (round % 2) OK(keyviz_admin_stop(kv));
        OK(keyviz_close(kv));
        if (round == 0) CHECK(for_each_thread(NULL) == threads && descriptors(NULL) == fds);
        if (round == 100) kib = resident_kib();
    }
    CHECK(for_each_thread(NULL) == threads && threads == 1);
    CHECK(descriptors(NULL) == fds);
    fprintf(stdout, "resident: %ld KiB after 100, %ld KiB after 1000\n", kib, resident_kib());
    CHECK(resident_kib() < kib + 2048);
}

/* The memory of a closed sampler comes back when a thread that observed it turns to another one. */
static void given_back(void) {
    enum { ALL = 3 };
    keyviz_sampler kv[ALL];
    keyviz_config config;
    long before;
    int i;
    config.size = sizeof config;
    OK(keyviz_config_defaults(&config));
    config.cell_bytes = 64 << 20;
    for (i = 0; i < ALL; i++) {
        OK(keyviz_open(&config, 0, &kv[i]));
        OK(keyviz_observe(kv[i], 1, KEYVIZ_OP_WRITE, "k", 1, 0));
    }
    OK(keyviz_close(kv[0]));
    before = resident_kib(); /* the thread's recorder has its cells still */
    OK(keyviz_observe(kv[1], 1, KEYVIZ_OP_WRITE, "k", 1, 0));
    CHECK(resident_kib() < before - (48 << 10));
    for (i = 1; i < ALL; i++) OK(keyviz_close(kv[i]));
}

/* A fork while threads run: the child's handles are inert, its own work, and the parent does not notice. */
static volatile int stop_observing;

static void *observes(void *sampler) {
    while (!stop_observing) OK(keyviz_observe(*(keyviz_sampler *)sampler, 1, KEYVIZ_OP_WRITE, "key", 3, 0));
    return NULL;
}

static char noted[512];

static void notes(void *unused, uint32_t level, const char *text) {
    (void)unused;
    (void)level;
    snprintf(noted, sizeof noted, "%s", text);
}

static void child(keyviz_sampler kv, keyviz_recorder recorder, keyviz_matrix matrix) {
    keyviz_sampler own;
    keyviz_buffer buffer;
    keyviz_matrix_arrays arrays;
    alarm(20); /* what waits for a thread that is not there would wait for ever */
    arrays.size = sizeof arrays;
    CHECK_STATUS(keyviz_observe(kv, 1, 0, "k", 1, 0), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_recorder_observe(recorder, 1, 0, "k", 1, 0), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_register(kv, 9, "a", 1, NULL, 0, 0, NULL), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_flush(kv, KEYVIZ_NOW), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_matrix_json(kv, NULL, &buffer), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_matrix_view(matrix, &arrays), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_admin_stop(kv), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_flusher_stop(kv), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_recorder_close(recorder), KEYVIZ_STATUS_FORKED);
    CHECK_STATUS(keyviz_close(kv), KEYVIZ_STATUS_FORKED);
    /* Nobody has the log here, until somebody wants it. */
    OK(keyviz_log_set(notes, NULL));
    own = small_sampler(0);
    OK(keyviz_register(own, 1, "a", 1, NULL, 0, 0, NULL));
    OK(keyviz_observe(own, 1, KEYVIZ_OP_READ, "k", 1, 0));
    OK(keyviz_history_start(own, "/", 0)); /* a folder */
    CHECK(noted[0] != 0);
    OK(keyviz_flusher_start(own));
    CHECK(get(serve(own, 0), "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200);
    OK(keyviz_flusher_stop(own));
    CHECK(counters_of(own).recorded.reads == 1);
    OK(keyviz_close(own));
    exit(0);
}

static void forks(void) {
    keyviz_sampler kv = loaded(3);
    keyviz_recorder recorder;
    keyviz_matrix matrix;
    pthread_t threads[4];
    int i, round;
    uint16_t port = serve(kv, 0);
    OK(keyviz_flusher_start(kv));
    OK(keyviz_recorder_open(kv, &recorder));
    OK(keyviz_matrix_read(kv, NULL, &matrix));
    for (i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, observes, &kv) == 0);
    for (round = 0; round < 20; round++) {
        int status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) child(kv, recorder, matrix);
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
        CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200);
    }
    stop_observing = 1;
    for (i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    OK(keyviz_recorder_close(recorder));
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_close(kv));
}

/* A child that lives on, as one that a server leaves behind: the port and the file are the parent's alone. */
static void lives_on(void) {
    char path[] = "/tmp/keyviz-guest-XXXXXX", file[64], address[32], byte = 0;
    int ready[2], status;
    uint16_t port;
    pid_t pid;
    keyviz_sampler kv = small_sampler_at(0, KEYVIZ_NOW);
    CHECK(mkdtemp(path) != NULL && pipe2(ready, O_CLOEXEC) == 0);
    snprintf(file, sizeof file, "%s/history", path);
    OK(keyviz_log_set(notes, NULL));
    OK(keyviz_history_start(kv, file, 0));
    OK(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL));
    OK(keyviz_observe(kv, 1, KEYVIZ_OP_READ, "k", 1, 0));
    port = serve(kv, 0);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(60);
        CHECK(write(ready[1], &byte, 1) == 1);
        for (;;) pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    OK(keyviz_flush(kv, KEYVIZ_NOW));
    OK(keyviz_admin_stop(kv));
    OK(keyviz_history_stop(kv));
    CHECK(noted[0] == 0);
    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    OK(keyviz_admin_start(kv, address, NULL));
    CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200);
    OK(keyviz_close(kv));
    kv = small_sampler_at(0, KEYVIZ_NOW);
    OK(keyviz_history_start(kv, file, 0));
    CHECK(strstr(noted, "another process") == NULL && counters_of(kv).recorded.reads == 1);
    OK(keyviz_log_set(NULL, NULL));
    OK(keyviz_close(kv));
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
    CHECK(unlink(file) == 0);
    strcat(file, ".lock");
    CHECK(unlink(file) == 0 && rmdir(path) == 0);
}

/* How many of this process' descriptors are sockets. */
static int sockets(void) {
    DIR *open_ones = opendir("/proc/self/fd");
    struct dirent *one;
    int count = 0;
    CHECK(open_ones != NULL);
    while ((one = readdir(open_ones)) != NULL) {
        char path[300], to[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%s", one->d_name);
        if (readlink(path, to, sizeof to - 1) > 0) count += strncmp(to, "socket:", 7) == 0;
    }
    closedir(open_ones);
    return count;
}

/* Connections that are open when the process forks: the child that lives on has none of them, the parent answers on all,
 * and a client sees the end of its own when the parent closes it. */
static void let_go(void) {
    enum { CLIENTS = 40 };
    int fds[CLIENTS], i, ready[2], status;
    char text[1024];
    unsigned char byte;
    pid_t pid, clients;
    keyviz_sampler kv = small_sampler(0);
    uint16_t port = serve(kv, 0);
    int kept = 2; /* the page's, and the one it takes connections from, once its thread has begun */
    CHECK(pipe2(ready, O_CLOEXEC) == 0);
    for (i = 0; i < 1500 && sockets() != kept; i++) sleep_ms(20);
    CHECK(sockets() == kept);
    /* The clients are another process, so that every socket here is the page's. */
    clients = fork();
    CHECK(clients >= 0);
    if (clients == 0) {
        int answers[CLIENTS];
        alarm(120);
        CHECK(sockets() == 0);
        for (i = 0; i < CLIENTS; i++) {
            static const char begun[] = "GET /admin/api/v1/keyviz/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
            answers[i] = client(port);
            CHECK(send(answers[i], begun, sizeof begun - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof begun - 1));
            CHECK(recv(answers[i], text, sizeof text, 0) > 0); /* and it stays open */
        }
        byte = 1;
        CHECK(write(ready[1], &byte, 1) == 1);
        /* The page is stopped: each sees the end, though the other child lives. */
        for (i = 0; i < CLIENTS; i++) CHECK(recv(answers[i], text, sizeof text, 0) == 0);
        exit(0);
    }
    CHECK(read(ready[0], &byte, 1) == 1 && byte == 1);
    CHECK(sockets() == kept + CLIENTS);
    pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(120);
        byte = (unsigned char)sockets();
        CHECK(write(ready[1], &byte, 1) == 1);
        for (;;) pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1 && byte == 0);
    /* The parent's are as they were. */
    CHECK(sockets() == kept + CLIENTS);
    for (i = 0; i < 3; i++) fds[i] = client(port);
    for (i = 0; i < 3; i++) {
        ask(fds[i], "/admin/api/v1/keyviz/status");
        CHECK(answer(fds[i], NULL, NULL, 0) == 200);
    }
    OK(keyviz_admin_stop(kv));
    CHECK(waitpid(clients, &status, 0) == clients && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid);
    OK(keyviz_close(kv));
}

static volatile int stop_asking;

static void *asks(void *port) {
    while (!stop_asking) CHECK(get(*(uint16_t *)port, "/admin/api/v1/keyviz/healthz", NULL, NULL, 0) == 200);
    return NULL;
}

/* Forks while connections come and go: whichever moment it is, no child has one of the page's. */
static void let_go_at_any_moment(void) {
    pthread_t threads[3];
    int i, round, status;
    keyviz_sampler kv = small_sampler(0);
    uint16_t port = serve(kv, 0);
    for (i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, asks, &port) == 0);
    for (round = 0; round < 300; round++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            /* What is left is the clients' own: their far end is the page's port. */
            int fd, taken = 0;
            for (fd = 3; fd < 256; fd++) {
                struct sockaddr_in address;
                socklen_t len = sizeof address;
                memset(&address, 0, sizeof address);
                if (getsockname(fd, (struct sockaddr *)&address, &len) == 0) taken += ntohs(address.sin_port) == port;
            }
            _exit(taken);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
    }
    stop_asking = 1;
    for (i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    OK(keyviz_close(kv));
}

/* A snapshot on its way when the page is stopped: its thread is gone with the others. */
static void snapshots(void) {
    int round, threads = for_each_thread(NULL);
    keyviz_sampler kv = loaded(300);
    for (round = 0; round < 20; round++) {
        char some[100];
        int fd = client(serve(kv, 0));
        ask(fd, "/admin/api/v1/keyviz/snapshot");
        CHECK(recv(fd, some, sizeof some, 0) > 0);
        close(fd);
        OK(keyviz_admin_stop(kv));
        CHECK(for_each_thread(NULL) == threads);
    }
    OK(keyviz_close(kv));
}

/* 64 clients at once that take nothing: the page's memory stays within its budget, others are told `busy`. */
static void crowd(void) {
    enum { CLIENTS = 64, BUDGET_MIB = 128 };
    keyviz_sampler kv = loaded(600);
    uint16_t port = serve(kv, (uint64_t)BUDGET_MIB << 20);
    int fds[CLIENTS], i, busy = 0, good = 0, answered = 0;
    long before, most;
    (void)get(port, "/admin/", NULL, NULL, 0);
    before = resident_kib();
    forget_peak();
    for (i = 0; i < CLIENTS; i++) {
        fds[i] = client(port);
        ask(fds[i], "/admin/api/v1/keyviz/matrix?rows=1024");
    }
    sleep_ms(3000);
    for (i = 0; i < CLIENTS; i++) {
        size_t bytes;
        int status = answer(fds[i], &bytes, NULL, 0);
        good += status == 200;
        busy += status == 503;
        answered += status != 0;
    }
    most = peak_kib();
    fprintf(stdout, "%d clients: %d pictures, %d busy; resident %ld KiB before, %ld KiB at most\n", CLIENTS, good, busy,
            before, most);
    CHECK(answered == CLIENTS && good + busy == CLIENTS && good > 0 && busy > 0);
    CHECK(most - before < BUDGET_MIB * 1024);
    /* The 65th connection is told at once. */
    for (i = 0; i < CLIENTS; i++) fds[i] = client(port);
    sleep_ms(200);
    CHECK(get(port, "/admin/", NULL, NULL, 0) == 503);
    for (i = 0; i < CLIENTS; i++) close(fds[i]);
    OK(keyviz_close(kv));
}

static int nice_threads, own_threads;

static void look(const char *task) {
    char path[300], line[512];
    FILE *file;
    uint64_t blocked = 0;
    int nice = 99;
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", task);
    file = fopen(path, "re");
    CHECK(file != NULL && fgets(line, sizeof line, file) != NULL);
    fclose(file);
    if (atoi(task) == (int)getpid()) return;
    CHECK(strncmp(line, "keyviz-", 7) == 0);
    own_threads++;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    file = fopen(path, "re");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "SigBlk:", 7) == 0) blocked = strtoull(line + 7, NULL, 16);
    fclose(file);
    /* All but SIGKILL, SIGSTOP, and the two that the C library keeps for itself. */
    CHECK((blocked | UINT64_C(0x180040100)) == UINT64_MAX);
    errno = 0;
    nice = getpriority(PRIO_PROCESS, (id_t)atoi(task));
    CHECK(errno == 0 && nice == 10);
    nice_threads++;
}

/* The host's settings are what they were: masks, handlers, niceness, output; its descriptors stay its own. */
static void settings(void) {
    sigset_t before, after;
    struct sigaction handlers[32], now;
    int niceness = getpriority(PRIO_PROCESS, 0), signal_number, output[2], errors[2], inherited = 0, without_cloexec = 0, kept_out, kept_err;
    char byte;
    keyviz_sampler kv;
    uint16_t port;
    CHECK(pipe2(output, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(errors, O_CLOEXEC | O_NONBLOCK) == 0);
    kept_out = dup(1);
    kept_err = dup(2);
    fcntl(kept_out, F_SETFD, FD_CLOEXEC);
    fcntl(kept_err, F_SETFD, FD_CLOEXEC);
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (signal_number = 1; signal_number < 32; signal_number++)
        sigaction(signal_number, NULL, &handlers[signal_number]);
    fflush(NULL);
    dup2(output[1], 1);
    dup2(errors[1], 2);
    descriptors(&inherited);
    kv = loaded(3);
    OK(keyviz_flusher_start(kv));
    port = serve(kv, 0);
    (void)get(port, "/admin/api/v1/keyviz/matrix", NULL, NULL, 0);
    (void)get(port, "/admin/api/v1/keyviz/nothing", NULL, NULL, 0);
    for_each_thread(look);
    descriptors(&without_cloexec);
    OK(keyviz_close(kv));
    CHECK_STATUS(keyviz_flush(kv, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    fflush(NULL);
    dup2(kept_out, 1);
    dup2(kept_err, 2);
    CHECK(read(output[0], &byte, 1) == -1 && errno == EAGAIN);
    CHECK(read(errors[0], &byte, 1) == -1 && errno == EAGAIN);
    CHECK(own_threads == 3 && nice_threads == 3); /* flush, page, blocking */
    CHECK(without_cloexec == inherited);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (signal_number = 1; signal_number < 32; signal_number++) {
        CHECK(sigismember(&before, signal_number) == sigismember(&after, signal_number));
        sigaction(signal_number, NULL, &now);
        CHECK(now.sa_handler == handlers[signal_number].sa_handler);
    }
    CHECK(getpriority(PRIO_PROCESS, 0) == niceness);
}

/* Only in the library that fails on purpose: a fault is counted once, told once, printed never, and the host goes on. */
static char told[1024];
static keyviz_sampler of_callback;
static int tellings, callback_faults;

static void takes(void *unused, uint32_t level, const char *text) {
    keyviz_sampler none = {UINT64_MAX};
    (void)unused;
    if (level == KEYVIZ_LOG_LEVEL_ERROR) snprintf(told, sizeof told, "%s", text);
    tellings++;
    CHECK_STATUS(keyviz_log_set(NULL, NULL), KEYVIZ_STATUS_IN_CALLBACK);
    CHECK_STATUS(keyviz_close(of_callback), KEYVIZ_STATUS_IN_CALLBACK);
    CHECK(counters_of(of_callback).faults > 0);
    OK(keyviz_annotate(of_callback, 4000, "fault", "told"));
    OK(keyviz_observe(of_callback, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
    if (callback_faults) CHECK_STATUS(keyviz_drain_samples(none), KEYVIZ_STATUS_INTERNAL);
}

static int kept_err, errors[2];

static void hush(void) {
    told[0] = 0;
    tellings = 0;
    if (kept_err == 0) {
        kept_err = dup(2);
        CHECK(pipe2(errors, O_CLOEXEC | O_NONBLOCK) == 0);
    }
    dup2(errors[1], 2);
}

/* Nothing was printed since; one fault was told, and `faults` there are now. */
static void was_told(const char *what, uint64_t faults) {
    char printed[4096];
    int round;
    for (round = 0; round < 100 && told[0] == 0; round++) sleep_ms(20);
    dup2(kept_err, 2);
    CHECK(read(errors[0], printed, sizeof printed) == -1 && errno == EAGAIN);
    CHECK(tellings == 1 && strstr(told, what) != NULL);
    CHECK(counters_of(of_callback).faults == faults);
}

static void fault(void) {
    keyviz_sampler none = {UINT64_MAX};
    keyviz_name name = {"a", 1, "name"};
    char text[4096];
    size_t bytes;
    int round;
    uint16_t port;
    hush();
    /* Before anything was opened. */
    CHECK_STATUS(keyviz_drain_samples(none), KEYVIZ_STATUS_INTERNAL);
    dup2(kept_err, 2);
    CHECK(read(errors[0], text, sizeof text) == -1 && errno == EAGAIN);
    of_callback = loaded(2);
    port = serve(of_callback, 0);
    OK(keyviz_log_set(takes, NULL));
    hush();
    CHECK(get(port, "/admin/api/v1/keyviz/matrix", NULL, text, sizeof text) == 500);
    was_told("a fault for the test", 2);
    hush();
    CHECK_STATUS(keyviz_drain_samples(none), KEYVIZ_STATUS_INTERNAL);
    was_told("a fault in a call", 3);
    hush();
    CHECK_STATUS(keyviz_set_names(of_callback, &name, 1), KEYVIZ_STATUS_INTERNAL);
    was_told("a fault in a call that holds a lock", 4);
    hush();
    CHECK_STATUS(keyviz_observe(of_callback, UINT64_MAX, KEYVIZ_OP_WRITE, "k", 1, 0), KEYVIZ_STATUS_INTERNAL);
    was_told("a fault in an observation", 5);
    callback_faults = 1; /* of which nobody is told, but they count */
    hush();
    CHECK_STATUS(keyviz_observe(of_callback, UINT64_MAX, KEYVIZ_OP_WRITE, "k", 1, 0), KEYVIZ_STATUS_INTERNAL);
    was_told("a fault in an observation", 7);
    callback_faults = 0;
    /* In a thread of its own that makes a snapshot: the answer breaks off. */
    hush();
    (void)get(port, "/admin/api/v1/keyviz/snapshot", &bytes, NULL, 0);
    was_told("a fault for the test", 8);
    CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, text, sizeof text) == 200);
    CHECK(strstr(text, "\"panics\":1") != NULL);
    /* One that ends a thread stays counted when the thread is stopped. */
    CHECK(counters_of(of_callback).page_faults == 0);
    hush();
    OK(keyviz_flusher_start(of_callback));
    was_told("a fault of the flusher", 9);
    for (round = 0; round < 100 && counters_of(of_callback).page_faults == 0; round++) sleep_ms(20);
    CHECK(counters_of(of_callback).page_faults == 1);
    OK(keyviz_flusher_stop(of_callback));
    CHECK(counters_of(of_callback).page_faults == 1);
    /* In the page's own thread: it is counted and told, the page begins anew on its port, and the host goes on. */
    for (round = 1; round <= 9; round++) {
        hush();
        OK(keyviz_skip(of_callback, UINT64_MAX - 1)); /* plants it */
        while (counters_of(of_callback).page_faults < 1 + (uint64_t)round) {
            int fd = client(port);
            ask(fd, "/admin/api/v1/keyviz/healthz");
            (void)answer(fd, NULL, NULL, 0); /* the fault ends it */
        }
        was_told("a fault of the page's thread", 9 + (uint64_t)round);
        OK(keyviz_observe(of_callback, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
        if (round == 9) break;
        CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200);
    }
    /* The ninth ends it; it says so, and is started anew. */
    for (round = 0; round < 1500 && keyviz_admin_port(of_callback, &port) == KEYVIZ_STATUS_OK; round++) sleep_ms(20);
    CHECK_STATUS(keyviz_admin_port(of_callback, &port), KEYVIZ_STATUS_NOT_RUNNING);
    CHECK_STATUS(keyviz_admin_start(of_callback, "127.0.0.1:0", NULL), KEYVIZ_STATUS_ALREADY_RUNNING);
    OK(keyviz_log_set(NULL, NULL));
    OK(keyviz_admin_stop(of_callback));
    CHECK(counters_of(of_callback).page_faults == 10); /* stopping takes none away */
    port = serve(of_callback, 0);
    CHECK(get(port, "/admin/api/v1/keyviz/status", NULL, NULL, 0) == 200);
    CHECK(for_each_thread(NULL) <= 3); /* nothing is left of the one before */
    OK(keyviz_observe(of_callback, 1, KEYVIZ_OP_WRITE, "k", 1, 0));
    OK(keyviz_flush(of_callback, 5000));
    OK(keyviz_log_set(NULL, NULL));
    OK(keyviz_close(of_callback));
}

int main(int count, char **arguments) {
    static const struct {
        const char *name;
        void (*run)(void);
    } checks[] = {{"sigpipe", sigpipe}, {"starts", starts},     {"forks", forks},
                  {"crowd", crowd},     {"settings", settings}, {"fault", fault},
                  {"lives_on", lives_on}, {"let_go", let_go}, {"let_go_at_any_moment", let_go_at_any_moment}, {"snapshots", snapshots}, {"given_back", given_back}};
    size_t i;
    for (i = 0; i < sizeof checks / sizeof *checks; i++)
        if (count == 2 && strcmp(arguments[1], checks[i].name) == 0) {
            checks[i].run();
            return 0;
        }
    fprintf(stderr, "which check?\n");
    return 2;
}
