/* SPDX-License-Identifier: Apache-2.0 */
/* A byte line of a Linux process: one TCP client at a time, or a pseudo terminal.
 *
 * Chosen by the command line: `--tcp PORT` (0, the default, takes a free one; 127.0.0.1 only) or
 * `--pty`. Prints `url URL` on standard output, in a form that pyserial opens. */
#ifndef SAFE_HOST_LINE_H
#define SAFE_HOST_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "safe/status.h"

/** Opens the line that the command line asks for; ends the process when that fails. */
void safe_line_open(void);

/** Takes what has come, without waiting. */
size_t safe_line_read(uint8_t *bytes, size_t capacity);

/** Sends all bytes; TIMEOUT when the other end takes none for a second. Without a client the
 * bytes are lost, as on a wire. */
SAFE_MUST_CHECK safe_status_t safe_line_write(const uint8_t *bytes, size_t length);

/** Sleeps until bytes or a client come, at most a millisecond. */
void safe_line_wait(void);

/** Starts the program anew on the same line, as a reset leaves the wire in place. */
void safe_line_restart(void);

#endif
