#include "registry/push_manifest.h"

#include "base/counted.h"
#include "meta/unknown.h"
#include "oci/children.h"
#include "oci/hasher.h"
#include "oci/manifest.h"
#include "registry/actor.h"
#include "registry/admit.h"
#include "registry/admit_tags.h"
#include "registry/alias.h"
#include "registry/manifest_facts.h"
#include "registry/pull.h"
#include "registry/quota.h"
#include "registry/read_whole.h"
#include "registry/release_bytes.h"
#include "registry/sessions.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_set>

namespace ocilot::registry {

namespace {

/// The digest the bytes are kept under: the one asked for, if it is theirs.
Result<oci::Digest> digest_of(ManifestUpload const& upload) {
    auto const* asked = std::get_if<oci::Digest>(&upload.reference);
    auto const algorithm = asked ? asked->algorithm() : oci::Algorithm::sha256;
    auto const actual = oci::digest_of(algorithm, upload.bytes);
    if (asked && *asked != actual) {
        return Error{
            Errc::digest_invalid,
            fmt::format("the manifest has digest {}, not {}; nothing was stored, send the manifest that "
                        "belongs to the digest",
                        actual.str(), asked->str())};
    }
    return actual;
}

std::vector<oci::Tag> tags_of(ManifestUpload const& upload) {
    auto tags = upload.more_tags;
    if (auto const* tag = std::get_if<oci::Tag>(&upload.reference)) tags.push_back(*tag);
    return tags;
}

/// Whether manifests here may name what is elsewhere, as those of a mirror do.
bool may_be_sparse(Rules const& rules, oci::RepositoryName const& repository) {
    return std::ranges::any_of(rules.sparse,
                               [&](auto const& pattern) { return pattern.matches(repository); });
}

/// Bytes of what is needed; nullopt if the repository does not hold it.
Task<Result<std::optional<std::uint64_t>>> size_of(Registry& registry, oci::RepositoryName const& repository,
                                                   oci::Child need) {
    if (need.is_manifest) {
        auto const found = co_await registry.meta.catalog().manifest(repository, need.descriptor->digest);
        if (found.has_value()) co_return std::optional(found->size);
        if (found.error().code != Errc::manifest_unknown) co_return found.error();
    } else {
        auto const found = co_await registry.meta.links().blob(repository, need.descriptor->digest);
        if (found.has_value()) co_return std::optional(found->size);
        if (found.error().code != Errc::blob_unknown) co_return found.error();
    }
    co_return std::optional<std::uint64_t>{};
}

/// Looks before anything is stored, so that a refused manifest leaves no bytes; the transaction looks again.
/// Answers one sentence for each descriptor whose size is wrong. A sparse manifest may name what is not
/// there.
Task<Result<std::vector<std::string>>> all_there(Registry& registry, oci::RepositoryName const& repository,
                                                 oci::Manifest const& manifest, bool sparse) {
    Error missing{Errc::manifest_blob_unknown,
                  "the manifest references content that is missing in this repository; push these blobs and "
                  "manifests first",
                  {}};
    // Enough to see what is wrong; the answer costs no more for a manifest that names thousands.
    constexpr std::size_t max_named = 100;
    std::vector<std::string> wrong_sizes;
    std::unordered_set<oci::Digest> noted;
    for (auto const& need : oci::children_of(manifest)) {
        if (!need.is_required) continue;
        if (missing.subjects.size() == max_named || wrong_sizes.size() == max_named) break;
        auto const& digest = need.descriptor->digest;
        CO_TRY(auto const size, co_await size_of(registry, repository, need));
        if (size && *size == need.descriptor->size) continue;
        if (!noted.insert(digest).second) continue;
        if (!size && !sparse) {
            missing.subjects.push_back(digest.str());
        } else if (size) {
            wrong_sizes.push_back(
                fmt::format("{} has {}, not {}", digest.str(), counted_bytes(*size), need.descriptor->size));
        }
    }
    if (!missing.subjects.empty()) co_return missing;
    if (registry.rules.strict_sizes && !wrong_sizes.empty()) {
        co_return Error{Errc::manifest_invalid,
                        "a descriptor in the manifest has a size that differs from the content",
                        std::move(wrong_sizes)};
    }
    co_return wrong_sizes;
}

/// Those that clients were told are there.
std::vector<oci::Digest> probed_among(Registry& registry, std::vector<std::string> const& digests) {
    std::vector<oci::Digest> found;
    for (auto const& text : digests) {
        auto const digest = oci::Digest::parse(text);
        bool const probed = digest.has_value() && registry.sessions.probes().contains(*digest, Time{});
        if (probed) found.push_back(*digest);
    }
    return found;
}

/// Looks again at what is `missing`. Between two steps of the garbage collection content is unknown that a
/// client was told is there: naming it brings it back.
Task<Result<std::vector<std::string>>> lift_probed(Registry& registry, oci::RepositoryName const& repository,
                                                   oci::Manifest const& manifest, bool sparse,
                                                   Error missing) {
    std::vector<oci::Digest> lifted;
    while (missing.code == Errc::manifest_blob_unknown) {
        auto probed = probed_among(registry, missing.subjects);
        if (probed.empty() || probed == lifted) break;
        lifted = probed;
        auto const now = registry.sessions.now();
        CO_CHECK(co_await registry.meta.collection().lift(repository, std::move(probed), now));
        auto found = co_await all_there(registry, repository, manifest, sparse);
        if (found.has_value()) co_return found;
        missing = found.error();
    }
    co_return missing;
}

/// The same for tags of a caller who may move none.
Task<Result<>> none_moves(Registry& registry, meta::NewManifest const& facts) {
    if (facts.may_move_tags) co_return Result<>{};
    for (auto const& tag : facts.tags) {
        auto const there = co_await registry.meta.catalog().resolve(facts.repository, tag);
        if (there.has_value() && there->digest != facts.fact.digest) co_return meta::tag_taken(tag);
        if (there.has_error() && there.error().code != Errc::manifest_unknown) co_return there.error();
    }
    co_return Result<>{};
}

/// The same for the condition of the request.
Task<Result<>> meets_condition(Registry& registry, meta::NewManifest const& facts) {
    if (!facts.condition) co_return Result<>{};
    auto& catalog = registry.meta.catalog();
    for (auto const& tag : facts.tags) {
        auto const there = co_await catalog.resolve(facts.repository, tag);
        if (there.has_error() && there.error().code != Errc::manifest_unknown) co_return there.error();
        auto const digest = there.has_value() ? there->digest.str() : std::string();
        CO_CHECK(meta::require(facts.condition, fmt::format("tag {}", tag.str()), digest));
    }
    if (!facts.tags.empty()) co_return Result<>{};
    auto const there = co_await catalog.manifest(facts.repository, facts.fact.digest);
    if (there.has_error() && there.error().code != Errc::manifest_unknown) co_return there.error();
    auto const digest = there.has_value() ? there->digest.str() : std::string();
    co_return meta::require(facts.condition, "the manifest", digest);
}

/// Bytes of the configuration, for whoever examines images; empty if there is none, or a large one.
Task<Result<std::string>> config_of(Registry& registry, oci::RepositoryName const& repository,
                                    oci::Manifest const& manifest) {
    constexpr std::uint64_t largest = 1024 * 1024;
    if (!manifest.config) co_return std::string();
    auto const& digest = manifest.config->digest;
    auto const blob = co_await pull_blob(registry, repository, digest);
    if (blob.has_error()) {
        // A sparse manifest may name what is not there.
        if (blob.error().code == Errc::blob_unknown) co_return std::string();
        co_return blob.error();
    }
    if ((*blob)->size() > largest) co_return std::string();
    CO_TRY(auto bytes, co_await read_whole(**blob, digest));
    co_return bytes;
}

Task<Result<>> ask_about_manifest(Registry& registry, ManifestUpload const& upload,
                                  meta::NewManifest const& facts, oci::Manifest const& manifest) {
    if (!registry.gate.asks(policy::Point::admit_manifest)) co_return Result<>{};
    CO_TRY(auto const config, co_await config_of(registry, upload.repository, manifest));
    policy::ManifestPush const push{.caller = upload.caller,
                                    .repository = upload.repository,
                                    .tags = facts.tags,
                                    .digest = facts.fact.digest,
                                    .manifest = manifest,
                                    .size = upload.bytes.size(),
                                    .bytes = upload.bytes,
                                    .config = config};
    co_return admitted(co_await registry.gate.admit_manifest(push));
}

/// What the gate let pass holds only while the tags are where it was told: it is asked again if somebody
/// moved one meanwhile.
Task<Result<>> record(Registry& registry, policy::Caller const& caller, meta::NewManifest facts) {
    auto& catalog = registry.meta.catalog();
    if (facts.expected_tags.empty()) co_return co_await catalog.put_manifest(std::move(facts));
    constexpr int max_tries = 4;
    for (int tries = 1;; ++tries) {
        auto const recorded = co_await catalog.put_manifest(facts);
        bool const moved = recorded.has_error() && recorded.error().code == Errc::conflict;
        if (!moved || tries == max_tries) co_return recorded;
        CO_TRY(facts.expected_tags,
               co_await admit_tags(registry, {caller, facts.repository, facts.fact.digest, facts.tags}));
    }
}

}  // namespace

Task<Result<PushedManifest>> push_manifest(Registry& registry, ManifestUpload upload) {
    if (may_be_alias(registry)) {
        CO_CHECK(co_await require_no_alias(registry, upload.repository));
    }
    CO_TRY(auto const manifest, oci::parse_manifest(upload.bytes, upload.content_type, registry.rules.json));
    CO_TRY(auto const digest, digest_of(upload));
    auto facts = facts_of(upload.repository, {digest, manifest.media_type, upload.bytes.size()}, manifest);
    facts.tags = tags_of(upload);
    facts.pushed_by = actor_of(upload.caller);
    facts.pushed_at = registry.clock.now();
    facts.aged_from = registry.sessions.now();
    facts.may_move_tags = upload.may_move_tags;
    facts.condition = upload.condition;
    facts.limits = limits_of(registry.rules, upload.caller, upload.repository);
    bool const sparse = may_be_sparse(registry.rules, upload.repository);
    if (sparse) {
        facts.required_blobs.clear();
        facts.required_manifests.clear();
    }
    auto content = co_await all_there(registry, upload.repository, manifest, sparse);
    if (content.has_error()) {
        content = co_await lift_probed(registry, upload.repository, manifest, sparse, content.error());
    }
    CO_CHECK(content);
    CO_CHECK(co_await meets_condition(registry, facts));
    CO_CHECK(co_await none_moves(registry, facts));
    if (facts.limits.any()) {
        CO_CHECK(co_await require_quota(registry, facts));
    }
    CO_CHECK(co_await ask_about_manifest(registry, upload, facts, manifest));
    CO_TRY(facts.expected_tags,
           co_await admit_tags(registry, {upload.caller, upload.repository, digest, facts.tags}));
    PushedManifest pushed{facts.fact, facts.subject, std::move(*content)};
    // An index may name it next.
    if (facts.tags.empty()) registry.sessions.probes().note(digest, registry.sessions.now());
    auto const push = co_await registry.sessions.pushes().begin(digest);
    CO_CHECK(co_await registry.blobs.put(digest, std::as_bytes(std::span(upload.bytes))));
    auto const recorded = co_await record(registry, upload.caller, std::move(facts));
    if (recorded.has_value()) co_return pushed;
    co_await release_bytes(registry, digest);
    co_return recorded.error();
}

}  // namespace ocilot::registry
