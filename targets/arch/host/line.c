/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700

#include "line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define COMMAND_LINE_BYTES 4096
#define WRITE_TIMEOUT_MS 1000
#define NONE (-1)

static int listener = NONE;   /* TCP only */
static int connection = NONE; /* client, or the pty's master side */
static bool is_pty;

static void fail(const char *what)
{
    (void)fprintf(stderr, "safe host port: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        fail("fcntl");
    }
}

static void tell_url(const char *url)
{
    (void)printf("url %s\n", url);
    (void)fflush(stdout);
}

static void open_tcp(long port)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    const int yes = 1;
    char url[64];

    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0) {
        fail("socket");
    }
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&address, &length) < 0) {
        fail("listen");
    }
    set_nonblocking(listener);
    (void)snprintf(url, sizeof url, "socket://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    tell_url(url);
}

static void open_pty(void)
{
    struct termios settings;
    const char *name;
    int terminal;

    connection = posix_openpt(O_RDWR | O_NOCTTY);
    if (connection < 0 || grantpt(connection) < 0 || unlockpt(connection) < 0) {
        fail("posix_openpt");
    }
    name = ptsname(connection);
    /* Kept open: otherwise the master reads an error whenever no host has the port open. */
    terminal = name == NULL ? NONE : open(name, O_RDWR | O_NOCTTY);
    if (terminal < 0 || tcgetattr(terminal, &settings) < 0) {
        fail("ptsname");
    }
    cfmakeraw(&settings);
    if (tcsetattr(terminal, TCSANOW, &settings) < 0) {
        fail("tcsetattr");
    }
    set_nonblocking(connection);
    tell_url(name);
}

/** Fills `words` with the process's arguments, null-terminated; main has none to pass on. */
static void read_command_line(char *text, char **words, size_t capacity)
{
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, text, COMMAND_LINE_BYTES - 1);
    size_t count = 0;

    if (length < 0) {
        fail("/proc/self/cmdline");
    }
    (void)close(fd);
    text[length] = '\0';
    for (char *word = text; word < text + length && count + 1u < capacity;
         word += strlen(word) + 1u) {
        words[count++] = word;
    }
    words[count] = NULL;
}

static long number(const char *text)
{
    char *end = NULL;
    long value = text == NULL ? -1 : strtol(text, &end, 10);

    if (value < 0 || value > 65535 || *end != '\0') {
        errno = EINVAL;
        fail("--tcp PORT");
    }
    return value;
}

/** After a restart: `--inherit pty|tcp LISTENER CONNECTION`. */
static void inherit(char **words)
{
    is_pty = words[2] != NULL && strcmp(words[2], "pty") == 0;
    if (words[2] == NULL || words[3] == NULL || words[4] == NULL) {
        errno = EINVAL;
        fail("--inherit");
    }
    listener = atoi(words[3]);
    connection = atoi(words[4]);
}

void safe_line_open(void)
{
    static char text[COMMAND_LINE_BYTES];
    char *words[8];

    (void)signal(SIGPIPE, SIG_IGN);
    read_command_line(text, words, sizeof words / sizeof words[0]);
    if (words[0] == NULL || words[1] == NULL) {
        open_tcp(0);
    } else if (strcmp(words[1], "--tcp") == 0) {
        open_tcp(number(words[2]));
    } else if (strcmp(words[1], "--pty") == 0) {
        is_pty = true;
        open_pty();
    } else if (strcmp(words[1], "--inherit") == 0) {
        inherit(words);
    } else {
        (void)fprintf(stderr, "usage: %s [--tcp PORT | --pty]\n", words[0]);
        exit(EXIT_FAILURE);
    }
}

static void accept_client(void)
{
    const int yes = 1;

    connection = accept(listener, NULL, NULL);
    if (connection >= 0) {
        set_nonblocking(connection);
        (void)setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
}

static void drop_client(void)
{
    if (!is_pty) {
        (void)close(connection);
        connection = NONE;
    }
}

size_t safe_line_read(uint8_t *bytes, size_t capacity)
{
    ssize_t length;

    if (connection < 0) {
        accept_client();
    }
    if (connection < 0) {
        return 0;
    }
    length = read(connection, bytes, capacity);
    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
        drop_client();
    }
    return length > 0 ? (size_t)length : 0u;
}

safe_status_t safe_line_write(const uint8_t *bytes, size_t length)
{
    size_t sent = 0;

    while (sent < length && connection >= 0) {
        ssize_t step = write(connection, &bytes[sent], length - sent);

        if (step > 0) {
            sent += (size_t)step;
        } else if (errno == EAGAIN || errno == EINTR) {
            struct pollfd wait = {connection, POLLOUT, 0};

            if (poll(&wait, 1, WRITE_TIMEOUT_MS) == 0) {
                return SAFE_STATUS_TIMEOUT;
            }
        } else {
            drop_client();
            break;
        }
    }
    return SAFE_STATUS_OK;
}

void safe_line_wait(void)
{
    struct pollfd wait = {connection >= 0 ? connection : listener, POLLIN, 0};

    (void)poll(&wait, 1, 1);
}

void safe_line_restart(void)
{
    char listener_text[16];
    char connection_text[16];

    (void)snprintf(listener_text, sizeof listener_text, "%d", listener);
    (void)snprintf(connection_text, sizeof connection_text, "%d", connection);
    (void)execl("/proc/self/exe", "safe", "--inherit", is_pty ? "pty" : "tcp", listener_text,
                connection_text, (char *)NULL);
    fail("restart");
}
