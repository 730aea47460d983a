#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot {

/// Only goes up. Thread-safe.
class Counter {
  public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. Thread-safe.
class Gauge {
  public:
    void add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    void set(std::int64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

/// Counts observations in buckets of fixed upper bounds. Thread-safe.
class Histogram {
  public:
    explicit Histogram(std::span<double const> upper_bounds);
    void observe(double value) noexcept;

  private:
    friend class Metrics;
    std::vector<double> bounds_;
    std::deque<std::atomic<std::uint64_t>> counts_;  // One more than bounds: the last is +Inf.
    std::atomic<double> sum_{0};
};

/// Upper bounds in seconds that fit requests from 100 µs to a minute.
[[nodiscard]] std::span<double const> duration_buckets() noexcept;

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// All metrics of one registry, rendered in the Prometheus text format 0.0.4.
/// Asking for a metric twice gives the same one; references stay valid as long as this lives. Keep the
/// reference on hot paths: asking takes a lock.
class Metrics {
  public:
    Counter& counter(std::string_view name, std::string_view help, MetricLabels const& labels = {});
    Gauge& gauge(std::string_view name, std::string_view help, MetricLabels const& labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, std::span<double const> upper_bounds,
                         MetricLabels const& labels = {});
    /// A gauge whose value is asked for whenever metrics are read. `value` must not block, and nothing else
    /// may ask for metrics in it.
    void gauge_of(std::string_view name, std::string_view help, std::function<std::int64_t()> value);

    [[nodiscard]] std::string text() const;

  private:
    template <class M>
    struct Family {
        std::string help;
        std::map<std::string, std::unique_ptr<M>> series;  // By rendered labels.
    };
    template <class M, class... Args>
    M& find(std::map<std::string, Family<M>, std::less<>>& families, std::string_view name,
            std::string_view help, MetricLabels const& labels, Args const&... args);

    mutable std::mutex mutex_;
    std::map<std::string, Family<Counter>, std::less<>> counters_;
    std::map<std::string, Family<Gauge>, std::less<>> gauges_;
    std::map<std::string, Family<Histogram>, std::less<>> histograms_;
    std::vector<std::pair<Gauge*, std::function<std::int64_t()>>> asked_;
};

}  // namespace ocilot
