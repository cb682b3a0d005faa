/* SPDX-License-Identifier: Apache-2.0 */
/* The part of TensorFlow Lite's schema that an interpreter's caller uses: version and operators. */
#ifndef STANDIN_SCHEMA_H
#define STANDIN_SCHEMA_H

#include <cstddef>
#include <cstdint>

namespace tflite
{

enum BuiltinOperator : int32_t {
    BuiltinOperator_ADD = 0,
    BuiltinOperator_AVERAGE_POOL_2D = 1,
    BuiltinOperator_CONCATENATION = 2,
    BuiltinOperator_CONV_2D = 3,
    BuiltinOperator_DEPTHWISE_CONV_2D = 4,
    BuiltinOperator_DEQUANTIZE = 6,
    BuiltinOperator_FULLY_CONNECTED = 9,
    BuiltinOperator_LOGISTIC = 14,
    BuiltinOperator_MAX_POOL_2D = 17,
    BuiltinOperator_MUL = 18,
    BuiltinOperator_RELU = 19,
    BuiltinOperator_RELU6 = 21,
    BuiltinOperator_RESHAPE = 22,
    BuiltinOperator_SOFTMAX = 25,
    BuiltinOperator_TANH = 28,
    BuiltinOperator_PAD = 34,
    BuiltinOperator_BATCH_TO_SPACE_ND = 37,
    BuiltinOperator_SPACE_TO_BATCH_ND = 38,
    BuiltinOperator_TRANSPOSE = 39,
    BuiltinOperator_MEAN = 40,
    BuiltinOperator_SUB = 41,
    BuiltinOperator_SQUEEZE = 43,
    BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM = 44,
    BuiltinOperator_STRIDED_SLICE = 45,
    BuiltinOperator_SPLIT = 49,
    BuiltinOperator_PADV2 = 60,
    BuiltinOperator_SLICE = 65,
    BuiltinOperator_TRANSPOSE_CONV = 67,
    BuiltinOperator_EXPAND_DIMS = 70,
    BuiltinOperator_SHAPE = 77,
    BuiltinOperator_PACK = 83,
    BuiltinOperator_UNPACK = 88,
    BuiltinOperator_FILL = 94,
    BuiltinOperator_LEAKY_RELU = 98,
    BuiltinOperator_SPLIT_V = 102,
    BuiltinOperator_QUANTIZE = 114,
    BuiltinOperator_HARD_SWISH = 117,
};

/** A model file: the first word tells where its root table lies. */
class Model
{
  public:
    uint32_t version() const;
    size_t operators() const;
    BuiltinOperator code(size_t index) const;
    const uint8_t *file() const
    {
        return reinterpret_cast<const uint8_t *>(this);
    }
};

inline const Model *GetModel(const void *file)
{
    return static_cast<const Model *>(file);
}

} // namespace tflite

#endif
