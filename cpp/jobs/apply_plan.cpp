#include "jobs/apply_plan.h"

#include "base/counted.h"
#include "jobs/retention_schedule.h"
#include "registry/remove.h"

#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>

namespace ocilot::jobs {

namespace {

constexpr std::chrono::hours plan_life{24};
constexpr std::size_t pieces_at_once = 4;

/// What the rules delete of a repository now.
struct StillDeleted {
    struct SeenTag {
        oci::Digest digest;
        Time set_at;
    };
    std::unordered_map<std::string, SeenTag> tags;
    std::unordered_set<oci::Digest> manifests;

    [[nodiscard]] bool has(PlannedRow const& row) const {
        if (row.tag.empty()) return manifests.contains(row.digest);
        auto const found = tags.find(row.tag);
        return found != tags.end() && found->second.digest == row.digest;
    }
};

StillDeleted deleted_in(RetentionRules const& rules, retention::Repository const& repository, Time as_of) {
    retention::View const view(repository, as_of);
    StillDeleted found;
    for (auto const& row : retention::evaluate(rules.policies, view).rows) {
        if (!row.is_deleted()) continue;
        if (row.is_tag) {
            auto const& tag = repository.tags[row.index];
            if (tag.pushed_at > as_of) continue;  // Even with the same digest it is not what was planned.
            auto const& digest = repository.manifests[tag.manifest].digest;
            found.tags.emplace(tag.name, StillDeleted::SeenTag{digest, tag.pushed_at});
        } else {
            found.manifests.insert(repository.manifests[row.index].digest);
        }
    }
    return found;
}

bool has_changed(Error const& error) {
    return error.code == Errc::precondition_failed || error.code == Errc::manifest_unknown ||
           error.code == Errc::name_unknown || error.code == Errc::conflict;
}

/// conflict if a plan of the policies in force is one of others now.
Task<Result<>> check_policies(PoliciesInForce& policies, PlanSummary const& plan) {
    if (!plan.in_force) co_return Result<>();
    CO_TRY(auto const version, co_await policies.version());
    if (version == plan.version) co_return Result<>();
    co_return Error{
        Errc::conflict,
        fmt::format("the policies have changed since the retention plan {} was made; make another", plan.id)};
}

class PlanApplier {
  public:
    PlanApplier(RetentionParts parts, PoliciesInForce& policies, PlanSummary plan, RetentionRules rules,
                ImageConfigs& configs, Round const& round, Log const& log)
        : parts_(parts),
          policies_(policies),
          store_(parts.registry.meta.retention()),
          plan_(std::move(plan)),
          rules_(std::move(rules)),
          round_(round),
          log_(log),
          inputs_(parts, rules_, configs, plan_.made_at, round) {
        caller_.name = "retention";
        caller_.kind = policy::CallerKind::system;
    }

    Task<Result<>> run(bool exact) {
        CO_CHECK(co_await inputs_.begin());
        plan_.result = {};
        if (exact) {
            CO_CHECK(co_await visit_rows(false));
            if (plan_.result.skipped > 0) {
                plan_.state = plan_refused;
                plan_.error = fmt::format("{} changed since the plan was made; make another",
                                          counted(plan_.result.skipped, "row has", "rows have"));
                co_return Result<>();
            }
        }
        CO_CHECK(co_await visit_rows(true));
        plan_.state = plan_applied;
        plan_.error.clear();
        co_return Result<>();
    }
    [[nodiscard]] PlanSummary& plan() noexcept { return plan_; }

