#include "tally.h"

#include <algorithm>
#include <fmt/format.h>

namespace ocilot::load {

namespace {

std::string quantiles(Histogram const& histogram) {
    auto const us = [](Nanos value) { return static_cast<double>(value) / 1'000; };
    return fmt::format(R"("p50_us":{:.1f},"p90_us":{:.1f},"p99_us":{:.1f},"p999_us":{:.1f},"max_us":{:.1f})",
                       us(histogram.quantile(0.5)), us(histogram.quantile(0.9)), us(histogram.quantile(0.99)),
                       us(histogram.quantile(0.999)), us(histogram.max()));
}

}  // namespace

Tally::Tally(std::vector<std::string_view> const& kinds)
    : kinds_(kinds.begin(), kinds.end()), by_kind_(kinds.size()) {}

void Tally::succeeded(std::size_t kind, Nanos latency, std::uint64_t bytes) noexcept {
    all_.record(latency);
    if (!by_kind_.empty()) by_kind_[kind].record(latency);
    bytes_ += bytes;
}

void Tally::failed(std::string_view reason, std::uint64_t times) {
    if (errors_ == 0) reason_ = reason;
    errors_ += times;
}

std::string Tally::json(std::string_view workload, double seconds) const {
    auto out = fmt::format(
        R"({{"workload":"{}","requests":{},"errors":{},"seconds":{:.6f},"rate":{:.2f},"bytes":{},{})",
        workload, requests(), errors_, seconds, seconds > 0 ? static_cast<double>(requests()) / seconds : 0.0,
        bytes_, quantiles(all_));
    std::string counted;
    for (std::size_t status = 0; status < statuses_.size(); ++status) {
        if (statuses_[status] == 0) continue;
        counted += fmt::format(R"({}"{}":{})", counted.empty() ? "" : ",", status, statuses_[status]);
    }
    out += fmt::format(R"(,"statuses":{{{}}},"late":{})", counted, late_);
    if (!streams_.empty()) {
        auto const [least, most] = std::ranges::minmax(streams_);
        out += fmt::format(R"(,"streams":{{"min_mb_s":{:.3f},"max_mb_s":{:.3f}}})", least / 1e6, most / 1e6);
    }
    std::string kinds;
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
        kinds += fmt::format(R"({}"{}":{{"requests":{},{}}})", i == 0 ? "" : ",", kinds_[i],
                             by_kind_[i].count(), quantiles(by_kind_[i]));
    }
    if (!kinds.empty()) out += fmt::format(R"(,"kinds":{{{}}})", kinds);
    return out;
}

}  // namespace ocilot::load
