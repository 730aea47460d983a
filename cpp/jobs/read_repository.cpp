#include "jobs/read_repository.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

namespace ocilot::jobs {

namespace {

using retention::Index;

constexpr std::size_t page_size = 1000;  // A millisecond or two.

/// Lets other work of the thread run.
Task<Result<>> yield(Round const& round) {
    co_return co_await round.pause_until(Round::Ticks::now());
}

Result<oci::Annotations> annotations_of(std::string const& json) {
    if (json == "{}") return oci::Annotations();
    auto const object = nlohmann::json::parse(json, nullptr, false);
    oci::Annotations found;
    if (!object.is_object()) return Error{Errc::io, "the annotations of a manifest are damaged"};
    for (auto const& [key, value] : object.items()) {
        if (value.is_string()) found.emplace(key, value.get<std::string>());
    }
    return found;
}

/// Reads the parts of one repository, one after the other.
class Reader {
  public:
    Reader(meta::Retention& store, oci::RepositoryName name, Round const& round)
        : store_(store), round_(round), repository_{.name = std::move(name)} {}

    Task<Result<retention::Repository>> run() {
        CO_CHECK(co_await read_manifests());
        CO_CHECK(co_await read_links());
        CO_CHECK(co_await read_edges());
        CO_CHECK(co_await read_tags());
        co_return std::move(repository_);
    }

  private:
    Task<Result<>> read_manifests() {
        meta::Page page{{}, page_size};
        for (bool more = true; more;) {
            CO_TRY(auto found, co_await store_.manifests(repository_.name, page));
            for (auto& each : found.items) {
                CO_TRY(auto annotations, annotations_of(each.annotations_json));
                ids_.emplace(each.id, static_cast<Index>(repository_.manifests.size()));
                repository_.manifests.push_back({.digest = each.digest,
                                                 .size = each.size,
                                                 .pushed_at = each.pushed_at,
                                                 .released_at = each.released_at,
                                                 .subject = each.subject,
                                                 .subject_restorable = each.subject_restorable,
                                                 .artifact_type = std::move(each.artifact_type),
                                                 .annotations = std::move(annotations),
                                                 .media_type = std::move(each.media_type)});
            }
            more = found.more;
            if (more) page.after = found.items.back().digest.str();
            CO_CHECK(co_await yield(round_));
        }
        co_return Result<>();
    }
    Task<Result<>> read_links() {
        meta::Page page{{}, page_size};
        for (bool more = true; more;) {
            CO_TRY(auto const found, co_await store_.links(repository_.name, page));
            for (auto const& link : found.items) repository_.blobs.push_back({link.digest, link.size});
            more = found.more;
            if (more) page.after = found.items.back().digest.str();
            CO_CHECK(co_await yield(round_));
        }
        co_return Result<>();
    }
    Task<Result<>> read_edges() {
        meta::EdgePlace place;
        std::size_t blob = 0;  // Both lists are sorted by digest.
        for (bool more = true; more;) {
            CO_TRY(auto const found, co_await store_.edges(repository_.name, place, page_size));
            for (auto const& edge : found) add_edge(edge, blob);
            more = found.size() == page_size;
            if (more) {
                auto const& last = found.back();
                place = {last.child.str(), last.manifest, last.to_manifest ? "manifest" : "blob"};
            }
            CO_CHECK(co_await yield(round_));
        }
        std::ranges::sort(repository_.parents);
        co_return Result<>();
    }
    void add_edge(meta::RetentionEdge const& edge, std::size_t& blob) {
        auto const holder = ids_.find(edge.manifest);
        if (holder == ids_.end()) return;
        if (edge.to_manifest) {
            auto const child = repository_.find_manifest(edge.child);
            if (child != retention::no_index) repository_.parents.emplace_back(child, holder->second);
            return;
        }
        auto const& blobs = repository_.blobs;
        while (blob < blobs.size() && blobs[blob].digest < edge.child) ++blob;
        if (blob == blobs.size() || blobs[blob].digest != edge.child) return;
        repository_.holders.emplace_back(static_cast<Index>(blob), holder->second);
    }
    Task<Result<>> read_tags() {
        meta::Page page{{}, page_size};
        for (bool more = true; more;) {
            CO_TRY(auto found, co_await store_.tags(repository_.name, page));
            more = found.more;
            if (more) page.after = found.items.back().name;
            for (auto& tag : found.items) {
                auto const manifest = repository_.find_manifest(tag.digest);
                if (manifest == retention::no_index) continue;
                repository_.tags.push_back(
                    {std::move(tag.name), manifest, tag.pushed_at, tag.subject_restorable});
            }
            CO_CHECK(co_await yield(round_));
        }
        co_return Result<>();
    }

    meta::Retention& store_;
    Round const& round_;
    retention::Repository repository_;
    std::unordered_map<std::int64_t, Index> ids_;  // Of manifests, as edges name them.
};

}  // namespace

Task<Result<retention::Repository>> read_repository(meta::Retention& store, oci::RepositoryName name,
                                                    InUseLists const& lists, UnreadReleases& unread,
                                                    Round const& round) {
    Reader reader(store, name, round);
    CO_TRY(auto repository, co_await reader.run());
    CO_CHECK(co_await unread.read(round));
    unread.correct(repository);
    for (auto const& [path, list] : lists) {
        auto const used = list.find(name.str());
        if (used == list.end()) continue;
        for (auto const& reference : used->second) repository.in_use.emplace(path, reference);
    }
    co_return repository;
}

Task<Result<std::uint64_t>> freed_bytes(meta::Retention& store, retention::Repository const& repository,
                                        retention::Freed const& freed, Round const& round) {
    std::vector<retention::BlobEntry> all;
    for (auto const index : freed.manifests) {
        auto const& manifest = repository.manifests[index];
        all.push_back({manifest.digest, manifest.size});
    }
    for (auto const index : freed.blobs) all.push_back(repository.blobs[index]);
    std::uint64_t bytes = 0;
    for (std::size_t at = 0; at < all.size(); at += page_size) {
        auto const end = std::min(at + page_size, all.size());
        std::vector<oci::Digest> digests;
        for (auto i = at; i < end; ++i) digests.push_back(all[i].digest);
        CO_TRY(auto const held, co_await store.held_elsewhere(repository.name, std::move(digests)));
        std::unordered_set<oci::Digest> const elsewhere(held.begin(), held.end());
        for (auto i = at; i < end; ++i) bytes += elsewhere.contains(all[i].digest) ? 0 : all[i].size;
        CO_CHECK(co_await yield(round));
    }
    co_return bytes;
}

}  // namespace ocilot::jobs
