#include "http/v2/alias.h"

#include "registry/alias.h"

#include <utility>

namespace ocilot::http {

namespace {

/// Nothing is noted: the caller has asked for another name.
Task<Result<bool>> may_pull(Context const& context, oci::RepositoryName const& target) {
    policy::Access const access{target, policy::Action::pull};
    CO_TRY(bool const may, co_await context.guard.may(context.caller, access));
    if (may) co_return true;
    co_return co_await context.guard.needs_wider_token(context.caller, access);
}

constexpr bool is_unknown(Errc code) noexcept {
    return code == Errc::manifest_unknown || code == Errc::blob_unknown || code == Errc::name_unknown;
}

}  // namespace

bool may_be_alias(Context const& context, Error const& failure) noexcept {
    return is_unknown(failure.code) && registry::may_be_alias(context.registry);
}

Task<Result<std::optional<oci::RepositoryName>>> find_alias(Context const& context) {
    CO_TRY(auto target, co_await context.registry.meta.catalog().admin().alias(context.name()));
    if (!target) co_return target;
    CO_TRY(bool const may, co_await may_pull(context, *target));
    if (!may) target.reset();
    co_return target;
}

Task<Result<oci::RepositoryName>> alias_after(Context const& context, Error failure) {
    CO_TRY(auto target, co_await find_alias(context));
    if (!target) co_return failure;
    co_return *std::move(target);
}

}  // namespace ocilot::http
