/* SPDX-License-Identifier: Apache-2.0 */
/* A stand-in of the part of ST's older ai_ API that SAFE's glue calls, written from its
 * description. */
#ifndef STANDIN_AI_PLATFORM_H
#define STANDIN_AI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *ai_handle;
typedef uint8_t ai_u8;
typedef uint16_t ai_u16;
typedef int32_t ai_i32;

typedef struct {
    uint32_t type : 8;
    uint32_t code : 24;
} ai_error;

typedef struct {
    ai_handle data;
    uint32_t size;
} ai_buffer;

#define AI_HANDLE_NULL ((ai_handle)NULL)
#define AI_HANDLE_PTR(pointer) ((ai_handle)(pointer))
#define AI_ERROR_NONE 0x00
#define AI_ERROR_INVALID_HANDLE 0x12
#define AI_ERROR_INVALID_PARAM 0x16
#define AI_ERROR_INIT_FAILED 0x30
#define AI_ERROR_ALLOCATION_FAILED 0x31
#define AI_ERROR_CODE_INVALID_PTR 0x14
#define AI_ERROR_CODE_INVALID_SIZE 0x16
#define AI_ERROR_CODE_NETWORK 0x10

#endif
