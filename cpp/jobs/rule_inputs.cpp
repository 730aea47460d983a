#include "jobs/rule_inputs.h"

#include "jobs/record_pulls.h"
#include "jobs/retain_hooks.h"
#include "registry/pull_counter.h"

#include <chrono>

namespace ocilot::jobs {

namespace {

constexpr std::size_t aliases_at_once = 1000;
constexpr std::chrono::milliseconds look_again_after{10};

}  // namespace

Task<Result<>> RuleInputs::begin() {
    CO_CHECK(co_await record_all_pulls());
    CO_TRY(lists_, co_await read_lists(rules_.policies, parts_));
    co_return co_await read_aliases();
}

Task<Result<>> RuleInputs::record_all_pulls() {
    auto* const counter = parts_.registry.pulls;
    for (;;) {
        CO_CHECK(co_await record_pulls(parts_.registry));
        if (counter == nullptr || !counter->has_unrecorded()) co_return Result<>();
        CO_CHECK(co_await round_.pause_until(Round::Ticks::now() + look_again_after));
    }
}

Task<Result<>> RuleInputs::read_aliases() {
    auto& admin = parts_.registry.meta.catalog().admin();
    if (!admin.has_aliases()) co_return Result<>();
    meta::Page page{{}, aliases_at_once};
    for (bool more = true; more;) {
        CO_TRY(auto const aliases, co_await admin.aliases(page));
        for (auto const& alias : aliases.items) {
            aliases_[alias.target].push_back(alias.name);
            for (auto& [place, list] : lists_) {
                auto const used = list.find(alias.name);
                if (used == list.end()) continue;
                list[alias.target].insert(used->second.begin(), used->second.end());
            }
        }
        more = aliases.more;
        if (more) page.after = aliases.items.back().name;
    }
    co_return Result<>();
}

Task<Result<retention::Repository>> RuleInputs::read(oci::RepositoryName name) {
    CO_TRY(auto repository, co_await read_content(std::move(name)));
    auto const known = aliases_.find(repository.name.str());
    auto aliases = known == aliases_.end() ? std::vector<std::string>() : known->second;
    CO_CHECK(co_await ask_retain_hooks(parts_, rules_, at_, std::move(aliases), repository));
    co_return repository;
}

Task<Result<retention::Repository>> RuleInputs::read_content(oci::RepositoryName name) {
    CO_TRY(auto repository,
           co_await read_repository(parts_.registry.meta, std::move(name), lists_, unread_, round_));
    if (retention::uses_labels(rules_.policies, repository.name)) {
        auto const keys = retention::label_keys(rules_.policies);
        CO_CHECK(co_await read_labels(parts_.registry, configs_, keys, repository, round_));
    }
    co_return repository;
}

}  // namespace ocilot::jobs
