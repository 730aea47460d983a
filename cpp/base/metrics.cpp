#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>

namespace ocilot {

namespace {

std::string rendered(MetricLabels const& labels) {
    std::string out;
    for (auto const& [key, value] : labels) {
        if (!out.empty()) out.push_back(',');
        out += key;
        out += "=\"";
        for (char const c : value) {
            if (c == '\n') {
                out += "\\n";
                continue;
            }
            if (c == '"' || c == '\\') out.push_back('\\');
            out.push_back(c);
        }
        out.push_back('"');
    }
    return out;
}

std::string braced(std::string_view labels, std::string_view extra = {}) {
    if (labels.empty() && extra.empty()) return {};
    return fmt::format("{{{}{}{}}}", labels, labels.empty() || extra.empty() ? "" : ",", extra);
}

template <class Families, class Line>
void render(std::string& out, Families const& families, std::string_view type, Line line) {
    for (auto const& [name, family] : families) {
        fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, family.help, name,
                       type);
        for (auto const& [labels, metric] : family.series) line(name, labels, *metric);
    }
}

}  // namespace

Histogram::Histogram(std::span<double const> upper_bounds)
    : bounds_(upper_bounds.begin(), upper_bounds.end()), counts_(upper_bounds.size() + 1) {}

void Histogram::observe(double value) noexcept {
    auto const bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

std::span<double const> duration_buckets() noexcept {
    static constexpr std::array bounds{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05,
                                       .1,    .25,    .5,    1.,   2.5,   5.,   10., 30.,  60.};
    return bounds;
}

template <class M, class... Args>
M& Metrics::find(std::map<std::string, Family<M>, std::less<>>& families, std::string_view name,
                 std::string_view help, MetricLabels const& labels, Args const&... args) {
    std::lock_guard const lock(mutex_);
    auto family = families.find(name);
    if (family == families.end()) {
        family = families.emplace(std::string(name), Family<M>{std::string(help), {}}).first;
    }
    auto& metric = family->second.series[rendered(labels)];
    if (!metric) metric = std::make_unique<M>(args...);
    return *metric;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, MetricLabels const& labels) {
    return find(counters_, name, help, labels);
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, MetricLabels const& labels) {
    return find(gauges_, name, help, labels);
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help,
                              std::span<double const> upper_bounds, MetricLabels const& labels) {
    return find(histograms_, name, help, labels, upper_bounds);
}

void Metrics::gauge_of(std::string_view name, std::string_view help, std::function<std::int64_t()> value) {
    auto& shown = gauge(name, help);
    std::lock_guard const lock(mutex_);
    asked_.emplace_back(&shown, std::move(value));
}

std::string Metrics::text() const {
    std::lock_guard const lock(mutex_);
    for (auto const& [gauge, value] : asked_) gauge->set(value());
    std::string out;
    auto const sample = [&out](std::string_view name, std::string_view labels, auto const& metric) {
        fmt::format_to(std::back_inserter(out), "{}{} {}\n", name, braced(labels), metric.value());
    };
    render(out, counters_, "counter", sample);
    render(out, gauges_, "gauge", sample);
    render(out, histograms_, "histogram",
           [&out](std::string_view name, std::string_view labels, Histogram const& metric) {
               auto to = std::back_inserter(out);
               std::uint64_t seen = 0;
               for (std::size_t i = 0; i < metric.counts_.size(); ++i) {
                   seen += metric.counts_[i].load(std::memory_order_relaxed);
                   auto const bound = i < metric.bounds_.size() ? fmt::format("le=\"{}\"", metric.bounds_[i])
                                                                : std::string("le=\"+Inf\"");
                   fmt::format_to(to, "{}_bucket{} {}\n", name, braced(labels, bound), seen);
               }
               fmt::format_to(to, "{}_sum{} {}\n", name, braced(labels), metric.sum_.load());
               fmt::format_to(to, "{}_count{} {}\n", name, braced(labels), seen);
           });
    return out;
}

}  // namespace ocilot
