/* SPDX-License-Identifier: Apache-2.0 */
/** @file server.h The command server: a state machine fed with received bytes.
 *
 * One request at a time, each answered by one reply. A request that comes again (same type, seq
 * and CRC) gets the same reply once more and is not carried out again. The protocol is specified
 * in PROTOCOL.md.
 */
#ifndef SAFE_SERVER_H
#define SAFE_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe/detector.h"
#include "safe/frame.h"
#include "safe/model.h"
#include "safe/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Message types of requests; a reply has SAFE_MESSAGE_REPLY added. */
typedef enum safe_message {
#define SAFE_MESSAGE(name, value, text) SAFE_MESSAGE_##name = (value),
#include "safe/message.def"
#undef SAFE_MESSAGE
    SAFE_MESSAGE_REPLY = 0x80
} safe_message_t;

/** Bits of the feature word in HELLO. */
#define SAFE_FEATURE_WINDOW (1u << 0)  /**< WINDOW, INFER, RESULT and TIMING. */
#define SAFE_FEATURE_STREAM (1u << 1)  /**< STREAM_RESET, SAMPLE and RELEARN. */
#define SAFE_FEATURE_CYCLES (1u << 2)  /**< The cycle counter counts. */
#define SAFE_FEATURE_BAUD (1u << 3)    /**< BAUD: the line can run at other rates. */
#define SAFE_FEATURE_SENSORS (1u << 4) /**< SENSORS, CHANNEL and SENSOR. */
#define SAFE_FEATURE_WATCH (1u << 5)   /**< WATCH, VERDICT and CONTROL. */
/** The cycle counter counts instructions: safe_port_cycles_approximate. */
#define SAFE_FEATURE_APPROXIMATE (1u << 6)
#define SAFE_FEATURE_UPDATE (1u << 7) /**< UPDATE_INFO to UPDATE_CONFIRM. */
/** Bits 8 to 11: what computes the model, `backend` of safe_model_t. */
#define SAFE_FEATURE_BACKEND_SHIFT 8u
#define SAFE_FEATURE_BACKEND_MASK 0xFu

/** Without a valid frame for so long a line at a changed rate returns to its first one. */
#define SAFE_BAUD_HOLD_MS 1000u

/** Bytes of one sample record in a SAMPLE reply. */
#define SAFE_SAMPLE_RECORD_BYTES 56u

/** In STREAM_RESET: the time of day is not known. */
#define SAFE_NO_PHASE UINT32_MAX

/** In STREAM_RESET: samples come as the plant makes them, or at another pace, as a bench sends
 * them: then nothing is ever stale. */
#define SAFE_PACE_PLANT 0u
#define SAFE_PACE_REPLAY 1u

/** Samples that SAMPLE may tell as lost at once; an index further ahead is an error. */
#define SAFE_MOST_LOST 0x7FFFFFFFu

/** Most channels of a sample stream; costs 4 bytes of RAM each. */
#ifndef SAFE_SERVER_MAX_CHANNELS
#define SAFE_SERVER_MAX_CHANNELS 64u
#endif

/** How far the window in the model input has come. */
typedef enum safe_upload_state {
    SAFE_UPLOAD_NONE = 0, /**< Nothing of use lies in the arena. */
    SAFE_UPLOAD_LOADING = 1,
    SAFE_UPLOAD_READY = 2, /**< The whole input is there. */
    SAFE_UPLOAD_DONE = 3,  /**< The model ran; the output is there. */
} safe_upload_state_t;

/** Times of the inferences of the present session. */
typedef struct safe_timing {
    uint32_t inferences;
    uint32_t last_ms;
    uint32_t total_ms;
    bool has_cycles;
    uint32_t last_cycles;
    uint32_t min_cycles;
    uint32_t max_cycles;
} safe_timing_t;

/** The rate of the line. All zero: the one after boot. */
typedef struct safe_line_rate {
    uint32_t next_baud; /**< To be taken once the reply is sent; 0: no change. */
    bool changed;       /**< The line does not run at its first rate. */
    bool waiting;       /**< Since `since_ms` no valid frame came, though one should. */
    uint32_t since_ms;
} safe_line_rate_t;

/** The requests on windows: WINDOW, INFER, RESULT, TIMING. */
typedef struct safe_server_windows safe_server_windows_t;

/** All of them, for safe_server_init; who does not name it does not link what runs one window. */
extern const safe_server_windows_t safe_server_windows;

/** Called with every sample's result before its reply is sent, and when all is stale; may write
 * text to the line. */
