/* SPDX-License-Identifier: Apache-2.0 */
/* The part of TensorFlow Lite Micro's interpreter that the generated C++ uses. */
#ifndef STANDIN_INTERPRETER_H
#define STANDIN_INTERPRETER_H

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

#define TFLITE_SCHEMA_VERSION (3)

struct TfLiteTensor {
    union {
        void *data;
        int8_t *int8;
    } data;
    size_t bytes;
};

namespace tflite
{

struct Known;

class MicroInterpreter
{
  public:
    MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena,
                     size_t bytes);
    ~MicroInterpreter()
    {
    }

    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteStatus Reset();
    TfLiteTensor *input(size_t index)
    {
        return &inputs_[index];
    }
    TfLiteTensor *output(size_t index)
    {
        return &outputs_[index];
    }
    size_t arena_used_bytes() const
    {
        return used_;
    }

  private:
    friend TfLiteStatus RunOperator(TfLiteContext *context, TfLiteNode *node);

    const Model *model_;
    const MicroOpResolver &resolver_;
    uint8_t *arena_;
    size_t bytes_;
    size_t used_ = 0;
    const Known *known_ = nullptr;
    const TFLMRegistration **registrations_ = nullptr;
    TfLiteContext context_ = {};
    TfLiteTensor inputs_[2] = {};
    TfLiteTensor outputs_[2] = {};
};

} // namespace tflite

#endif
