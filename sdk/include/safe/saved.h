/* SPDX-License-Identifier: Apache-2.0 */
/** @file saved.h What a detector has learned, as bytes that survive a reset (store.h).
 *
 * Layout, all words little-endian: version, identity, the limit's factor; of each statistic in the
 * order of a result and of each of its features the mean (level and median only), 1 / spread and
 * its largest value; of each channel whether it was learned; of each channel that is watched for
 * drift the slow mean and where it began; the baseline's credit (verdict.h); a CRC-32 of all
 * before. Floats are their bits.
 *
 * The identity is a CRC-32 of the model's hash and of the constants that the learned values belong
 * to. Recent samples are not saved: a restored detector starts with a warm-up, and its verdicts
 * stand on the saved baseline.
 */
#ifndef SAFE_SAVED_H
#define SAFE_SAVED_H

#include <stddef.h>
#include <stdint.h>

#include "safe/detector.h"
#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SAFE_SAVED_VERSION UINT32_C(2)

/** The same for the sizes of a detector that learns: the generated application reserves them. */
#define SAFE_SAVED_BYTES(channels, median, innovation, residual, drift)                            \
    (4u * (5u + (channels) + 2u * (drift) + 3u * ((channels) + (median)) +                         \
           2u * ((innovation) + (residual))))

/** Returns the bytes that safe_detector_save writes for `detector`; 0 when it learns nothing. */
size_t safe_detector_saved_bytes(const safe_detector_t *detector);

/** Writes what was learned.
 * @param bytes where to, `capacity` bytes
 * @param length bytes written
 * @return UNSUPPORTED: this detector learns nothing; NOT_READY: it is still learning; ARGUMENT:
 * null, or `capacity` is too small. */
SAFE_MUST_CHECK safe_status_t safe_detector_save(const safe_detector_t *detector, uint8_t *bytes,
                                                 size_t capacity, size_t *length);

/** Takes what was saved: the detector is reset, and has learned. The time of day stays as it was.
 * @return UNSUPPORTED: this detector learns nothing; CORRUPT: the bytes are damaged, or hold a
 * value that cannot have been learned; ABI: they are of another version; ARGUMENT: null, or they
 * belong to another model or other constants; or what safe_detector_reset says. Then the detector
 * is as it was, but for the last case. */
SAFE_MUST_CHECK safe_status_t safe_detector_restore(safe_detector_t *detector, const uint8_t *bytes,
                                                    size_t length);

#ifdef __cplusplus
}
#endif

#endif
