#include "jobs/retention.h"

#include "jobs/explain_retention.h"
#include "jobs/make_plan.h"
#include "jobs/pin_images.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace ocilot::jobs {

namespace {

constexpr std::size_t kept_plans = 10;  ///< of those that the job made, and as many others
/// At least as many as there are: with the last that was applied, some that are being made or applied, those
/// that wait to be removed, and those of a day whose application fails each hour.
constexpr std::size_t most_plans = 2 * kept_plans + 40;
constexpr std::string_view job_name = "apply-retention";
constexpr char const* rows_help = "Deletions of retention plans, by outcome.";

meta::Actor own_actor() {
    return {.name = "retention", .kind = std::string(policy::to_string(policy::CallerKind::system))};
}

/// Another request has applied the plan, or newer plans have replaced it.
bool is_over(Error const& error) {
    return error.code == Errc::conflict || error.code == Errc::not_found;
}

template <class R>
Task<R> aside(RetentionParts const& parts, Task<R> task) {
    return parts.aside != nullptr ? parts.aside->run(std::move(task)) : std::move(task);
}

}  // namespace

Retention::Retention(RetentionParts parts, RetentionSettings settings, Log const& log, Metrics& metrics)
    : parts_(parts),
      policies_(parts.registry, std::move(settings.rules), log, metrics),
      first_run_applies_(settings.first_run_applies),
      interval_(settings.interval),
      zone_(std::move(settings.zone)),
      log_(log),
      tags_(metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "tag_deleted"}})),
      manifests_(
          metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "manifest_deleted"}})),
      skipped_(metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "skipped"}})),
      denied_(metrics.counter("ocilot_retention_rows_total", rows_help, {{"outcome", "denied"}})),
      waiting_(metrics.gauge("ocilot_retention_plan_waiting",
                             "1 while a scheduled retention plan waits for an administrator.")),
      next_(metrics.gauge("ocilot_retention_next_plan_timestamp_seconds",
                          "When the next scheduled retention plan is due; 0 without policies.")) {}

std::optional<ApplyRequest> Retention::next_request() {
    std::lock_guard const lock(mutex_);
    if (requests_.empty()) return std::nullopt;
    auto request = std::move(requests_.front());
    requests_.pop_front();
    return request;
}

Task<Result<>> Retention::request(ApplyRequest request) {
    CO_CHECK(co_await applicable_plan(parts_, policies_, request.plan));
    std::lock_guard const lock(mutex_);
    requests_.push_back(std::move(request));
    apply_requested_ = true;
    co_return Result<>();
}

Task<Result<std::size_t>> Retention::round(Round const& round) {
    CO_TRY(auto rules, co_await policies_.rules());
    CO_CHECK(co_await begin(rules));
    if (rules.version != shown_version_) {
        CO_CHECK(co_await show_waiting(rules.version));
    }
    CO_TRY(auto const deleted, co_await apply_requested(round));
    if (rules.policies.empty()) {
        next_.set(0);
        co_return deleted.value_or(0);
    }
    CO_TRY(auto schedule, co_await this->schedule(rules));
    auto const now = retention_time(parts_.registry);
    auto due = wants_all(round) ? schedule.names() : schedule.due(now);
    if (!deleted && !due.empty()) {
        co_return co_await scheduled(std::move(rules), std::move(schedule), std::move(due), round);
    }
    bool const alive = schedule.heartbeat(now);
    if (alive) {
        CO_CHECK(co_await refuse_interrupted());  // One that has become too old.
    }
    if (alive || schedule.has_changed()) {
        CO_CHECK(co_await save(schedule));
    }
    co_return deleted.value_or(0);
}

Task<Result<std::size_t>> Retention::pin(Round const& round) {
    CO_TRY(auto rules, co_await policies_.rules());
    co_return co_await pin_images(parts_, std::move(rules.policies), round, log_);
}

