/* SPDX-License-Identifier: Apache-2.0 */
#include "safe/status.h"

const char *safe_status_text(safe_status_t status)
{
    switch (status) {
#define SAFE_STATUS(name, value, text)                                                             \
    case SAFE_STATUS_##name:                                                                       \
        return text;
#include "safe/status.def"
#undef SAFE_STATUS
    case SAFE_STATUS_COUNT:
    default:
        return "unknown status";
    }
}
