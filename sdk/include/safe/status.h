/* SPDX-License-Identifier: Apache-2.0 */
/** @file status.h Status codes of every SDK call. */
#ifndef SAFE_STATUS_H
#define SAFE_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/** Result of an SDK call; 0 is success. Wrong input is a status, never a trap. */
typedef enum safe_status {
#define SAFE_STATUS(name, value, text) SAFE_STATUS_##name = (value),
#include "safe/status.def"
#undef SAFE_STATUS
    SAFE_STATUS_COUNT
} safe_status_t;

/** Marks a function whose status must be looked at. */
#if defined(__GNUC__) || defined(__clang__)
#define SAFE_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SAFE_MUST_CHECK
#endif

/** Returns a constant one-line English text for any value, known or not; never null. */
const char *safe_status_text(safe_status_t status);

#ifdef __cplusplus
}
#endif

#endif
