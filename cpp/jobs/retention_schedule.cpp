#include "jobs/retention_schedule.h"

#include "registry/sessions.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::jobs {

namespace {

using Json = nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes first_delay{10};  ///< after a start, for a policy without a time of day
constexpr hours longest_stop{26};   ///< without a sign of a process
constexpr hours sign_of_life{1};
constexpr hours retry_after{1};

std::optional<Time> time_at(Json const& object, char const* key) {
    auto const found = object.find(key);
    if (found == object.end() || !found->is_number_integer()) return std::nullopt;
    return Time(std::chrono::microseconds(found->get<std::int64_t>()));
}

std::string schedule_text_at(Json const& object, char const* key) {
    auto const found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

RetentionSchedule::RetentionSchedule(std::vector<retention::Policy> const& policies, seconds otherwise,
                                     std::string_view stored, Time now, retention::TimeZone zone)
    : otherwise_(otherwise), zone_(std::move(zone)) {
    auto const document = Json::parse(stored, nullptr, false);
    // What is damaged is as nothing: every policy is new then, and its plan waits.
    auto const known = document.is_object() ? document : Json::object();
    seen_at_ = time_at(known, "seen_at");
    clock_is_doubted_ = known.value("clock_is_doubted", Json()) == true;
    auto const entries = known.value("policies", Json::object());
    for (auto const& policy : policies) {
        PolicyRun run{.name = policy.name,
                      .schedule = policy.schedule,
                      .schedule_text = policy.schedule.text(otherwise, zone_)};
        auto const entry = entries.is_object() ? entries.value(policy.name, Json::object()) : Json::object();
        auto const due_at = time_at(entry, "due_at");
        run.ran_at = time_at(entry, "ran_at");
        run.applied = schedule_text_at(entry, "applied");
        bool const same = due_at && schedule_text_at(entry, "schedule") == run.schedule_text;
        // A time that is further away than a run from now on would be is of a clock that was set back since.
        run.due_at =
            same ? std::min(*due_at, next_after(policy.schedule, now)) : first_due(policy.schedule, now);
        has_changed_ = has_changed_ || !same;
        runs_.push_back(std::move(run));
    }
    has_changed_ = has_changed_ || entries.size() != runs_.size();
}

Time RetentionSchedule::next_after(retention::Schedule const& schedule, Time last) const {
    return schedule.next_after(last, otherwise_, zone_);
}

Time RetentionSchedule::first_due(retention::Schedule const& schedule, Time now) const {
    auto const next = next_after(schedule, now);
    return schedule.at ? next : std::min<Time>(next, now + first_delay);
}

std::string RetentionSchedule::text() const {
    auto entries = Json::object();
    for (auto const& run : runs_) {
        Json entry{{"schedule", run.schedule_text},
                   {"due_at", run.due_at.time_since_epoch().count()},
                   {"applied", run.applied}};
        if (run.ran_at) entry["ran_at"] = run.ran_at->time_since_epoch().count();
        entries[run.name] = std::move(entry);
    }
    Json document{{"clock_is_doubted", clock_is_doubted_}, {"policies", std::move(entries)}};
    if (seen_at_) document["seen_at"] = seen_at_->time_since_epoch().count();
    return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> RetentionSchedule::due(Time now) const {
    std::vector<std::string> found;
    for (auto const& run : runs_) {
        if (run.due_at <= now) found.push_back(run.name);
    }
    return found;
}

std::vector<std::string> RetentionSchedule::names() const {
    std::vector<std::string> all;
    for (auto const& run : runs_) all.push_back(run.name);
    return all;
}

std::optional<Time> RetentionSchedule::next() const {
    auto const first = std::ranges::min_element(runs_, {}, &PolicyRun::due_at);
    return first == runs_.end() ? std::optional<Time>() : first->due_at;
}

PolicyRun* RetentionSchedule::find(std::string_view name) noexcept {
    auto const found = std::ranges::find(runs_, name, &PolicyRun::name);
    return found == runs_.end() ? nullptr : &*found;
}

void RetentionSchedule::ran(std::vector<std::string> const& names, Time now) {
    for (auto const& name : names) {
        auto* const run = find(name);
        if (run == nullptr) continue;
        run->ran_at = now;
        run->due_at = next_after(run->schedule, now);
    }
    seen_at_ = now;
}

void RetentionSchedule::retry(std::vector<std::string> const& names, Time now) {
    for (auto const& name : names) {
        auto* const run = find(name);
        if (run == nullptr) continue;
        run->due_at = std::min<Time>(next_after(run->schedule, now), now + retry_after);
    }
    seen_at_ = now;
}

void RetentionSchedule::applied(std::vector<std::string> const& names, std::string const& version) {
    for (auto const& name : names) {
        if (auto* const run = find(name)) run->applied = version;
    }
}

bool RetentionSchedule::knows(std::vector<std::string> const& names, std::string const& version) const {
    return std::ranges::all_of(runs_, [&](PolicyRun const& run) {
        return run.applied == version || std::ranges::find(names, run.name) == names.end();
    });
}

bool RetentionSchedule::start(Time now) {
    bool const doubted = seen_at_ && now - *seen_at_ > longest_stop;
    if (doubted) clock_is_doubted_ = true;
    seen_at_ = now;
    return doubted;
}

bool RetentionSchedule::heartbeat(Time now) {
    if (seen_at_ && now - *seen_at_ < sign_of_life && now >= *seen_at_) return false;
    seen_at_ = now;
    return true;
}

Time retention_time(registry::Registry const& registry) {
    return std::min(registry.clock.now(), registry.sessions.now());
}

}  // namespace ocilot::jobs
