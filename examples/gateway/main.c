/* SPDX-License-Identifier: Apache-2.0 */
/* A Linux gateway: machines connect by TCP and send a line of numbers for each sample; each has a
 * detector of its own, and gets a line back whenever its state changes. */
#define _POSIX_C_SOURCE 200809L

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "safe_forecaster_detector.h"

#define MACHINES 8
#define LINE_BYTES 1024
typedef struct machine {
    char line[LINE_BYTES];
    size_t length;
    safe_detector_state_t last;
    safe_forecaster_instance_t unit;
} machine_t;

static machine_t machines[MACHINES];
static struct pollfd waits[MACHINES + 1]; /* the listener is the last one */

/** Reads the numbers of a line; what is no number, or not there, is a missing value. */
static void parse(const char *line, float *sample)
{
    for (unsigned c = 0; c < SAFE_FORECASTER_CHANNELS; c++) {
        char *end;

        sample[c] = strtof(line, &end);
        if (end == line) {
            sample[c] = strtof("nan", NULL);
        }
        line = end + strcspn(end, ", \t;");
        line += strspn(line, ", \t;");
    }
}

static void take_line(int i, const char *line)
{
    float sample[SAFE_FORECASTER_CHANNELS];
    safe_detector_result_t result;
    safe_status_t status;

    parse(line, sample);
    status =
        safe_detector_step(&machines[i].unit.detector, sample, SAFE_FORECASTER_CHANNELS, &result);
    if (status == SAFE_STATUS_OK && result.state != machines[i].last) {
        uint16_t top = result.top[0];

        machines[i].last = result.state;
        dprintf(waits[i].fd, "state %d sample %u score %g %s\n", (int)result.state,
                (unsigned)result.index, (double)result.score,
                top == SAFE_DETECTOR_NO_CHANNEL ? "" : safe_forecaster_channel_names[top]);
    }
}

/** Takes what a machine sent. @return false: it hung up, or its line has no end. */
static bool take_bytes(int i)
{
    machine_t *m = &machines[i];
    ssize_t count = read(waits[i].fd, m->line + m->length, LINE_BYTES - 1u - m->length);
    char *end;
    if (count <= 0) {
        return false;
    }
    m->length += (size_t)count;
    m->line[m->length] = '\0';
    while ((end = strchr(m->line, '\n')) != NULL) {
        *end = '\0';
        take_line(i, m->line);
        m->length -= (size_t)(end + 1 - m->line);
        memmove(m->line, end + 1, m->length + 1u);
    }
    return m->length < LINE_BYTES - 1u;
}

static void welcome(int client)
{
    for (int i = 0; i < MACHINES; i++) {
        if (waits[i].fd < 0 && safe_forecaster_instance_init(&machines[i].unit) == SAFE_STATUS_OK) {
            machines[i].length = 0;
            machines[i].last = SAFE_DETECTOR_WARMUP;
            waits[i] = (struct pollfd){.fd = client, .events = POLLIN};
            return;
        }
    }
    close(client); /* all detectors are taken */
}

int main(int count, char **words)
{
    struct sockaddr_in place = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)(count > 1 ? atoi(words[1]) : 7007)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    for (int i = 0; i <= MACHINES; i++) {
        waits[i] = (struct pollfd){.fd = i < MACHINES ? -1 : listener, .events = POLLIN};
    }
    if (bind(listener, (struct sockaddr *)&place, sizeof place) != 0 || listen(listener, 8) != 0) {
        perror("gateway");
        return 1;
    }
    while (poll(waits, MACHINES + 1, -1) > 0) {
        for (int i = 0; i < MACHINES; i++) {
            if (waits[i].fd >= 0 && waits[i].revents != 0 && !take_bytes(i)) {
                close(waits[i].fd);
                waits[i].fd = -1;
            }
        }
        if (waits[MACHINES].revents != 0) {
            welcome(accept(listener, NULL, NULL));
        }
    }
    return 1;
}
