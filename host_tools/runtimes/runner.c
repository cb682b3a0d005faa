/* SPDX-License-Identifier: Apache-2.0 */
/** @file runner.c Runs a generated model on the host: windows in on stdin, outputs on stdout.
 *
 * Compiled by host_c.py with RUNNER_HEADER, RUNNER_RUN, RUNNER_INPUT_BYTES and
 * RUNNER_OUTPUT_BYTES; a failing call ends the process with 1, a cut window with 2.
 */
#include <stdint.h>
#include <stdio.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

#include RUNNER_HEADER

int main(void)
{
    static int8_t input[RUNNER_INPUT_BYTES];
    static int8_t output[RUNNER_OUTPUT_BYTES];
    size_t got;

#ifdef _WIN32
    if (_setmode(_fileno(stdin), _O_BINARY) < 0 || _setmode(_fileno(stdout), _O_BINARY) < 0) {
        return 1;
    }
#endif
    while ((got = fread(input, 1, sizeof input, stdin)) == sizeof input) {
        if (RUNNER_RUN(input, output) != SAFE_STATUS_OK) {
            return 1;
        }
        if (fwrite(output, 1, sizeof output, stdout) != sizeof output) {
            return 1;
        }
    }
    return (got == 0) ? 0 : 2;
}
