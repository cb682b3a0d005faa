/* SPDX-License-Identifier: Apache-2.0 */
/** @file safe.h Everything of the runtime that a product needs: model, detector and framing.
 *
 * Argument order of every call: the context, then inputs each followed by its length, then
 * outputs. Lengths are in the unit that the name says (`_bytes`, `_words`), else in elements.
 * No call allocates, recurses or blocks; a call that can fail returns safe_status_t and leaves
 * its outputs untouched unless its documentation says otherwise.
 *
 * Threads: one context, detector, frame receiver or server belongs to one thread of execution at a
 * time; different ones share nothing but constants, so that each thread may have its own. The
 * static form of a generated detector is one object: one thread. There is no other global state in
 * the runtime.
 *
 * Interrupts: a handler may call what has no object, safe_status_text, safe_crc32, safe_get_u16 and
 * safe_get_u32, at any time. Everything else it may call only on an object that nothing else uses;
 * a step of a detector runs the model, which is long for a handler: let the handler store the
 * sample, and the main loop take the step.
 *
 * Versions: SAFE_VERSION is the release; SAFE_MODEL_ABI is the interface to generated files;
 * SAFE_PROTOCOL_VERSION is the serial protocol. They move independently (version.h).
 */
#ifndef SAFE_SAFE_H
#define SAFE_SAFE_H

#include "safe/detector.h"
#include "safe/frame.h"
#include "safe/model.h"
#include "safe/scaler.h"
#include "safe/status.h"
#include "safe/stream.h"
#include "safe/version.h"
#include "safe/window.h"

#endif
