/* SPDX-License-Identifier: Apache-2.0 */
/** @file version.h Versions of the runtime, of the model interface and of the protocol. */
#ifndef SAFE_VERSION_H
#define SAFE_VERSION_H

/** Runtime release, "major.minor.patch"; pyproject.toml reads it here. */
#define SAFE_VERSION "0.2.0"

/** The same as a number, major * 10000 + minor * 100 + patch: generated headers refuse another. */
#define SAFE_VERSION_NUMBER 200

/** Interface between generated models and the runtime; a generated file refuses another. */
#define SAFE_MODEL_ABI 3

/** Version of the serial protocol in PROTOCOL.md. */
#define SAFE_PROTOCOL_VERSION 5

#endif
