#include "hookbox/script_notes.h"

namespace ocilot::hookbox {

ScriptNotes::Series const& ScriptNotes::series(Key const& key) {
    std::lock_guard const held(mutex_);
    auto const known = series_.find(key);
    if (known != series_.end()) return known->second;
    auto const kept = [this](std::string_view word) -> std::string_view {
        return *words_.emplace(word).first;
    };
    MetricLabels labels{{"script", std::string(key.script)}, {"point", std::string(key.point)}};
    auto& seconds = metrics_.histogram("ocilot_hook_call_seconds", "How long calls of scripts took.",
                                       duration_buckets(), labels);
    labels.emplace_back("outcome", key.outcome);
    auto& calls = metrics_.counter("ocilot_hook_calls_total", "Calls of scripts.", labels);
    Key const own{kept(key.script), kept(key.point), kept(key.outcome)};
    return series_.emplace(own, Series{calls, seconds}).first->second;
}

void ScriptNotes::count(std::string_view script, std::string_view point, std::string_view outcome,
                        double seconds) {
    auto const& found = series({script, point, outcome});
    found.calls.add();
    found.seconds.observe(seconds);
}

void ScriptNotes::set_stuck(std::string_view script, std::int64_t calls) {
    metrics_
        .gauge("ocilot_hook_stuck", "Calls of scripts that were given up and have not come back.",
               {{"script", std::string(script)}})
        .set(calls);
}

void ScriptNotes::set_generation(std::int64_t number, bool reload_failed) {
    metrics_.gauge("ocilot_hook_generation", "Which load of the scripts is in force.").set(number);
    metrics_.gauge("ocilot_hook_reload_failed", "1 if scripts were to be loaded again and could not be used.")
        .set(reload_failed ? 1 : 0);
}

void ScriptNotes::write(LogLevel level, std::string_view text, std::string_view script) const {
    if (script.empty()) {
        log_.write(level, text);
    } else {
        log_.write(level, text, {{"script", script}});
    }
}

}  // namespace ocilot::hookbox
