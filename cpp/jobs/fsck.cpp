#include "jobs/fsck.h"

#include "base/counted.h"
#include "jobs/rehash.h"
#include "oci/children.h"
#include "oci/manifest.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <unordered_set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t page_size = 1000;

constexpr std::array<std::string_view, 14> names{
    "wrong_digest",
    "wrong_size",
    "missing_bytes",
    "quarantined",
    "unreadable",
    "bad_manifest",
    "wrong_edges",
    "dangling_tag",
    "bad_fact",
    "damaged_database",
    "orphan",
    "stray",
    "upload_without_session",
    "session_without_bytes",
};

class Fsck final : public ReadThrottle {
  public:
    Fsck(blob::Storage& blobs, meta::Audit& audit, bool hash, FsckWatcher& watcher)
        : blobs_(blobs), audit_(audit), hash_(hash), watcher_(watcher) {}

    Task<Result<FsckCounts>> run() {
        CO_CHECK(co_await check_database());
        CO_CHECK(co_await check_blobs());
        CO_CHECK(co_await check_links());
        CO_CHECK(co_await check_manifests());
        CO_CHECK(co_await check_tags());
        CO_CHECK(co_await check_uploads());
        co_return counts_;
    }

    Task<Result<>> step(std::size_t bytes) override {
        counts_.bytes += bytes;
        co_return check_cancelled();
    }

  private:
    void report(Finding finding, std::string subject, std::string repository, std::string message) {
        ++(is_error(finding) ? counts_.errors : counts_.notes);
        watcher_.found({finding, std::move(subject), std::move(repository), std::move(message)});
    }

    Result<> check_cancelled() {
        if (watcher_.should_continue()) return {};
        return Error{Errc::cancelled, "check cancelled before it was complete"};
    }

    Task<Result<>> check_database();
    Task<Result<>> check_blobs();
    Task<Result<>> check_blob(oci::Digest digest);
    Task<Result<>> check_bytes(blob::Blob& blob, oci::Digest digest);
    Task<Result<>> check_links();
    Task<> check_link(meta::LinkRecord const& link);
    Task<Result<>> check_manifests();
    Task<> check_manifest(meta::ManifestRecord const& manifest);
    void compare(meta::ManifestRecord const& manifest, std::string const& bytes);
    Task<Result<>> check_tags();
    Task<Result<>> check_uploads();
    Task<bool> has_bytes(oci::Digest digest, std::string repository, bool quarantined);

    /// Calls `check` for each item of a walk; a page that cannot be read ends the walk and is told.
    template <class T>
    Task<Result<>> walk(Task<Result<meta::AuditPage<T>>> (meta::Audit::*pages)(std::string, std::size_t),
                        std::string what, Task<> (Fsck::*check)(T const&)) {
        std::string from;
        do {
            auto const page = co_await (audit_.*pages)(from, page_size);
            if (page.has_error()) {
                report(Finding::unreadable, what, {}, page.error().message);
                co_return Result<>();
            }
            for (auto const& item : page->items) {
                CO_CHECK(check_cancelled());
                co_await (this->*check)(item);
            }
            from = page->next;
        } while (!from.empty());
        co_return Result<>();
    }
    Task<> check_tag(meta::TagRecord const& tag);
    Task<> check_session(meta::SessionRecord const& session);

    blob::Storage& blobs_;
    meta::Audit& audit_;
    bool hash_;
    FsckWatcher& watcher_;
    FsckCounts counts_;
    std::string last_linked_;  // Links to one blob follow each other: one look at its file is enough.
    bool last_found_ = false;
    std::unordered_set<std::string> uploads_;
};

Task<Result<>> Fsck::check_database() {
    auto const damage = co_await audit_.damage();
    if (damage.has_error()) {
        report(Finding::unreadable, "metadata", {}, damage.error().message);
        co_return Result<>();
    }
    for (auto const& text : *damage) {
        report(Finding::damaged_database, "metadata", {},
               fmt::format("the metadata database is damaged: {}; restore it from a backup", text));
    }
    co_return Result<>();
}