  private:
    /// Goes through all deletions of the plan: counts those that have changed, and makes the others if
    /// `apply`.
    Task<Result<>> visit_rows(bool apply) {
        current_.clear();
        meta::PieceQuery query{.plan = plan_.id, .verdict = "delete", .limit = pieces_at_once};
        for (;;) {
            CO_TRY(auto const pieces, co_await store_.pieces(query));
            for (auto const& piece : pieces) {
                CO_CHECK(co_await visit_piece(piece, apply));
            }
            if (pieces.size() < pieces_at_once) co_return Result<>();
            query.after = pieces.back().number;
        }
    }
    Task<Result<>> visit_piece(meta::PlanPiece const& piece, bool apply) {
        CO_TRY(auto const rows, planned_rows(piece.rows));
        CO_TRY(auto const name, oci::RepositoryName::parse(piece.repository));
        CO_CHECK(co_await check_policies(policies_, plan_));
        if (piece.repository != current_) {
            CO_TRY(auto const repository, co_await inputs_.read(name));
            auto const work = [&]() -> Result<StillDeleted> {
                return deleted_in(rules_, repository, plan_.made_at);
            };
            CO_TRY(deleted_, co_await parts_.evaluate(work));
            current_ = piece.repository;
        }
        for (auto const& row : rows) {
            CO_CHECK(round_.check());
            if (!deleted_.has(row)) {
                ++plan_.result.skipped;
            } else if (apply) {
                CO_CHECK(co_await remove(name, row));
            }
        }
        co_return Result<>();
    }
    Task<Result<>> remove(oci::RepositoryName const& name, PlannedRow const& row) {
        registry::Selected selected{.tag = {},
                                    .digest = row.digest,
                                    .set_at = {},
                                    .cause = {.id = std::to_string(plan_.id), .rule = row.rule}};
        if (!row.tag.empty()) {
            CO_TRY(selected.tag, oci::Tag::parse(row.tag));
            selected.set_at = deleted_.tags.at(row.tag).set_at;
        }
        auto const removed =
            co_await registry::remove_selected(parts_.registry, caller_, name, std::move(selected));
        if (removed.has_value()) {
            ++(row.tag.empty() ? plan_.result.manifests : plan_.result.tags);
        } else if (has_changed(removed.error())) {
            ++plan_.result.skipped;
        } else if (removed.error().code == Errc::denied) {
            ++plan_.result.denied;
            log_.info("retention deletion denied", {{"repository", name.str()},
                                                    {"tag", row.tag},
                                                    {"digest", row.digest.str()},
                                                    {"reason", removed.error().message}});
        } else {
            co_return removed.error();
        }
        co_return Result<>();
    }

    RetentionParts parts_;
    PoliciesInForce& policies_;
    meta::Retention& store_;
    PlanSummary plan_;
    RetentionRules rules_;
    Round const& round_;
    Log const& log_;
    RuleInputs inputs_;
    policy::Caller caller_;
    std::string current_;  // The repository of deleted_.
    StillDeleted deleted_;
};

}  // namespace

Task<Result<PlanSummary>> applicable_plan(RetentionParts parts, PoliciesInForce& policies, std::int64_t id) {
    CO_TRY(auto const stored, co_await parts.registry.meta.retention().plan(id));
    CO_TRY(auto plan, plan_of(stored));
    bool const fits = plan.state == plan_ready || plan.state == plan_waiting || plan.state == plan_applying;
    if (!fits) {
        co_return Error{Errc::conflict,
                        fmt::format("the retention plan {} is {}; make another", id, plan.state)};
    }
    if (retention_time(parts.registry) - plan.made_at > plan_life) {
        co_return Error{Errc::conflict,
                        fmt::format("the retention plan {} is older than 24h; make another", id)};
    }
    CO_CHECK(co_await check_policies(policies, plan));
    co_return plan;
}

Task<Result<PlanSummary>> apply_plan(RetentionParts parts, PoliciesInForce& policies, ApplyRequest request,
                                     ImageConfigs& configs, Round const& round, Log const& log) {
    CO_TRY(auto plan, co_await applicable_plan(parts, policies, request.plan));
    CO_TRY(auto rules, RetentionRules::parse(plan.rules, 2 * retention::most_policies));
    if (!plan.policies.empty()) rules.only(plan.policies);
    auto& store = parts.registry.meta.retention();
    auto before = std::exchange(plan.state, std::string(plan_applying));
    plan.applied_by = request.by.name;
    CO_CHECK(co_await store.change_plan(stored_plan(plan), std::move(before)));
    PlanApplier applier(parts, policies, std::move(plan), std::move(rules), configs, round, log);
    auto const applied = co_await applier.run(request.exact);
    auto& done = applier.plan();
    done.applied_at = parts.registry.clock.now();
    if (applied.has_error()) {
        done.error = applied.error().message;
        auto const same_policies = co_await check_policies(policies, done);
        bool const is_over = same_policies.has_error() && same_policies.error().code == Errc::conflict;
        if (is_over) done.state = plan_refused;  // It can never be applied again.
    }
    CO_CHECK(co_await store.change_plan(stored_plan(done), std::string(plan_applying)));
    CO_CHECK(applied);
    co_return done;
}

}  // namespace ocilot::jobs
