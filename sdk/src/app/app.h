/* SPDX-License-Identifier: Apache-2.0 */
/* What the applications share: boot, banner, text, and the loop that feeds the server. */
#ifndef SAFE_SRC_APP_H
#define SAFE_SRC_APP_H

#include "safe/server.h"

/** Starts the port, binds the image's model and sets up the server.
 * Prints the banner. When the image is inconsistent, prints why and does not return.
 * @param windows of safe_server_init. */
void safe_app_start(const char *name, const safe_server_windows_t *windows,
                    safe_sample_hook_t hook);

/** Prints the reason once a second, for ever: an image that cannot run says so to whoever comes. */
void safe_app_refuse(const char *what, safe_status_t status);

/** Restores what the detector learned before the device was switched off, and saves it from now on:
 * when the learning is complete or the baseline was replaced, else once an hour while all is quiet.
 * Says on the line what became of it. Nothing happens where the target has no store, or the
 * detector learns nothing. */
void safe_app_keep_baseline(void);

/** Reads the product's own sensors from now on (safe/sensor.h), once in each period of the model;
 * the line then takes no samples. Nothing happens when the image has none. */
void safe_app_use_sensors(void);

/** Starts the sensors. @param sample [channels] to read into. @param hook called with each result.
 * @return false: the image has none. */
bool safe_app_start_sensing(safe_detector_t *detector, float *sample, safe_sample_hook_t hook);

/** Takes the sample that is due, if one is; ticks that passed before it are missed samples. */
void safe_app_take_due(void);

/** Offers WATCH and CONTROL from now on: the product has sensors of its own. Nothing happens where
 * a frame is too small for a sample and its record. */
void safe_app_offer_watch(safe_server_t *server);

/** Shows a sample to who watches, unless a frame still leaves.
 * @param index ticks of the model's rate before this one, since the start
 * @param cycles of the detector's step; 0: not known
 * @param status of the read or of the step
 * @param result gets the event of a RELEARN that came before
 * @param sample [channels] */
void safe_app_show(uint32_t index, uint32_t cycles, safe_status_t status,
                   safe_detector_result_t *result, const float *sample);

/** Sends a piece of the frame that leaves. @return whether there is more of it. */
bool safe_app_send_piece(void);

/** Sends the rest of the frame that leaves: no text may stand inside of it. */
void safe_app_end_frame(void);

/** Serves requests; does not return. */
void safe_app_serve(void);

/** Writes bytes to the line. What a line that is held up loses, the host asks for again. */
void safe_app_write(const uint8_t *bytes, size_t length);

/** Prints text on the line: printable ASCII and line ends, never NUL. */
void safe_app_print(const char *text);

/** Prints `value` in decimal. */
void safe_app_print_u32(uint32_t value);

/** Returns microseconds since the start, modulo 2^32: by cycles where the core counts them and the
 * call before was less than five seconds ago, else in whole milliseconds. */
uint32_t safe_app_time_us(void);

/** Prints a finite value below 2^32 with three decimals, as %0.3f does. */
void safe_app_print_decimal(float value);

/** Prints `value` as eight hexadecimal digits with 0x. */
void safe_app_print_hex(uint32_t value);

#endif
