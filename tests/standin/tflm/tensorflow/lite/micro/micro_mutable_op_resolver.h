/* SPDX-License-Identifier: Apache-2.0 */
/* The part of TensorFlow Lite Micro's resolver that the generated C++ uses. */
#ifndef STANDIN_RESOLVER_H
#define STANDIN_RESOLVER_H

#include "tensorflow/lite/schema/schema_generated.h"

#ifndef TF_LITE_STATIC_MEMORY
#error "the library's headers are read with other definitions than it was built with"
#endif

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

struct TfLiteContext {
    void *impl_;
};

struct TfLiteNode {
    size_t index;
};

struct TFLMRegistration {
    TfLiteStatus (*invoke)(TfLiteContext *context, TfLiteNode *node);
    tflite::BuiltinOperator builtin_code;
};

namespace tflite
{

/** Computes one operator with SAFE's own kernels. */
TfLiteStatus RunOperator(TfLiteContext *context, TfLiteNode *node);

class MicroOpResolver
{
  public:
    virtual const TFLMRegistration *FindOp(BuiltinOperator op) const = 0;
    virtual const TFLMRegistration *FindOp(const char *op) const = 0;
    virtual ~MicroOpResolver()
    {
    }

  private:
    void operator delete(void *)
    {
    }
};

template <unsigned int tOpCount> class MicroMutableOpResolver : public MicroOpResolver
{
  public:
    const TFLMRegistration *FindOp(BuiltinOperator op) const override
    {
        for (unsigned int i = 0; i < count_; i++) {
            if (registrations_[i].builtin_code == op) {
                return &registrations_[i];
            }
        }
        return nullptr;
    }

    const TFLMRegistration *FindOp(const char *) const override
    {
        return nullptr;
    }

    TfLiteStatus AddAdd()
    {
        return AddBuiltin(BuiltinOperator_ADD);
    }
    TfLiteStatus AddAveragePool2D()
    {
        return AddBuiltin(BuiltinOperator_AVERAGE_POOL_2D);
    }
    TfLiteStatus AddBatchToSpaceNd()
    {
        return AddBuiltin(BuiltinOperator_BATCH_TO_SPACE_ND);
    }
    TfLiteStatus AddConcatenation()
    {
        return AddBuiltin(BuiltinOperator_CONCATENATION);
    }
    TfLiteStatus AddConv2D()
    {
        return AddBuiltin(BuiltinOperator_CONV_2D);
    }
    TfLiteStatus AddDepthwiseConv2D()
    {
        return AddBuiltin(BuiltinOperator_DEPTHWISE_CONV_2D);
    }
    TfLiteStatus AddDequantize()
    {
        return AddBuiltin(BuiltinOperator_DEQUANTIZE);
    }
    TfLiteStatus AddExpandDims()
    {
        return AddBuiltin(BuiltinOperator_EXPAND_DIMS);
    }
    TfLiteStatus AddFill()
    {
        return AddBuiltin(BuiltinOperator_FILL);
    }
    TfLiteStatus AddFullyConnected()
    {
        return AddBuiltin(BuiltinOperator_FULLY_CONNECTED);
    }
    TfLiteStatus AddHardSwish()
    {
        return AddBuiltin(BuiltinOperator_HARD_SWISH);
    }
    TfLiteStatus AddLeakyRelu()
    {
        return AddBuiltin(BuiltinOperator_LEAKY_RELU);
    }
    TfLiteStatus AddLogistic()
    {
        return AddBuiltin(BuiltinOperator_LOGISTIC);
    }
    TfLiteStatus AddMaxPool2D()
    {
        return AddBuiltin(BuiltinOperator_MAX_POOL_2D);
    }
    TfLiteStatus AddMean()
    {
        return AddBuiltin(BuiltinOperator_MEAN);
    }
    TfLiteStatus AddMul()
    {
        return AddBuiltin(BuiltinOperator_MUL);
    }
    TfLiteStatus AddPack()
    {
        return AddBuiltin(BuiltinOperator_PACK);
    }
    TfLiteStatus AddPad()
    {
        return AddBuiltin(BuiltinOperator_PAD);
    }
    TfLiteStatus AddPadV2()
    {
        return AddBuiltin(BuiltinOperator_PADV2);
    }
    TfLiteStatus AddQuantize()
    {
        return AddBuiltin(BuiltinOperator_QUANTIZE);
    }
    TfLiteStatus AddRelu()
    {
        return AddBuiltin(BuiltinOperator_RELU);
    }
    TfLiteStatus AddRelu6()
    {
        return AddBuiltin(BuiltinOperator_RELU6);
    }
    TfLiteStatus AddReshape()
    {
        return AddBuiltin(BuiltinOperator_RESHAPE);
    }
    TfLiteStatus AddShape()
    {
        return AddBuiltin(BuiltinOperator_SHAPE);
    }
    TfLiteStatus AddSlice()
    {
        return AddBuiltin(BuiltinOperator_SLICE);
    }
    TfLiteStatus AddSoftmax()
    {
        return AddBuiltin(BuiltinOperator_SOFTMAX);
    }
    TfLiteStatus AddSpaceToBatchNd()
    {
        return AddBuiltin(BuiltinOperator_SPACE_TO_BATCH_ND);
    }
    TfLiteStatus AddSplit()
    {
        return AddBuiltin(BuiltinOperator_SPLIT);
    }
    TfLiteStatus AddSplitV()
    {
        return AddBuiltin(BuiltinOperator_SPLIT_V);
    }
    TfLiteStatus AddSqueeze()
    {
        return AddBuiltin(BuiltinOperator_SQUEEZE);
    }
    TfLiteStatus AddStridedSlice()
    {
        return AddBuiltin(BuiltinOperator_STRIDED_SLICE);
    }
    TfLiteStatus AddSub()
    {
        return AddBuiltin(BuiltinOperator_SUB);
    }
    TfLiteStatus AddTanh()
    {
        return AddBuiltin(BuiltinOperator_TANH);
    }
    TfLiteStatus AddTranspose()
    {
        return AddBuiltin(BuiltinOperator_TRANSPOSE);
    }
    TfLiteStatus AddTransposeConv()
    {
        return AddBuiltin(BuiltinOperator_TRANSPOSE_CONV);
    }
    TfLiteStatus AddUnidirectionalSequenceLSTM()
    {
        return AddBuiltin(BuiltinOperator_UNIDIRECTIONAL_SEQUENCE_LSTM);
    }
    TfLiteStatus AddUnpack()
    {
        return AddBuiltin(BuiltinOperator_UNPACK);
    }

  private:
    void operator delete(void *)
    {
    }

    TfLiteStatus AddBuiltin(BuiltinOperator op)
    {
        if (count_ >= tOpCount || FindOp(op) != nullptr) {
            return kTfLiteError;
        }
        registrations_[count_++] = {RunOperator, op};
        return kTfLiteOk;
    }

    TFLMRegistration registrations_[tOpCount] = {};
    unsigned int count_ = 0;
};

} // namespace tflite

#endif
