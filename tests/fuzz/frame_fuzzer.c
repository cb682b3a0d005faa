/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes into the receiver: it stays in its bounds, and what it takes for a frame encodes to the
 * same span again. Then a whole frame must come through, whatever stood before. */
#include <stdlib.h>
#include <string.h>

#include "safe/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_frame(const safe_frame_t *frame)
{
    uint8_t line[SAFE_FRAME_MAX_LINE];
    safe_frame_writer_t writer;
    safe_frame_receiver_t again;
    safe_frame_t copy;
    safe_frame_event_t event = SAFE_FRAME_EVENT_NONE;
    size_t length;

    memset(&again, 0, sizeof again);
    demand(frame->length <= SAFE_FRAME_MAX_PAYLOAD);
    safe_frame_begin(&writer, line, sizeof line, frame->type, frame->seq, frame->flags);
    safe_frame_put(&writer, frame->payload, frame->length);
    length = safe_frame_end(&writer);
    demand(length != 0u);
    for (size_t i = 0; i < length; i++) {
        demand(event != SAFE_FRAME_EVENT_FRAME);
        event = safe_frame_receive(&again, line[i], 0, &copy);
    }
    demand(event == SAFE_FRAME_EVENT_FRAME && copy.length == frame->length &&
           copy.crc == frame->crc && memcmp(copy.payload, frame->payload, frame->length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t good[] = {0x00, 0x03, 0x02, 0x01, 0x02, 0xAA, 0x06,
                                   0xBB, 0xAA, 0x9B, 0x36, 0x49, 0x00};
    static safe_frame_receiver_t receiver;
    safe_frame_t frame;
    bool found = false;

    memset(&receiver, 0, sizeof receiver);
    for (size_t i = 0; i < size; i++) {
        if (safe_frame_receive(&receiver, data[i], (uint32_t)i, &frame) == SAFE_FRAME_EVENT_FRAME) {
            check_frame(&frame);
        }
        demand(receiver.length <= sizeof receiver.span);
        if (data[i] == 0x5A) {
            (void)safe_frame_idle(&receiver, (uint32_t)i + SAFE_FRAME_IDLE_MS);
        }
    }
    for (size_t i = 0; i < sizeof good; i++) {
        found = safe_frame_receive(&receiver, good[i], 0, &frame) == SAFE_FRAME_EVENT_FRAME;
    }
    demand(found && frame.type == 2u && frame.length == 3u);
    return 0;
}
