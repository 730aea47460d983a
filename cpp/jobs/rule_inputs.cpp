#include "jobs/rule_inputs.h"

#include "jobs/record_pulls.h"
#include "jobs/retain_hooks.h"
#include "registry/pull_counter.h"

#include <chrono>

namespace ocilot::jobs {

namespace {

constexpr std::chrono::milliseconds look_again_after{10};
constexpr std::chrono::minutes uses_hold_for{1};

}  // namespace

Task<Result<>> RuleInputs::begin(InUseSource source) {
    CO_CHECK(co_await record_all_pulls());
    source_ = rules_.policies.empty() ? InUseSource::lists : source;
    co_return co_await read_uses();
}

Task<Result<>> RuleInputs::read_uses() {
    read_at_ = parts_.registry.sessions.now();
    CO_TRY(aliases_, co_await read_aliases(parts_.registry.meta.catalog().admin()));
    CO_TRY(lists_, co_await read_in_use(parts_, rules_.policies, aliases_, source_));
    co_return Result<>();
}

Task<Result<>> RuleInputs::record_all_pulls() {
    auto* const counter = parts_.registry.pulls;
    for (;;) {
        CO_CHECK(co_await record_pulls(parts_.registry));
        if (counter == nullptr || !counter->has_unrecorded()) co_return Result<>();
        CO_CHECK(co_await round_.pause_until(Round::Ticks::now() + look_again_after));
    }
}

Task<Result<retention::Repository>> RuleInputs::read(oci::RepositoryName name) {
    CO_TRY(auto repository, co_await read_content(std::move(name)));
    auto const known = aliases_.find(repository.name.str());
    auto aliases = known == aliases_.end() ? std::vector<std::string>() : known->second;
    CO_CHECK(co_await ask_retain_hooks(parts_, rules_, at_, std::move(aliases), repository));
    co_return repository;
}

Task<Result<retention::Repository>> RuleInputs::read_content(oci::RepositoryName name) {
    if (parts_.registry.sessions.now() - read_at_ > uses_hold_for) {
        CO_CHECK(co_await read_uses());
    }
    CO_TRY(auto repository,
           co_await read_repository(parts_.registry.meta, std::move(name), lists_, unread_, round_));
    if (retention::uses_labels(rules_.policies, repository.name)) {
        auto const keys = retention::label_keys(rules_.policies);
        CO_CHECK(co_await read_labels(parts_.registry, configs_, keys, repository, round_));
    }
    co_return repository;
}

}  // namespace ocilot::jobs
