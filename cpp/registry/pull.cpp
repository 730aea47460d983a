#include "registry/pull.h"

#include "oci/hasher.h"
#include "registry/manifest_cache.h"

#include <fmt/format.h>

namespace ocilot::registry {

namespace {

Task<Result<std::shared_ptr<std::string const>>> read_whole(blob::BlobStore& blobs,
                                                            oci::Digest const& digest) {
    CO_TRY(auto const blob, co_await blobs.open(digest));
    auto bytes = std::make_shared<std::string>(static_cast<std::size_t>(blob->size()), '\0');
    std::span<std::byte> const room = std::as_writable_bytes(std::span(*bytes));
    std::size_t filled = 0;
    while (filled < room.size()) {
        CO_TRY(auto const got, co_await blob->read(filled, room.subspan(filled)));
        if (got == 0) break;
        filled += got;
    }
    if (filled != room.size()) {
        co_return Error{Errc::io,
                        fmt::format("{} ended after {} of {} bytes", digest.str(), filled, room.size())};
    }
    co_return bytes;
}

}  // namespace

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
        CO_TRY(bytes, co_await read_whole(registry.blobs, fact.digest));
        // What is kept in memory would outlive the mending of what is on disk.
        if (oci::digest_of(fact.digest.algorithm(), *bytes) != fact.digest) {
            co_return Error{
                Errc::io,
                fmt::format("the stored bytes of manifest {} are damaged; push it again", fact.digest.str())};
        }
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
