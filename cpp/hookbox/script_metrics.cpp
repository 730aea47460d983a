#include "hookbox/script_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ocilot::hookbox {

namespace {

struct GaugeRow {
    std::string_view name;
    std::string_view metric;
    std::string_view help;
    bool of_script;
};
constexpr std::array gauges{
    GaugeRow{"generation", "ocilot_hook_generation",
             "Generation of the hook scripts, incremented by each reload.", false},
    GaugeRow{"reload_failed", "ocilot_hook_reload_failed",
             "1 if the last reload of the hooks failed and the previous ones are active.", false},
    GaugeRow{"stuck", "ocilot_hook_threads_stuck", "Threads still in a hook call that exceeded its deadline.",
             true},
};

}  // namespace

void ScriptMetrics::count(std::string_view script, std::string_view point, std::string_view outcome,
                          double seconds) {
    std::string key;
    for (auto const part : {script, point, outcome}) {
        key += part;
        key += '\0';
    }
    std::unique_lock held(mutex_);
    auto found = series_.find(key);
    if (found == series_.end()) {
        MetricLabels of_call{{"script", std::string(script)}, {"point", std::string(point)}};
        auto& histogram = metrics_.histogram("ocilot_hook_call_seconds", "Calls of hooks by script.",
                                             duration_buckets(), of_call);
        of_call.emplace_back("outcome", outcome);
        auto& calls = metrics_.counter("ocilot_hook_calls_total", "Calls of hooks, by outcome.", of_call);
        found = series_.emplace(std::move(key), Series{calls, histogram}).first;
    }
    auto const& series = found->second;
    held.unlock();
    series.calls.add();
    series.seconds.observe(seconds);
}

bool ScriptMetrics::set(std::string_view name, std::string_view script, std::int64_t value) {
    auto const row = std::ranges::find(gauges, name, &GaugeRow::name);
    if (row == gauges.end()) return false;
    MetricLabels labels;
    if (row->of_script) labels.emplace_back("script", script);
    metrics_.gauge(row->metric, row->help, labels).set(value);
    return true;
}

}  // namespace ocilot::hookbox
