#include "registry/pull.h"

#include "base/counted.h"
#include "registry/manifest_cache.h"
#include "registry/read_whole.h"
#include "registry/sessions.h"
#include "registry/unreadable.h"

#include <fmt/format.h>
#include <utility>

namespace ocilot::registry {

namespace {

/// The error of a read, after the bytes were examined: what cannot be read is unknown to the next request.
Task<Error> failed(Registry& registry, FailedRead read, Error error) {
    if (may_be_unreadable(error)) (void)co_await quarantine_if_unreadable(registry, read);
    co_return error;
}

Task<Result<std::string>> read_manifest(Registry& registry, meta::ManifestFact const& fact) {
    CO_TRY(auto const blob, co_await registry.blobs.open(fact.digest));
    co_return co_await read_whole(*blob, fact.digest);
}

}  // namespace

Task<Result<meta::ManifestFact>> stat_manifest(Registry& registry, oci::RepositoryName const& repository,
                                               oci::Reference const& reference) {
    if (auto const* tag = std::get_if<oci::Tag>(&reference)) {
        co_return co_await registry.meta.catalog().resolve(repository, *tag);
    }
    auto const& digest = std::get<oci::Digest>(reference);
    registry.sessions.probes().note(digest, registry.sessions.now());  // Before the look: see Collector.
    co_return co_await registry.meta.catalog().manifest(repository, digest);
}

Task<Result<StoredManifest>> pull_manifest(Registry& registry, oci::RepositoryName const& repository,
                                           oci::Reference const& reference) {
    CO_TRY(auto fact, co_await stat_manifest(registry, repository, reference));
    auto bytes = registry.manifests.find(fact.digest);
    if (!bytes) {
        // What is kept in memory would outlive the mending of what is on disk: only the right bytes are.
        auto read = co_await read_manifest(registry, fact);
        if (read.has_error()) co_return co_await failed(registry, {fact.digest, fact.size}, read.error());
        bytes = std::make_shared<std::string const>(std::move(*read));
        registry.manifests.add(fact.digest, bytes);
    }
    co_return StoredManifest{std::move(fact), std::move(bytes)};
}

Task<Result<meta::BlobFact>> stat_blob(Registry& registry, oci::RepositoryName const& repository,
                                       oci::Digest const& digest) {
    registry.sessions.probes().note(digest, registry.sessions.now());  // Before the look: see Collector.
    co_return co_await registry.meta.links().blob(repository, digest);
}

Task<Result<std::unique_ptr<blob::Blob>>> pull_blob(Registry& registry, oci::RepositoryName const& repository,
                                                    oci::Digest const& digest) {
    CO_TRY(auto const fact, co_await registry.meta.links().blob(repository, digest));
    auto blob = co_await registry.blobs.open(digest);
    if (blob.has_value() && (*blob)->size() == fact.size) co_return blob;
    auto error = blob.has_error()
                     ? blob.error()
                     : Error{Errc::io, fmt::format("blob {} has {} instead of {}; push it again",
                                                   digest.str(), counted_bytes((*blob)->size()), fact.size)};
    co_return co_await failed(registry, {digest, fact.size}, std::move(error));
}

}  // namespace ocilot::registry
