#pragma once

#include "clock.h"
#include "histogram.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::load {

/// What a run counted.
class Tally {
  public:
    /// One histogram more for each of `kinds`.
    explicit Tally(std::vector<std::string_view> const& kinds);

    void succeeded(std::size_t kind, Nanos latency, std::uint64_t bytes) noexcept;
    void failed(std::string_view reason, std::uint64_t times = 1);
    void status(int status) noexcept { ++statuses_[static_cast<std::size_t>(status) % statuses_.size()]; }
    void late() noexcept { ++late_; }
    /// Bytes per second of one stream.
    void stream(double rate) { streams_.push_back(rate); }
    void bytes_instead(std::uint64_t bytes) noexcept { bytes_ = bytes; }

    [[nodiscard]] std::uint64_t requests() const noexcept { return all_.count(); }
    [[nodiscard]] std::uint64_t errors() const noexcept { return errors_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// Of the first failure.
    [[nodiscard]] std::string const& reason() const noexcept { return reason_; }

    /// One JSON object without its closing brace, for fields that only the caller knows.
    [[nodiscard]] std::string json(std::string_view workload, double seconds) const;

  private:
    std::vector<std::string> kinds_;
    Histogram all_;
    std::vector<Histogram> by_kind_;
    std::array<std::uint64_t, 1000> statuses_{};
    std::uint64_t errors_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t late_ = 0;
    std::vector<double> streams_;
    std::string reason_;
};

}  // namespace ocilot::load