Task<Result<>> Fsck::check_blobs() {
    std::optional<oci::Digest> after;
    for (;;) {
        auto const page = co_await blobs_.list(after, page_size);
        if (page.has_error()) {
            report(Finding::unreadable, "blobs", {}, page.error().message);
            co_return Result<>();
        }
        for (auto const& path : page->strays) {
            report(Finding::stray, path, {}, "not a blob, and not created by the registry; remove it");
        }
        for (auto const& digest : page->digests) {
            CO_CHECK(check_cancelled());
            CO_CHECK(co_await check_blob(digest));
        }
        if (page->digests.size() < page_size) co_return Result<>();
        after = page->digests.back();
    }
}

Task<Result<>> Fsck::check_blob(oci::Digest digest) {
    auto const blob = co_await blobs_.inspect(digest);
    if (blob.has_error()) {
        if (blob.error().code != Errc::blob_unknown) {
            report(Finding::unreadable, digest.str(), {}, blob.error().message);
        }
        co_return Result<>();
    }
    ++counts_.blobs;
    auto const size = (*blob)->size();
    auto const usage = co_await audit_.usage(digest);
    if (usage.has_error()) {
        report(Finding::unreadable, digest.str(), {}, usage.error().message);
    } else if (usage->times == 0) {
        report(Finding::orphan, digest.str(), {},
               fmt::format("{} without a repository: a push in progress, or deleted content",
                           counted_bytes(size)));
    } else if (usage->min_size != size || usage->max_size != size) {
        auto const recorded = usage->min_size != size ? usage->min_size : usage->max_size;
        report(
            Finding::wrong_size, digest.str(), {},
            fmt::format("the file has {} instead of {}; push the blob again", counted_bytes(size), recorded));
    }
    if (hash_) {
        CO_CHECK(co_await check_bytes(**blob, digest));
    }
    co_return Result<>();
}

Task<Result<>> Fsck::check_bytes(blob::Blob& blob, oci::Digest digest) {
    auto const actual = co_await rehash(blob, digest.algorithm(), *this);
    if (actual.has_error()) {
        if (actual.error().code == Errc::cancelled) co_return actual.error();
        report(Finding::unreadable, digest.str(), {}, actual.error().message);
    } else if (*actual != digest) {
        report(Finding::wrong_digest, digest.str(), {},
               fmt::format("the bytes have digest {}; run `ocilot jobs run scrub` or move the file away, "
                           "then push the blob again",
                           actual->str()));
    }
    co_return Result<>();
}

/// Tells if a digest that is recorded has no bytes, or none that can be trusted.
Task<bool> Fsck::has_bytes(oci::Digest digest, std::string repository, bool quarantined) {
    if (quarantined) {
        report(Finding::quarantined, digest.str(), std::move(repository),
               "quarantined because of wrong bytes; push it again");
        co_return false;
    }
    auto const size = co_await blobs_.stat(digest);
    if (size.has_value()) co_return true;
    if (size.error().code == Errc::blob_unknown) {
        report(Finding::missing_bytes, digest.str(), std::move(repository),
               "the file is missing; restore it, or delete the blob and push it again");
    } else {
        report(Finding::unreadable, digest.str(), std::move(repository), size.error().message);
    }
    co_return false;
}

Task<Result<>> Fsck::check_links() {
    return walk<meta::LinkRecord>(&meta::Audit::links, "links", &Fsck::check_link);
}

Task<> Fsck::check_link(meta::LinkRecord const& link) {
    ++counts_.links;
    auto const digest = oci::Digest::parse(link.digest);
    if (link.repository.empty() || digest.has_error()) {
        report(Finding::bad_fact, link.digest, link.repository,
               "link record damaged; restore the metadata from a backup");
        co_return;
    }
    if (link.digest == last_linked_ && last_found_) co_return;
    last_linked_ = link.digest;
    last_found_ = co_await has_bytes(*digest, link.repository, link.quarantined);
}

Task<Result<>> Fsck::check_manifests() {
    return walk<meta::ManifestRecord>(&meta::Audit::manifests, "manifests", &Fsck::check_manifest);
}

