/* SPDX-License-Identifier: Apache-2.0 */
/* What TensorFlow Lite Micro does for the generated C++, over SAFE's own kernels: reads the list of
 * operators from the file, asks the resolver for each, and calls what it got, in order.
 *
 * STANDIN_WRONG_OPERATOR: from the operator of this index on, the outputs have a flipped bit.
 * STANDIN_FAILING_CALL: this call of Invoke, counted from 1, and all after it fail. */
#include "known.h"

#include "tensorflow/lite/micro/micro_interpreter.h"

namespace tflite
{
namespace
{

constexpr size_t kAlignment = 16;
constexpr size_t kTemporary = 200; // what only AllocateTensors needs, and arena_used_bytes lacks

volatile uint32_t source = 0x5AFE;

/** Has a constructor, as an object of a library may: start-up must have run it. */
struct Started {
    uint32_t value;
    Started() : value(source)
    {
    }
};

const Started started;

uint32_t word(const uint8_t *at)
{
    return at[0] | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

const uint8_t *follow(const uint8_t *at)
{
    return at + word(at);
}

/** Returns where a field of a table lies, or null when the table leaves it out. */
const uint8_t *field(const uint8_t *table, size_t number)
{
    const uint8_t *offsets = table - static_cast<int32_t>(word(table));
    const size_t slot = 4 + 2 * number;
    const size_t length = offsets[0] | size_t{offsets[1]} << 8;
    const size_t offset = slot < length ? offsets[slot] | size_t{offsets[slot + 1]} << 8 : 0;
    return offset == 0 ? nullptr : table + offset;
}

/** Returns element `index` of a field that is a vector of tables. */
const uint8_t *element(const uint8_t *table, size_t number, size_t index)
{
    return follow(follow(field(table, number)) + 4 + 4 * index);
}

uint32_t checksum(const uint8_t *bytes, size_t count)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < count; i++) {
        sum = (sum ^ bytes[i]) * 16777619u;
    }
    return sum;
}

const Known *find(const uint8_t *file)
{
    for (size_t i = 0; i < known_count; i++) {
        if (checksum(file, known[i].file_bytes) == known[i].checksum) {
            return &known[i];
        }
    }
    return nullptr;
}

const uint8_t *subgraph(const uint8_t *file)
{
    return element(follow(file), 2, 0);
}

size_t aligned(size_t bytes)
{
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

} // namespace

uint32_t Model::version() const
{
    const uint8_t *at = field(follow(file()), 0);
    return at == nullptr ? 0 : word(at);
}

size_t Model::operators() const
{
    return word(follow(field(subgraph(file()), 3)));
}

BuiltinOperator Model::code(size_t index) const
{
    const uint8_t *chosen = field(element(subgraph(file()), 3, index), 0);
    const uint8_t *entry = element(follow(file()), 1, chosen == nullptr ? 0 : word(chosen));
    const uint8_t *full = field(entry, 3);
    const uint8_t *old = field(entry, 0);
    const int32_t value = full == nullptr ? 0 : static_cast<int32_t>(word(full));
    return static_cast<BuiltinOperator>(value != 0 || old == nullptr ? value : *old);
}

MicroInterpreter::MicroInterpreter(const Model *model, const MicroOpResolver &resolver,
                                   uint8_t *arena, size_t bytes)
    : model_(model), resolver_(resolver), arena_(arena), bytes_(bytes)
{
}

TfLiteStatus MicroInterpreter::AllocateTensors()
{
    const size_t count = model_->operators();
    known_ = find(model_->file());
    if (started.value != source || known_ == nullptr ||
        reinterpret_cast<uintptr_t>(arena_) % kAlignment != 0 ||
        reinterpret_cast<uintptr_t>(model_->file()) % kAlignment != 0) {
        return kTfLiteError;
    }
    const size_t tensors = aligned(known_->native->arena_bytes);
    used_ = tensors + count * sizeof(registrations_[0]);
    if (used_ + kTemporary > bytes_) {
        return kTfLiteError;
    }
    registrations_ = static_cast<const TFLMRegistration **>(static_cast<void *>(arena_ + tensors));
    for (size_t i = 0; i < count; i++) {
        registrations_[i] = resolver_.FindOp(model_->code(i));
        if (registrations_[i] == nullptr) {
            return kTfLiteError;
        }
    }
    for (size_t i = 0; i < known_->native->input_count; i++) {
        const safe_tensor_info_t &info = known_->native->inputs[i];
        inputs_[i] = {{arena_ + info.arena_start}, info.size_bytes};
    }
    for (size_t i = 0; i < known_->native->output_count; i++) {
        const safe_tensor_info_t &info = known_->native->outputs[i];
        outputs_[i] = {{arena_ + info.arena_start}, info.size_bytes};
    }
    context_.impl_ = this;
    return Reset();
}

TfLiteStatus MicroInterpreter::Reset()
{
    return known_->native->reset(arena_) == SAFE_STATUS_OK ? kTfLiteOk : kTfLiteError;
}

TfLiteStatus MicroInterpreter::Invoke()
{
    TfLiteStatus status = kTfLiteOk;
#ifdef STANDIN_FAILING_CALL
    static unsigned calls;
    if (++calls >= STANDIN_FAILING_CALL) {
        return kTfLiteError;
    }
#endif
    const size_t count = model_->operators();
    for (size_t i = 0; i < count && status == kTfLiteOk; i++) {
        TfLiteNode node = {i};
        status = registrations_[i]->invoke(&context_, &node);
    }
#ifdef STANDIN_WRONG_OPERATOR
    if (count > STANDIN_WRONG_OPERATOR) {
        *outputs_[0].data.int8 ^= 1;
    }
#endif
    return status;
}

TfLiteStatus RunOperator(TfLiteContext *context, TfLiteNode *node)
{
    MicroInterpreter *interpreter = static_cast<MicroInterpreter *>(context->impl_);
    void (*const run)(uint8_t *) = interpreter->known_->operators[node->index];
    if (run != nullptr) {
        run(interpreter->arena_);
    }
    return kTfLiteOk;
}

} // namespace tflite
