/* SPDX-License-Identifier: Apache-2.0 */
/** @file detector_network.h The network of a detector: its window, its forecasts, their sums.
 *
 * The generated constants of a detector with a network name safe_detector_network. Those of one
 * without do not, and then nothing that runs a network is linked: model.c, stream.c, window.c and
 * the kernels stay out of the image.
 */
#ifndef SAFE_DETECTOR_NETWORK_H
#define SAFE_DETECTOR_NETWORK_H

#include "safe/detector.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Runs a model that is bound to the detector's context, whole windows or streaming. */
extern const safe_detector_network_t safe_detector_network;

#ifdef __cplusplus
}
#endif

#endif
