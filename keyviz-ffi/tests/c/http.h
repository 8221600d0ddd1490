/* A client of the page that says exactly what it is told to. */
#ifndef HTTP_H
#define HTTP_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"

static inline int client(uint16_t port) {
    struct sockaddr_in address;
    struct timeval limit = {20, 0};
    int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(socket_fd >= 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(setsockopt(socket_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0);
    CHECK(connect(socket_fd, (struct sockaddr *)&address, sizeof address) == 0);
    return socket_fd;
}

static inline void ask(int socket_fd, const char *target) {
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target);
    CHECK(send(socket_fd, request, (size_t)length, MSG_NOSIGNAL) == length);
}

/* The status of the answer, and how many bytes it has; the first of them go to `start`. */
static inline int answer(int socket_fd, size_t *bytes, char *start, size_t start_len) {
    char buffer[65536];
    size_t total = 0;
    int status = 0;
    for (;;) {
        ssize_t got = recv(socket_fd, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        if (total == 0 && got > 12) status = atoi(buffer + 9);
        if (start != NULL && total + 1 < start_len) {
            size_t room = start_len - 1 - total, part = (size_t)got < room ? (size_t)got : room;
            memcpy(start + total, buffer, part);
            start[total + part] = 0;
        }
        total += (size_t)got;
    }
    close(socket_fd);
    if (bytes != NULL) *bytes = total;
    return status;
}

static inline int get(uint16_t port, const char *target, size_t *bytes, char *start, size_t start_len) {
    int socket_fd = client(port);
    ask(socket_fd, target);
    return answer(socket_fd, bytes, start, start_len);
}

#endif
