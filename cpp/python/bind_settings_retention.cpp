#include "python/settings_class.h"
#include "retention/policy.h"

#include <optional>
#include <pybind11/stl.h>
#include <tuple>
#include <vector>

namespace ocilot::python {

using server::RetentionSettings;
using server::Settings;

namespace {

using Problem = std::tuple<std::vector<std::string>, std::string, bool>;

/// The path of the first problem, its sentence, and whether the value is understood and refused.
std::optional<Problem> problem_of(std::string const& policies) {
    auto const parsed = retention::parse_policies(policies);
    if (parsed.has_value()) return std::nullopt;
    auto const& problem = parsed.error();
    return Problem(problem.subjects, problem.message, problem.code == Errc::unsupported);
}

}  // namespace

void init_retention_settings(py::module_& module, SettingsClass& settings) {
    field(settings, "retention", &Settings::retention, &RetentionSettings::scheduled,
          "Whether plans of retention are made and applied by themselves.");
    field(settings, "retention_policies", &Settings::retention, &RetentionSettings::policies,
          "Policies of retention as JSON.");
    seconds(settings, "retention_interval", &Settings::retention, &RetentionSettings::interval,
            "Seconds between two plans of a policy of retention without a schedule.");
    field(settings, "retention_first_run_applies", &Settings::retention,
          &RetentionSettings::first_run_applies,
          "Whether the first plan of new policies is applied without an administrator.");
    field(settings, "retention_timezone", &Settings::retention, &RetentionSettings::timezone,
          "Time zone of the times of day in schedules of retention.");
    field(settings, "retention_offsets", &Settings::retention, &RetentionSettings::offsets,
          "Offsets of that time zone from UTC in seconds, each after the second since 1970 since when it "
          "applies. Empty: UTC.");
    field(settings, "retention_networks", &Settings::retention, &RetentionSettings::networks,
          "Private networks from which lists of images in use may be fetched.");
    field(settings, "retention_readers", &Settings::retention, &RetentionSettings::readers,
          "Callers who may make and read plans of retention besides administrators.");
    module.def(
        "retention_problem", &problem_of, py::arg("policies"),
        "What is wrong with policies of retention in JSON: the path of the first problem, what was expected "
        "there or why it is refused, and whether it is refused. None: nothing.");
}

}  // namespace ocilot::python
