#include "registry/admit_tags.h"

#include "registry/admit.h"

#include <fmt/format.h>

namespace ocilot::registry {

namespace {

constexpr std::size_t max_told = 100;  // Referrers, and tags that stand for them.

Task<Result<std::vector<policy::Referrer>>> referrers_of(Registry& registry,
                                                         oci::RepositoryName const& repository,
                                                         oci::Digest const& digest) {
    std::vector<policy::Referrer> found;
    meta::ReferrerVisitor const take = [&](meta::ReferrerRow const& row) {
        found.push_back(
            {std::string(row.digest), std::string(row.artifact_type), std::string(row.annotations_json)});
        return true;
    };
    meta::Page const page{{}, max_told};
    CO_CHECK(co_await registry.meta.catalog().referrers(repository, digest, std::nullopt, page, take));
    co_return found;
}

/// Tags that stand for referrers where a registry knows none (distribution-spec, "Referrers Tag Schema"),
/// also with what cosign appends: `sha256-<hex>.sig`.
Task<Result<std::vector<std::string>>> siblings_of(Registry& registry, oci::RepositoryName const& repository,
                                                   oci::Digest const& digest) {
    auto const prefix = fmt::format("{}-{}", to_string(digest.algorithm()), digest.hex());
    // Sorts after all tags that begin with what is before the prefix, and before the prefix.
    auto before = prefix;
    --before.back();
    meta::Page const page{before + '~', max_told};
    auto tags = co_await registry.meta.catalog().tags(repository, page);
    if (tags.has_error()) {
        if (tags.error().code == Errc::name_unknown) co_return std::vector<std::string>{};
        co_return tags.error();
    }
    std::erase_if(tags->items, [&](std::string const& tag) { return !tag.starts_with(prefix); });
    co_return std::move(tags->items);
}

Task<Result<std::optional<oci::Digest>>> digest_under(Registry& registry,
                                                      oci::RepositoryName const& repository,
                                                      oci::Tag const& tag) {
    auto const fact = co_await registry.meta.catalog().resolve(repository, tag);
    if (fact.has_value()) co_return std::optional(fact->digest);
    if (fact.error().code == Errc::manifest_unknown) co_return std::optional<oci::Digest>{};
    co_return fact.error();
}

}  // namespace

Task<Result<std::vector<meta::ExpectedTag>>> admit_tags(Registry& registry, TagMoves moves) {
    std::vector<meta::ExpectedTag> seen;
    if (moves.tags.empty() || !registry.gate.asks(policy::Point::admit_tag)) co_return seen;
    CO_TRY(auto const referrers, co_await referrers_of(registry, moves.repository, moves.digest));
    CO_TRY(auto const siblings, co_await siblings_of(registry, moves.repository, moves.digest));
    for (auto const& tag : moves.tags) {
        CO_TRY(auto const previous, co_await digest_under(registry, moves.repository, tag));
        policy::TagMove const move{.caller = moves.caller,
                                   .repository = moves.repository,
                                   .tag = tag,
                                   .digest = moves.digest,
                                   .previous = previous,
                                   .referrers = referrers,
                                   .sibling_tags = siblings};
        CO_CHECK(admitted(co_await registry.gate.admit_tag(move)));
        seen.push_back({tag, previous});
    }
    co_return seen;
}

}  // namespace ocilot::registry
