#include "registry/pull.h"

#include "registry/manifest_cache.h"
#include "registry/read_whole.h"

namespace ocilot::registry {

Task<Result<meta::ManifestFact>> stat_manifest(Registry& registry, oci::RepositoryName const& repository,
                                               oci::Reference const& reference) {
    if (auto const* tag = std::get_if<oci::Tag>(&reference)) {
        co_return co_await registry.meta.catalog().resolve(repository, *tag);
    }
    co_return co_await registry.meta.catalog().manifest(repository, std::get<oci::Digest>(reference));
}

Task<Result<StoredManifest>> pull_manifest(Registry& registry, oci::RepositoryName const& repository,
                                           oci::Reference const& reference) {
    CO_TRY(auto fact, co_await stat_manifest(registry, repository, reference));
    auto bytes = registry.manifests.find(fact.digest);
    if (!bytes) {
        CO_TRY(auto const blob, co_await registry.blobs.open(fact.digest));
        // What is kept in memory would outlive the mending of what is on disk: only the right bytes are.
        CO_TRY(auto read, co_await read_whole(*blob, fact.digest));
        bytes = std::make_shared<std::string const>(std::move(read));
        registry.manifests.add(fact.digest, bytes);
    }
    co_return StoredManifest{std::move(fact), std::move(bytes)};
}

Task<Result<meta::BlobFact>> stat_blob(Registry& registry, oci::RepositoryName const& repository,
                                       oci::Digest const& digest) {
    co_return co_await registry.meta.links().blob(repository, digest);
}

Task<Result<std::unique_ptr<blob::Blob>>> pull_blob(Registry& registry, oci::RepositoryName const& repository,
                                                    oci::Digest const& digest) {
    CO_CHECK(co_await registry.meta.links().blob(repository, digest));
    co_return co_await registry.blobs.open(digest);
}

}  // namespace ocilot::registry
