#include "jobs/rule_inputs.h"

#include "jobs/retain_hooks.h"

namespace ocilot::jobs {

Task<Result<>> RuleInputs::begin() {
    CO_TRY(lists_, co_await read_lists(rules_.policies, parts_));
    co_return Result<>();
}

Task<Result<retention::Repository>> RuleInputs::read(oci::RepositoryName name) {
    auto& store = parts_.registry.meta.retention();
    CO_TRY(auto repository, co_await read_repository(store, std::move(name), lists_, unread_, round_));
    if (retention::uses_labels(rules_.policies, repository.name)) {
        CO_CHECK(co_await read_labels(parts_.registry, configs_, repository, round_));
    }
    CO_CHECK(co_await ask_retain_hooks(parts_, rules_, at_, repository));
    co_return repository;
}

}  // namespace ocilot::jobs
