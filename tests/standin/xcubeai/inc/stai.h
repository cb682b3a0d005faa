/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in of the part of ST's stai_ API that SAFE's glue calls, written from its description. */
#ifndef STANDIN_STAI_H
#define STANDIN_STAI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STAI_ALIGNED(bytes) __attribute__((aligned(bytes)))
#define STAI_FLAG_NONE (0x0)
#define STAI_FLAG_ACTIVATIONS (0x1 << 26)
#define STAI_FLAG_INPUTS (0x1 << 27)
#define STAI_FLAG_OUTPUTS (0x1 << 28)
#define STAI_FLAG_STATES (0x1 << 29)
#define STAI_FLAG_WEIGHTS (0x1 << 30)

typedef enum {
    STAI_SUCCESS = 0x000000,
    STAI_DONE = 0x000012,
    STAI_ERROR_GENERIC = 0x020000,
    STAI_ERROR_NETWORK_INVALID_CONTEXT_HANDLE = 0x030000,
    STAI_ERROR_NETWORK_INVALID_CONTEXT_ALIGNMENT = 0x030002,
    STAI_ERROR_NETWORK_INVALID_RUN = 0x030020,
    STAI_ERROR_NETWORK_INVALID_ACTIVATIONS_NUM = 0x040001,
    STAI_ERROR_NETWORK_INVALID_IN_NUM = 0x040011,
    STAI_ERROR_NETWORK_INVALID_OUT_NUM = 0x040021,
    STAI_ERROR_NETWORK_INVALID_STATES_NUM = 0x040031,
    STAI_ERROR_NOT_IMPLEMENTED = 0x040060,
    STAI_ERROR_INVALID_BUFFER_ALIGNMENT = 0x040070,
    STAI_ERROR_STAI_INIT_FAILED = 0x060000,
} stai_return_code;

typedef enum {
    STAI_MODE_SYNC = 0x01,
    STAI_MODE_ASYNC = 0x02,
} stai_run_mode;

typedef int32_t stai_flags;
typedef uint8_t stai_network;
typedef uint8_t *stai_ptr;
typedef uint32_t stai_size;

stai_return_code stai_runtime_init(void);

#endif
