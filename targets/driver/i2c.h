/* SPDX-License-Identifier: Apache-2.0 */
/** @file i2c.h Registers of devices on an I2C bus, for sensors: one controller, 7-bit addresses,
 * 100 kHz, polled.
 *
 * Every wait is bounded. What goes wrong is told by the status, and the bus is free again or was
 * tried to be freed: a device that was interrupted in the middle of a byte may hold SDA low, and
 * up to nine clocks let it go on until it releases the line.
 */
#ifndef SAFE_I2C_H
#define SAFE_I2C_H

#include <stddef.h>
#include <stdint.h>

#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Sets pins and controller up, and frees the bus if a device holds it.
 * @return TIMEOUT: SDA or SCL stays low. */
SAFE_MUST_CHECK safe_status_t safe_i2c_init(void);

/** Reads `length` bytes, at least 1, from register `reg` of a device on.
 * @return NO_ANSWER: no device acknowledges the address or a byte; TIMEOUT: the bus is held low, or
 * the controller does not go on; ARGUMENT: `bytes` is null or `length` is 0. */
SAFE_MUST_CHECK safe_status_t safe_i2c_read(uint8_t device, uint8_t reg, uint8_t *bytes,
                                            size_t length);

/** Writes `length` bytes to register `reg` of a device; 0 only sets its pointer.
 * @return as safe_i2c_read. */
SAFE_MUST_CHECK safe_status_t safe_i2c_write(uint8_t device, uint8_t reg, const uint8_t *bytes,
                                             size_t length);

#ifdef __cplusplus
}
#endif

#endif