typedef void (*safe_sample_hook_t)(safe_status_t status, const safe_detector_result_t *result);

/** Carries out a request that the server does not know, within a session, and writes the payload of
 * its reply. A status other than OK turns the reply into an error and must come before any effect.
 * @return UNKNOWN_MESSAGE: nobody knows it. */
typedef safe_status_t (*safe_server_own_t)(const safe_frame_t *request, safe_frame_writer_t *reply);

/** A running server. Set up by safe_server_init. */
typedef struct safe_server {
    /* Bytes, then words, then arrays: what lies near the beginning costs Armv6-M no address. */
    bool stream_open;
    bool stream_watched;  /**< Samples come as the plant makes them: silence is told. */
    bool stream_stale;    /**< It was told since the last sample. */
    bool has_relearned;   /**< The next record tells. */
    bool reset_requested; /**< The application restarts the device once the reply is sent. */
    bool has_last;
    uint8_t stream_state; /**< The last record's state. */
    uint8_t last_type;
    uint8_t last_seq;
    const safe_context_t *context;
    safe_detector_t *detector;            /**< Null: no sample stream. */
    const safe_server_windows_t *windows; /**< Null: no windows. */
    safe_sample_hook_t hook;              /**< May be null. */
    safe_server_own_t own;                /**< Requests of the application's own; may be null. */
    const uint8_t *out;                   /**< What to send after a call that returned a length. */
    uint32_t features;
    uint32_t session; /**< 0: no HELLO since start. */
    /* link */
    uint32_t frames;
    uint32_t frame_errors;
    uint32_t line_since_ms; /**< Since when the line errors of safe_port_status are gathered. */
    uint32_t line_error_ms; /**< When the first of them was seen; 0: none. */
    uint32_t repeats;
    uint32_t last_crc;
    size_t reply_bytes; /**< The last reply, kept for a repeated request. */
    safe_line_rate_t rate;
    /* sample stream */
    uint32_t stream_token;
    uint32_t stream_next;
    uint32_t stream_ms; /**< Time of the last sample, or of what opened the stream. */
    /* window upload */
    safe_upload_state_t upload;
    uint32_t upload_token;
    uint32_t upload_bytes;
    safe_timing_t timing;
    float sample[SAFE_SERVER_MAX_CHANNELS];
    uint8_t notice[24]; /**< A frame error is told outside of `reply`. */
    safe_frame_receiver_t receiver;
    uint8_t reply[SAFE_FRAME_MAX_LINE];
} safe_server_t;

/**
 * Sets up a server without a session.
 *
 * @param context A bound model. Of a product without a network a model without inputs, which has a
 * name and a hash only; its arena may be null.
 * @param detector Initialized, or null: no sample stream.
 * @param windows &safe_server_windows, or null: no windows. A model without inputs takes none.
 * Without both, the application offers requests of its own, which it sets in `own` afterwards.
 * @param hook Called with every sample's result, or null.
 * @return ARGUMENT: null, or too many channels for a frame.
 */
SAFE_MUST_CHECK safe_status_t safe_server_init(safe_server_t *server, const safe_context_t *context,
                                               safe_detector_t *detector,
                                               const safe_server_windows_t *windows,
                                               safe_sample_hook_t hook);

/** Takes one received byte and carries out the request that it completes.
 * @return bytes to send from `server->out`, 0 for none. */
size_t safe_server_feed(safe_server_t *server, uint8_t byte, uint32_t now_ms);

/** To be called when a reply has been sent: does what had to wait for it, a change of the rate. */
void safe_server_sent(safe_server_t *server, uint32_t now_ms);

/** To be called in every round of the application's loop: when no sample came for
 * safe_detector_stale_ms, the detector and the hook are told, once, with state STALE.
 * It goes on when a stream ends without another one: then nothing comes, too. */
void safe_server_watch(safe_server_t *server, uint32_t now_ms);

/** Appends the SAFE_SAMPLE_RECORD_BYTES of a sample's record: what the detector says, and the
 * CRC-32 of the forecast that lies in the arena. */
void safe_server_put_record(const safe_server_t *server, safe_frame_writer_t *writer,
                            safe_status_t status, const safe_detector_result_t *result);

/** To be called when the line is quiet: gives up a frame that was cut.
 * @return bytes to send from `server->out`, 0 for none. */
size_t safe_server_idle(safe_server_t *server, uint32_t now_ms);

#ifdef __cplusplus
}
#endif

#endif