Task<Result<std::optional<std::size_t>>> Retention::apply_requested(Round const& round) {
    std::optional<std::size_t> deleted;
    std::optional<Error> failed;
    for (auto request = next_request(); request; request = next_request()) {
        if (!deleted) deleted = 0;
        auto const number = request->plan;
        auto const applicable = co_await applicable_plan(parts_, policies_, number);
        if (applicable.has_error() && is_over(applicable.error())) {
            log_.warn("retention plan not applied",
                      {{"plan", number}, {"error", applicable.error().message}});
            continue;
        }
        auto const some = co_await apply(std::move(*request), round);
        if (some.has_error()) {
            failed = some.error();  // The others do not wait for its cause to end.
        } else {
            *deleted += *some;
        }
    }
    if (failed) co_return *failed;
    co_return deleted;
}

Task<Result<>> Retention::begin(RetentionRules const& rules) {
    if (begun_ || rules.policies.empty()) co_return Result<>();
    CO_CHECK(co_await policies_.log_overridden());
    CO_TRY(auto schedule, co_await this->schedule(rules));
    if (schedule.start(retention_time(parts_.registry))) {
        log_.warn(
            "retention waits for an administrator: the registry was stopped for long, or its clock was set");
    }
    CO_CHECK(co_await save(schedule));
    begun_ = true;
    co_return co_await show_waiting(rules.version);
}

bool Retention::wants_all(Round const& round) {
    if (!round.requested()) return false;
    std::lock_guard const lock(mutex_);
    return !std::exchange(apply_requested_, false);
}

Task<Result<>> Retention::forget_plans() {
    auto& store = parts_.registry.meta.retention();
    CO_TRY(auto const plans, co_await store.plans({}, most_plans));
    std::vector<std::int64_t> old;
    std::size_t scheduled = 0;
    std::size_t others = 0;
    bool has_applied = false;
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, plan_of(stored));
        bool const is_applied = plan.state == plan_applied;
        bool const is_needed = (is_applied && !has_applied) || plan.state == plan_applying;
        has_applied = has_applied || is_applied;
        auto& newer = plan.scheduled ? scheduled : others;
        if (++newer > kept_plans && !is_needed) old.push_back(plan.id);
    }
    if (old.empty()) co_return Result<>();
    co_return co_await store.remove_plans(std::move(old));
}

Task<Result<>> Retention::refuse_interrupted() {
    auto& store = parts_.registry.meta.retention();
    CO_TRY(auto const plans, co_await store.plans({}, most_plans));
    for (auto const& stored : plans) {
        if (stored.state != plan_applying) continue;
        auto const applicable = co_await applicable_plan(parts_, policies_, stored.id);
        if (applicable.has_value()) continue;  // An administrator applies it again, or it becomes too old.
        if (!is_over(applicable.error())) co_return applicable.error();
        CO_TRY(auto plan, plan_of(stored));
        plan.state = plan_refused;
        plan.error = fmt::format("interrupted while it was applied, and {}", applicable.error().message);
        CO_CHECK(co_await store.change_plan(stored_plan(plan), std::string(plan_applying)));
        log_.warn("retention plan not applied", {{"plan", plan.id}, {"error", plan.error}});
    }
    co_return Result<>();
}

Task<Result<>> Retention::show_waiting(std::string const& version) {
    CO_CHECK(co_await refuse_interrupted());
    CO_TRY(auto const plans, co_await parts_.registry.meta.retention().plans({}, most_plans));
    std::set<std::string> decided;
    bool waits = false;
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, plan_of(stored));
        bool const counts = plan.scheduled || plan.state == plan_applied;
        if (!counts) continue;
        auto const is_open = [&](std::string const& name) { return !decided.contains(name); };
        bool const newest = plan.policies.empty() || std::ranges::any_of(plan.policies, is_open);
        if (plan.state == plan_waiting && plan.version == version && newest) waits = true;
        if (plan.policies.empty()) break;  // It has all policies: no older one matters.
        decided.insert(plan.policies.begin(), plan.policies.end());
    }
    waiting_.set(waits ? 1 : 0);
    shown_version_ = version;
    co_return Result<>();
}

