#include "jobs/make_plan.h"

#include "jobs/retention_schedule.h"
#include "retention/freed.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace ocilot::jobs {

namespace {

constexpr std::size_t names_at_once = 100;
constexpr std::size_t pieces_at_once = 2;       ///< in one transaction: a quarter of a megabyte
constexpr std::uint64_t fuse_objects = 10'000;  ///< above so many deletions a plan waits

/// What the policies decide about a repository.
struct Decided {
    retention::Outcome outcome;
    retention::Freed freed;
    std::vector<meta::PlanPiece> pieces;
};

class PlanMaker {
  public:
    PlanMaker(RetentionParts parts, RetentionRules const& rules, ImageConfigs& configs, PlanSummary draft,
              Round const& round)
        : parts_(parts),
          store_(parts.registry.meta.retention()),
          rules_(rules),
          round_(round),
          plan_(std::move(draft)),
          inputs_(parts, rules, configs, retention_time(parts.registry), round),
          fuses_(rules.policies) {
        plan_.made_at = inputs_.at();
        plan_.rules = rules.source;
        plan_.version = rules.version;
    }

    Task<Result<PlanSummary>> run() {
        CO_CHECK(co_await inputs_.begin());
        CO_TRY(plan_.id, co_await store_.add_plan(stored_plan(plan_)));
        meta::Page page{{}, names_at_once};
        for (bool more = true; more;) {
            CO_CHECK(round_.check());
            CO_TRY(auto const names, co_await parts_.registry.meta.catalog().repositories(page));
            for (auto const& name : names.items) {
                CO_CHECK(co_await add_repository(name));
            }
            more = names.more;
            if (more) page.after = names.items.back();
        }
        decide_state();
        CO_CHECK(co_await store_.change_plan(stored_plan(plan_), std::string(plan_making)));
        co_return plan_;
    }

  private:
    Task<Result<>> add_repository(std::string const& text) {
        CO_TRY(auto const name, oci::RepositoryName::parse(text));
        if (!rules_.matches(name)) co_return Result<>();
        CO_TRY(auto const repository, co_await inputs_.read(name));
        auto const work = [&] { return decide(repository); };
        CO_TRY(auto decided, co_await parts_.evaluate(work));
        CO_TRY(auto const bytes, co_await freed_bytes(store_, repository, decided.freed, round_));
        auto& counts = plan_.counts;
        ++counts.repositories;
        counts.tags += decided.outcome.tags;
        counts.delete_tags += decided.outcome.deleted_tags;
        counts.delete_manifests += decided.outcome.deleted_manifests;
        counts.bytes += bytes;
        counts.untagged += static_cast<std::uint64_t>(
            std::ranges::count(decided.outcome.rows, false, &retention::Row::is_tag));
        fuses_.add(repository, decided.outcome);
        co_return co_await store_pieces(std::move(decided.pieces));
    }
    Result<Decided> decide(retention::Repository const& repository) {
        retention::View const view(repository, plan_.made_at);
        auto outcome = retention::evaluate(rules_.policies, view);
        auto freed = retention::freed_by(outcome, repository);
        auto pieces = pieces_of(rules_.policies, view, outcome, !plan_.scheduled, last_piece_);
        return Decided{std::move(outcome), std::move(freed), std::move(pieces)};
    }
    Task<Result<>> store_pieces(std::vector<meta::PlanPiece> pieces) {
        for (std::size_t at = 0; at < pieces.size(); at += pieces_at_once) {
            auto const end = std::min(at + pieces_at_once, pieces.size());
            std::vector<meta::PlanPiece> some(std::make_move_iterator(pieces.begin() + std::ptrdiff_t(at)),
                                              std::make_move_iterator(pieces.begin() + std::ptrdiff_t(end)));
            CO_CHECK(co_await store_.add_pieces(plan_.id, std::move(some)));
            CO_CHECK(round_.check());
        }
        co_return Result<>();
    }
    void decide_state() {
        auto const deletions = plan_.counts.delete_tags + plan_.counts.delete_manifests;
        if (deletions == 0) plan_.waits.clear();
        for (auto const& reason : fuses_.reasons()) wait_for(reason);
        if (deletions > fuse_objects) wait_for(fmt::format("it deletes more than {} objects", fuse_objects));
        plan_.state = plan_.waits.empty() ? plan_ready : plan_waiting;
    }
    void wait_for(std::string const& reason) { plan_.waits += (plan_.waits.empty() ? "" : "; ") + reason; }

    RetentionParts parts_;
    meta::Retention& store_;
    RetentionRules const& rules_;
    Round const& round_;
    PlanSummary plan_;
    RuleInputs inputs_;
    std::int64_t last_piece_ = 0;
    retention::FuseCounter fuses_;
};

}  // namespace

Task<Result<PlanSummary>> make_plan(RetentionParts parts, RetentionRules const& rules, ImageConfigs& configs,
                                    PlanSummary draft, Round const& round) {
    PlanMaker maker(parts, rules, configs, std::move(draft), round);
    co_return co_await maker.run();
}

}  // namespace ocilot::jobs
