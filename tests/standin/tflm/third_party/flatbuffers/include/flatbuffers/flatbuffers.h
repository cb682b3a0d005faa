/* SPDX-License-Identifier: Apache-2.0 */
/* Stands where TensorFlow Lite Micro has its own flatbuffers; the stand-in reads the file itself.
 */
#ifndef STANDIN_FLATBUFFERS_H
#define STANDIN_FLATBUFFERS_H
#endif