Task<Result<RetentionSchedule>> Retention::schedule(RetentionRules const& rules) {
    CO_TRY(auto const stored, co_await parts_.registry.meta.places().place(std::string(job_name)));
    auto const text = stored ? std::string_view(stored->place) : std::string_view();
    RetentionSchedule schedule(rules.policies, interval_, text, retention_time(parts_.registry), zone_);
    if (stored) co_return schedule;
    CO_TRY(bool const known, co_await are_known(rules));
    if (known) schedule.applied(schedule.names(), rules.version);
    co_return schedule;
}

Task<Result<>> Retention::save(RetentionSchedule const& schedule) {
    auto const next = schedule.next();
    next_.set(next ? std::chrono::floor<std::chrono::seconds>(*next).time_since_epoch().count() : 0);
    meta::JobPlace place{std::string(job_name), schedule.text(), retention_time(parts_.registry)};
    co_return co_await parts_.registry.meta.places().save(std::move(place));
}

std::string Retention::wait_of(RetentionSchedule const& schedule, std::vector<std::string> const& policies,
                               std::string const& version) const {
    if (schedule.clock_is_doubted()) {
        return "the registry was stopped for more than 26h, or its clock was set forward: ages may be wrong";
    }
    if (first_run_applies_ || schedule.knows(policies, version)) return {};
    return "no plan of these rules was applied before";
}

Task<Result<std::size_t>> Retention::scheduled(RetentionRules rules, RetentionSchedule schedule,
                                               std::vector<std::string> policies, Round const& round) {
    auto const now = retention_time(parts_.registry);
    PlanSummary draft{.made_by = own_actor().name, .in_force = true, .scheduled = true, .policies = policies};
    draft.waits = wait_of(schedule, policies, rules.version);
    rules.only(policies);
    auto const made = co_await make_plan(parts_, rules, configs_, std::move(draft), round);
    if (made.has_error()) {
        schedule.retry(policies, now);
        CO_CHECK(co_await save(schedule));
        co_return made.error();
    }
    auto const& plan = *made;
    bool const waits = plan.state == plan_waiting;
    bool const applies = !waits && plan.counts.delete_tags + plan.counts.delete_manifests > 0;
    schedule.ran(policies, now);
    // Until it is applied. Policies that change meanwhile, or the end of the process, cost no whole interval.
    if (applies) schedule.retry(policies, now);
    CO_CHECK(co_await save(schedule));
    CO_CHECK(co_await forget_plans());
    CO_CHECK(co_await show_waiting(rules.version));
    if (waits) {
        log_.warn("retention plan waits for an administrator",
                  {{"plan", plan.id},
                   {"reason", plan.waits},
                   {"delete_tags", plan.counts.delete_tags},
                   {"delete_manifests", plan.counts.delete_manifests}});
        CO_CHECK(co_await note(meta::ChangeKind::retention_wait, plan, own_actor()));
    }
    if (!applies) co_return std::size_t{0};
    ApplyRequest request{.plan = plan.id, .by = own_actor()};
    co_return co_await apply(std::move(request), round);
}

Task<Result<std::size_t>> Retention::apply(ApplyRequest request, Round const& round) {
    auto const by = request.by;
    auto const number = request.plan;
    auto const applied = co_await apply_plan(parts_, policies_, std::move(request), configs_, round, log_);
    if (applied.has_error()) {
        log_.warn("retention plan not applied", {{"plan", number}, {"error", applied.error().message}});
        co_return applied.error();
    }
    auto const& done = applied->result;
    if (applied->state == plan_refused) {
        log_.warn("retention plan not applied", {{"plan", number}, {"error", applied->error}});
        co_return std::size_t{0};
    }
    tags_.add(done.tags);
    manifests_.add(done.manifests);
    skipped_.add(done.skipped);
    denied_.add(done.denied);
    log_.info("retention plan applied", {{"plan", number},
                                         {"by", by.name},
                                         {"tags", done.tags},
                                         {"manifests", done.manifests},
                                         {"skipped", done.skipped},
                                         {"denied", done.denied}});
    CO_CHECK(co_await note(meta::ChangeKind::retention_apply, *applied, by));
    CO_CHECK(co_await note_applied(*applied, by));
    co_return static_cast<std::size_t>(done.tags + done.manifests);
}

