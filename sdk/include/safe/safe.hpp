/* SPDX-License-Identifier: Apache-2.0 */
/** @file safe.hpp A detector in C++17: one object with all its memory.
 *
 * No exceptions, no RTTI, no heap, nothing from the standard library. Generated beside the C of a
 * model is `safe_NAME_detector.hpp`, which names its type:
 *
 *     #include "safe_forecaster_detector.hpp"
 *     static safe::Detector<safe::forecaster_model> detector;
 *     ...
 *     safe_detector_result_t result;
 *     if (detector.step(sample, result) == SAFE_STATUS_OK && result.state == SAFE_DETECTOR_ALARM)
 * ...
 *
 * Results and statuses are those of the C interface (safe/detector.h), the same to the last bit.
 * One object belongs to one thread of execution; different objects share nothing but constants.
 */
#ifndef SAFE_SAFE_HPP
#define SAFE_SAFE_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "safe/safe.hpp needs C++17; in C and older C++ include the header without pp"
#endif

#include <stddef.h>
#include <stdint.h>

#include "safe/detector.h"
#include "safe/saved.h"
#include "safe/status.h"

namespace safe
{

/** Elements that lie side by side and belong to somebody else: a pointer and their number.
 * Made from an array, from anything with data() and size(), or from both parts. */
template <typename T> class Span
{
  public:
    constexpr Span() noexcept = default;
    constexpr Span(T *data, size_t size) noexcept : data_(data), size_(size)
    {
    }
    template <size_t N> constexpr Span(T (&array)[N]) noexcept : data_(array), size_(N)
    {
    }
    template <typename Container,
              typename = decltype(static_cast<T *>(static_cast<Container *>(nullptr)->data()))>
    constexpr Span(Container &container) noexcept : data_(container.data()), size_(container.size())
    {
    }

    [[nodiscard]] constexpr T *data() const noexcept
    {
        return data_;
    }
    [[nodiscard]] constexpr size_t size() const noexcept
    {
        return size_;
    }
    [[nodiscard]] constexpr bool empty() const noexcept
    {
        return size_ == 0;
    }
    [[nodiscard]] constexpr T *begin() const noexcept
    {
        return data_;
    }
    [[nodiscard]] constexpr T *end() const noexcept
    {
        return data_ + size_;
    }
    /** Element `index`, which is below size(). */
    [[nodiscard]] constexpr T &operator[](size_t index) const noexcept
    {
        return data_[index];
    }

  private:
    T *data_ = nullptr;
    size_t size_ = 0;
};

/** A detector with all its memory, RAM of sizeof(Detector) bytes.
 *
 * It owns what it works in and holds pointers into itself: it is neither copied nor moved. The
 * constructor is a constant, so that an object in static memory needs no code before main. The
 * first call sets the detector up; init() does so at a time of your choice. */
template <typename Model> class Detector
{
  public:
    /** Values of a sample. */
    static constexpr size_t channels = Model::channels;
    /** Bytes that save() writes; 0: nothing is learned. */
    static constexpr size_t saved_bytes = Model::saved_bytes;

    constexpr Detector() noexcept = default;
    Detector(const Detector &) = delete;
    Detector(Detector &&) = delete;
    Detector &operator=(const Detector &) = delete;
    Detector &operator=(Detector &&) = delete;
    ~Detector() = default;

    /** Sets the detector up, or starts it anew: it forgets everything. */
    [[nodiscard]] safe_status_t init() noexcept
    {
        const safe_status_t status = Model::init(&instance_);
        is_ready_ = status == SAFE_STATUS_OK;
        return status;
    }

    /** Takes one raw sample, `channels` values in the units of the training data; NaN: no value.
     * @return ARGUMENT for another length; see safe_detector_step. */
    [[nodiscard]] safe_status_t step(Span<const float> sample,
                                     safe_detector_result_t &result) noexcept
    {
        const safe_status_t status = ensure();
        return status != SAFE_STATUS_OK
                   ? status
                   : safe_detector_step(&instance_.detector, sample.data(), sample.size(), &result);
    }

    /** Tells that `count` samples were lost before the next one; see safe_detector_missed. */
    [[nodiscard]] safe_status_t missed(uint32_t count) noexcept
    {
        const safe_status_t status = ensure();
        return status != SAFE_STATUS_OK ? status : safe_detector_missed(&instance_.detector, count);
    }

    /** Forgets recent samples, keeps the baseline; see safe_detector_gap. */
    [[nodiscard]] safe_status_t gap() noexcept
    {
        const safe_status_t status = ensure();
        return status != SAFE_STATUS_OK ? status : safe_detector_gap(&instance_.detector);
    }

    /** Tells the time of day of the next sample; see safe_detector_set_phase. */
    [[nodiscard]] safe_status_t set_phase(uint32_t sample_of_day) noexcept
    {
        const safe_status_t status = ensure();
        return status != SAFE_STATUS_OK
                   ? status
                   : safe_detector_set_phase(&instance_.detector, sample_of_day);
    }

    /** Writes what was learned, to be kept over a reset; see safe_detector_save. */
    [[nodiscard]] safe_status_t save(Span<uint8_t> bytes, size_t &length) noexcept
    {
        const safe_status_t status = ensure();
        return status != SAFE_STATUS_OK
                   ? status
                   : safe_detector_save(&instance_.detector, bytes.data(), bytes.size(), &length);
    }

    /** Takes what was saved instead of learning it anew; see safe_detector_restore. */
    [[nodiscard]] safe_status_t restore(Span<const uint8_t> bytes) noexcept
    {
        const safe_status_t status = ensure();
        return status != SAFE_STATUS_OK
                   ? status
                   : safe_detector_restore(&instance_.detector, bytes.data(), bytes.size());
    }

    /** The model's quantized forecast [horizon * channels], nearest sample first, after a step
     * whose result has one; empty before the first call. Only with a network. */
    [[nodiscard]] Span<const int8_t> forecast() const noexcept
    {
        return is_ready_ ? Model::forecast(instance_) : Span<const int8_t>();
    }

    /** Name of a channel below `channels`, in UTF-8. */
    [[nodiscard]] static const char *channel_name(size_t channel) noexcept
    {
        return Model::channel_names()[channel];
    }

    /** Unit of a channel below `channels`, in UTF-8; "" where none is known. */
    [[nodiscard]] static const char *channel_unit(size_t channel) noexcept
    {
        return Model::channel_units()[channel];
    }

  private:
    [[nodiscard]] safe_status_t ensure() noexcept
    {
        return is_ready_ ? SAFE_STATUS_OK : init();
    }

    typename Model::instance instance_{};
    bool is_ready_ = false;
};

} // namespace safe

#endif
