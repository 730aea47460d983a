#include "base/memory_budget.h"

#include "base/counted.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

namespace ocilot {

namespace {

MetricLabels labels(std::string_view name) {
    return {{"of", std::string(name)}};
}

}  // namespace

unsigned retry_seconds(std::chrono::milliseconds wait) noexcept {
    auto const seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return static_cast<unsigned>(std::clamp<std::int64_t>(seconds, 1, 3600));
}

MemoryBudget::MemoryBudget(std::size_t limit, Metrics& metrics, std::string_view name)
    : limit_(limit),
      gauge_(metrics.gauge("ocilot_memory_budget_used_bytes", "Bytes of memory used by requests.",
                           labels(name))),
      refused_(metrics.counter("ocilot_memory_budget_refused_total",
                               "Requests rejected because the memory budget was exhausted.", labels(name))) {
    metrics
        .gauge("ocilot_memory_budget_limit_bytes", "Maximum bytes of memory used by requests; 0: no limit.",
               labels(name))
        .set(static_cast<std::int64_t>(limit));
}

bool MemoryBudget::take(std::size_t bytes) noexcept {
    auto const before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (limit_ > 0 && (before > limit_ || bytes > limit_ - before)) {
        used_.fetch_sub(bytes, std::memory_order_relaxed);
        return false;
    }
    gauge_.add(static_cast<std::int64_t>(bytes));
    return true;
}

void MemoryBudget::give_back(std::size_t bytes, Ticks::duration held) noexcept {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    gauge_.add(-static_cast<std::int64_t>(bytes));
    auto const now = std::chrono::duration_cast<std::chrono::milliseconds>(held).count();
    auto const usual = average_hold_ms_.load(std::memory_order_relaxed);
    // Two threads at once lose one of the two, which an average survives.
    average_hold_ms_.store(usual + (now - usual) / 8, std::memory_order_relaxed);
}

unsigned MemoryBudget::average_wait() const noexcept {
    return retry_seconds(std::chrono::milliseconds(average_hold_ms_.load(std::memory_order_relaxed)));
}

bool MemoryBudget::Reservation::try_reserve(std::size_t bytes) noexcept {
    if (of_ == nullptr || bytes <= bytes_) return true;
    if (!of_->take(bytes - bytes_)) return false;
    if (bytes_ == 0) since_ = Ticks::now();
    bytes_ = bytes;
    return true;
}

Result<> MemoryBudget::Reservation::reserve(std::size_t bytes) {
    if (try_reserve(bytes)) return {};
    of_->refused_.add();
    return Error{
        .code = Errc::unavailable,
        .message = fmt::format("memory budget of {} exhausted; {} requested", counted_bytes(of_->limit_),
                               counted(bytes - bytes_, "more byte", "more bytes")),
        .retry_after = of_->average_wait()};
}

void MemoryBudget::Reservation::reset() noexcept {
    if (of_ == nullptr || bytes_ == 0) return;
    of_->give_back(std::exchange(bytes_, 0), Ticks::now() - since_);
}

}  // namespace ocilot
