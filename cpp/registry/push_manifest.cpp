#include "registry/push_manifest.h"

#include "oci/hasher.h"
#include "oci/manifest.h"
#include "oci/media_type.h"
#include "registry/admit.h"

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

/// A registry need not hold what can be had elsewhere (image-spec, "Non-Distributable Layers").
bool is_required(oci::Descriptor const& descriptor) {
    return descriptor.urls.empty() && !oci::is_non_distributable(descriptor.media_type);
}

void note_blob(meta::NewManifest& facts, oci::Descriptor const& descriptor) {
    facts.blobs.push_back(descriptor.digest);
    if (is_required(descriptor)) facts.required_blobs.push_back(descriptor.digest);
}

/// An index may name blobs, as BuildKit's cache does: the child's type tells where it must be.
void note_child(meta::NewManifest& facts, oci::Descriptor const& child) {
    if (!oci::is_manifest(child.media_type)) return note_blob(facts, child);
    facts.manifests.push_back(child.digest);
    facts.required_manifests.push_back(child.digest);
}

meta::NewManifest facts_of(ManifestUpload const& upload, oci::Manifest const& manifest,
                           oci::Digest const& digest, Time now) {
    meta::NewManifest facts{
        .repository = upload.repository,
        .fact = {digest, manifest.media_type, upload.bytes.size()},
        .required_blobs = {},
        .required_manifests = {},
        .blobs = {},
        .manifests = {},
        .subject = {},
        .artifact_type = std::string(manifest.referrer_type()),
        .annotations = manifest.annotations,
        .tags = tags_of(upload),
        .pushed_by = upload.caller.name,
        .pushed_at = now,
    };
    if (manifest.subject) facts.subject = manifest.subject->digest;
    if (manifest.config) note_blob(facts, *manifest.config);
    for (auto const& layer : manifest.layers) note_blob(facts, layer);
    for (auto const& child : manifest.manifests) note_child(facts, child);
    return facts;
}

/// Whether manifests here may name what is elsewhere, as those of a mirror do.
bool may_be_sparse(Rules const& rules, oci::RepositoryName const& repository) {
    return std::ranges::any_of(rules.sparse,
                               [&](auto const& pattern) { return pattern.matches(repository); });
}

/// Content the repository must hold, and as what.
struct Need {
    oci::Descriptor const* descriptor;
    bool is_manifest;
};

/// In the order of the manifest.
std::vector<Need> needs_of(oci::Manifest const& manifest) {
    std::vector<Need> needs;
    auto const blob = [&](oci::Descriptor const& descriptor) {
        if (is_required(descriptor)) needs.push_back({&descriptor, false});
    };
    if (manifest.config) blob(*manifest.config);
    for (auto const& layer : manifest.layers) blob(layer);
    for (auto const& child : manifest.manifests) {
        if (oci::is_manifest(child.media_type)) {
            needs.push_back({&child, true});
        } else {
            blob(child);
        }
    }
    return needs;
}

/// Bytes of what is needed; nullopt if the repository does not hold it.
Task<Result<std::optional<std::uint64_t>>> size_of(Registry& registry, oci::RepositoryName const& repository,
                                                   Need need) {
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
    Error missing{
        Errc::manifest_blob_unknown,
        "the manifest names content that is not in this repository; push the blobs and manifests it "
        "names first",
        {}};
    // Enough to see what is wrong; the answer costs no more for a manifest that names thousands.
    constexpr std::size_t most_named = 100;
    std::vector<std::string> wrong_sizes;
    std::unordered_set<oci::Digest> noted;
    for (auto const& need : needs_of(manifest)) {
        if (missing.subjects.size() == most_named || wrong_sizes.size() == most_named) break;
        auto const& digest = need.descriptor->digest;
        CO_TRY(auto const size, co_await size_of(registry, repository, need));
        if (size && *size == need.descriptor->size) continue;
        if (!noted.insert(digest).second) continue;
        if (!size && !sparse) {
            missing.subjects.push_back(digest.str());
        } else if (size) {
            wrong_sizes.push_back(
                fmt::format("{} has {} bytes, not {}", digest.str(), *size, need.descriptor->size));
        }
    }
    if (!missing.subjects.empty()) co_return missing;
    if (registry.rules.strict_sizes && !wrong_sizes.empty()) {
        co_return Error{Errc::manifest_invalid,
                        "the manifest gives a size that is not that of the content; write the true one",
                        std::move(wrong_sizes)};
    }
    co_return wrong_sizes;
}

}  // namespace

Task<Result<PushedManifest>> push_manifest(Registry& registry, ManifestUpload upload) {
    CO_TRY(auto const manifest,
           oci::parse_manifest(upload.bytes, upload.content_type, registry.rules.json_depth));
    CO_TRY(auto const digest, digest_of(upload));
    auto facts = facts_of(upload, manifest, digest, registry.clock.now());
    bool const sparse = may_be_sparse(registry.rules, upload.repository);
    if (sparse) {
        facts.required_blobs.clear();
        facts.required_manifests.clear();
    }
    CO_TRY(auto warnings, co_await all_there(registry, upload.repository, manifest, sparse));
    if (registry.gate.asks(policy::Point::admit_manifest)) {
        policy::ManifestPush const push{upload.caller, upload.repository, facts.tags,
                                        digest,        manifest,          upload.bytes.size()};
        CO_CHECK(admitted(co_await registry.gate.admit_manifest(push)));
    }
    PushedManifest pushed{facts.fact, facts.subject, std::move(warnings)};
    CO_CHECK(co_await registry.blobs.put(digest, std::as_bytes(std::span(upload.bytes))));
    CO_CHECK(co_await registry.meta.catalog().put_manifest(std::move(facts)));
    co_return pushed;
}

}  // namespace ocilot::registry