Task<Result<RetentionRules>> Retention::chosen(std::optional<RetentionRules> tried) {
    if (tried) co_return std::move(*tried);
    co_return co_await policies_.rules();
}

Task<Result<PlanSummary>> Retention::plan(std::optional<RetentionRules> tried, meta::Actor by) {
    return aside(parts_, make_for_client(std::move(tried), std::move(by)));
}

Task<Result<std::vector<PolicyMatch>>> Retention::matches(std::optional<RetentionRules> tried) {
    return aside(parts_, match_for_client(std::move(tried)));
}

void Retention::stop() {
    for_clients_.cancel();
    if (parts_.aside != nullptr) parts_.aside->cancel();
}

Task<Result<std::string>> Retention::explain(oci::RepositoryName repository, oci::Tag tag) {
    return aside(parts_, explain_to_client(std::move(repository), std::move(tag)));
}

Task<Result<PlanSummary>> Retention::make_for_client(std::optional<RetentionRules> tried, meta::Actor by) {
    PlanSummary draft{.made_by = by.name, .in_force = !tried.has_value()};
    CO_TRY(auto const rules, co_await chosen(std::move(tried)));
    CO_TRY(auto plan, co_await make_plan(parts_, rules, configs_, std::move(draft), for_clients_));
    CO_CHECK(co_await forget_plans());
    CO_CHECK(co_await note(meta::ChangeKind::retention_plan, plan, std::move(by)));
    co_return plan;
}

Task<Result<std::vector<PolicyMatch>>> Retention::match_for_client(std::optional<RetentionRules> tried) {
    CO_TRY(auto const rules, co_await chosen(std::move(tried)));
    co_return co_await match_rules(parts_, rules, configs_, for_clients_);
}

Task<Result<std::string>> Retention::explain_to_client(oci::RepositoryName repository, oci::Tag tag) {
    CO_TRY(auto const rules, co_await policies_.rules());
    co_return co_await explain_retention(parts_, rules, configs_, std::move(repository), std::move(tag),
                                         for_clients_);
}

Task<Result<bool>> Retention::are_known(RetentionRules const& rules) {
    CO_TRY(auto const plans, co_await parts_.registry.meta.retention().plans({}, most_plans));
    for (auto const& stored : plans) {
        CO_TRY(auto const plan, plan_of(stored));
        if (plan.state == plan_applied && plan.version == rules.version) co_return true;
    }
    co_return false;
}

Task<Result<>> Retention::note_applied(PlanSummary const& plan, meta::Actor const& by) {
    CO_TRY(auto const rules, co_await policies_.rules());
    bool const by_the_job = by.kind == own_actor().kind;
    bool const in_force = plan.version == rules.version;
    if (by_the_job || in_force) {
        CO_TRY(auto schedule, co_await this->schedule(rules));
        if (by_the_job) schedule.ran(plan.policies, plan.made_at);
        if (in_force) {
            schedule.applied(plan.policies.empty() ? schedule.names() : plan.policies, plan.version);
            if (!by_the_job) schedule.trust_clock();
        }
        CO_CHECK(co_await save(schedule));
    }
    co_return co_await show_waiting(rules.version);
}

Task<Result<>> Retention::note(meta::ChangeKind kind, PlanSummary const& plan, meta::Actor by) {
    bool const applied = kind == meta::ChangeKind::retention_apply;
    std::vector<meta::Change> changes(1);
    auto& change = changes.front();
    change.at = parts_.registry.clock.now();
    change.kind = kind;
    change.by = std::move(by);
    change.name = std::to_string(plan.id);
    if (kind == meta::ChangeKind::retention_wait) change.text = plan.waits;
    change.details.counts = {{"tags", applied ? plan.result.tags : plan.counts.delete_tags},
                             {"manifests", applied ? plan.result.manifests : plan.counts.delete_manifests}};
    co_return co_await parts_.registry.meta.journal().append(std::move(changes));
}

}  // namespace ocilot::jobs
