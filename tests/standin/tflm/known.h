/* SPDX-License-Identifier: Apache-2.0 */
/* The models that the stand-in can compute: SAFE's own C of each, operator by operator. */
#ifndef STANDIN_KNOWN_H
#define STANDIN_KNOWN_H

#include "safe/model.h"

namespace tflite
{

struct Known {
    uint32_t file_bytes;
    uint32_t checksum; /* FNV-1a of the file */
    const safe_model_t *native;
    void (*const *operators)(uint8_t *arena); /* null: computed with another, or a view */
};

extern const Known known[];
extern const size_t known_count;

} // namespace tflite

#endif