Task<> Fsck::check_manifest(meta::ManifestRecord const& manifest) {
    ++counts_.manifests;
    auto const digest = oci::Digest::parse(manifest.digest);
    if (manifest.repository.empty() || digest.has_error()) {
        report(Finding::bad_fact, manifest.digest, manifest.repository,
               "manifest record damaged; restore the metadata from a backup");
        co_return;
    }
    bool const there = co_await has_bytes(*digest, manifest.repository, manifest.quarantined);
    if (!there) co_return;
    auto const blob = co_await blobs_.inspect(*digest);
    // Of another size: that was told with the blobs.
    if (blob.has_error() || (*blob)->size() != manifest.size) co_return;
    std::string bytes(static_cast<std::size_t>(manifest.size), '\0');
    auto const read = co_await (*blob)->read(0, std::as_writable_bytes(std::span(bytes)));
    if (read.has_error()) {
        report(Finding::unreadable, manifest.digest, manifest.repository, read.error().message);
    } else {
        compare(manifest, bytes);
    }
}

std::vector<meta::EdgeRecord> edges_of(oci::Manifest const& manifest) {
    std::vector<meta::EdgeRecord> edges;
    for (auto const& child : oci::children_of(manifest)) {
        edges.push_back({child.is_manifest ? "manifest" : "blob", child.descriptor->digest.str()});
    }
    std::ranges::sort(edges);
    auto const repeated = std::ranges::unique(edges);
    edges.erase(repeated.begin(), repeated.end());
    return edges;
}

void Fsck::compare(meta::ManifestRecord const& manifest, std::string const& bytes) {
    // The limits are for pushes: one that was taken is read whatever they were then.
    constexpr oci::JsonLimits any{SIZE_MAX, SIZE_MAX};
    auto const parsed = oci::parse_manifest(bytes, manifest.media_type, any);
    if (parsed.has_error()) {
        report(Finding::bad_manifest, manifest.digest, manifest.repository,
               fmt::format("the bytes are not a valid manifest: {}", parsed.error().message));
        return;
    }
    auto recorded = manifest.edges;
    std::ranges::sort(recorded);
    auto const subject = parsed->subject ? parsed->subject->digest.str() : std::string();
    if (recorded == edges_of(*parsed) && manifest.subject == subject) return;
    report(
        Finding::wrong_edges, manifest.digest, manifest.repository,
        "the recorded references differ from those of the manifest; delete the manifest and push it again");
}

Task<Result<>> Fsck::check_tags() {
    return walk<meta::TagRecord>(&meta::Audit::tags, "tags", &Fsck::check_tag);
}

Task<> Fsck::check_tag(meta::TagRecord const& tag) {
    ++counts_.tags;
    if (!tag.manifest_known) {
        report(Finding::dangling_tag, tag.name, tag.repository,
               fmt::format("its manifest {} is missing; push the tag again or delete it", tag.digest));
    }
    co_return;
}

Task<Result<>> Fsck::check_uploads() {
    auto const held = co_await blobs_.uploads();
    if (held.has_error()) {
        report(Finding::unreadable, "uploads", {}, held.error().message);
        co_return Result<>();
    }
    counts_.uploads = held->size();
    for (auto const& id : *held) uploads_.insert(id.str());
    CO_CHECK(co_await walk<meta::SessionRecord>(&meta::Audit::sessions, "uploads", &Fsck::check_session));
    for (auto const& id : uploads_) {
        report(Finding::upload_without_session, id, {},
               "received bytes without an upload session: a push in progress, or removed at the next start");
    }
    co_return Result<>();
}

Task<> Fsck::check_session(meta::SessionRecord const& session) {
    if (uploads_.erase(session.id) == 0) {
        report(Finding::session_without_bytes, session.id, session.repository,
               "upload session without data; it expires");
    }
    co_return;
}

}  // namespace

std::string_view to_string(Finding finding) noexcept {
    return names[static_cast<std::size_t>(finding)];
}

bool is_error(Finding finding) noexcept {
    return finding < Finding::orphan;
}

Task<Result<FsckCounts>> fsck(blob::Storage& blobs, meta::Audit& audit, bool hash, FsckWatcher& watcher) {
    Fsck check(blobs, audit, hash, watcher);
    co_return co_await check.run();
}

}  // namespace ocilot::jobs
