#include "server/backup.h"

#include "base/counted.h"
#include "base/random.h"
#include "blob/filesystem/backup_directory.h"
#include "blob/filesystem/blob_walk.h"
#include "blob/filesystem/store.h"
#include "jobs/rehash.h"
#include "server/content_transfer.h"
#include "server/sync_wait.h"

#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <utility>

namespace ocilot::server {

namespace {

using blob::Transferred;
using jobs::Finding;

/// Of the metadata. The first one may take hours to copy, each that follows takes what was pushed meanwhile.
constexpr std::uint64_t max_snapshots = 10;
/// How often a digest may be pushed and removed between two looks before its bytes count as lost.
constexpr int max_looks = 3;
constexpr std::size_t walked_at_once = 1000;

constexpr auto const* metadata = "meta.sqlite";
constexpr auto const* next_metadata = "meta.sqlite.new";

std::string in_home(blob::DataDirectory const& directory, char const* name) {
    return (directory.root / "ocilot" / name).string();
}

/// A backup without metadata is one whose first run did not finish.
Result<meta::SqliteSnapshot> open_snapshot(blob::DataDirectory const& directory) {
    auto const path = in_home(directory, metadata);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        return Error{Errc::config,
                     fmt::format("the backup in {} was never completed: run `ocilot backup` again",
                                 directory.root.string())};
    }
    return meta::SqliteSnapshot::open(path);
}

class Backup {
  public:
    Backup(blob::Files& files, blob::DataDirectory const& from, blob::DataDirectory const& to,
           BackupWatcher& watcher)
        : files_(files), to_(to), source_(in_home(from, metadata)), transfer_(files, from, to, watcher) {}

    /// Bytes before metadata, and again with newer metadata if bytes were removed in between.
    Result<BackupCounts> run() {
        auto& counts = transfer_.counts();
        auto const missing = [this](auto const& digest, std::uint64_t size) { return look(digest, size); };
        while (counts.snapshots < max_snapshots) {
            ++counts.snapshots;
            TRY(auto snapshot, meta::SqliteSnapshot::take(source_, in_home(to_, next_metadata)));
            collected_ = false;
            CHECK(transfer_.run(snapshot, missing));
            if (collected_) continue;
            CHECK(transfer_.blobs().sync());
            CHECK(blob::replace_file(to_, files_, next_metadata, metadata));
            CHECK(remove_others(snapshot));
            transfer_.report();
            return counts;
        }
        return Error{
            Errc::unavailable,
            "the registry removes content faster than it can be copied: raise ocilot.gc.grace, or run "
            "this again when less is deleted"};
    }

  private:
    /// Bytes are removed after the metadata that name them: if these still do, somebody else took the bytes.
    Result<Transferred> look(oci::Digest const& digest, std::uint64_t size) {
        for (int looks = 0; looks < max_looks; ++looks) {
            TRY(bool const named, meta::is_named_now(source_, digest));
            if (!named) {
                collected_ = true;
                return Transferred::missing;
            }
            TRY(auto const outcome, transfer_.blobs().bring(digest, size));
            if (outcome != Transferred::missing) return outcome;
        }
        return Transferred::missing;
    }

    /// Removes blobs that the metadata of earlier backups named.
    Result<> remove_others(meta::SqliteSnapshot& snapshot) {
        std::optional<oci::Digest> after;
        for (;;) {
            TRY(auto const page, blob::walk_blobs(files_, to_.blobs.get(), after, walked_at_once));
            for (auto const& digest : page.digests) {
                CHECK(transfer_.check_cancelled());
                TRY(bool const named, snapshot.names(digest));
                if (named) continue;
                CHECK(transfer_.blobs().remove(digest));
                ++transfer_.counts().removed;
            }
            if (page.digests.size() < walked_at_once) return {};
            after = page.digests.back();
        }
    }

    blob::Files& files_;
    blob::DataDirectory const& to_;
    std::string source_;
    ContentTransfer transfer_;
    bool collected_ = false;
};

class Check final : public jobs::ReadThrottle {
  public:
    Check(blob::Storage& blobs, meta::SqliteSnapshot& snapshot, std::filesystem::path root,
          BackupWatcher& watcher)
        : blobs_(blobs), snapshot_(snapshot), root_(std::move(root)), watcher_(watcher) {}

    Task<Result<BackupCounts>> run() {
        CO_TRY(auto const damage, snapshot_.damage());
        for (auto const& text : damage) {
            report(Finding::damaged_database, "metadata",
                   fmt::format("the metadata database is damaged: {}; run `ocilot backup` again", text));
        }
        std::string after;
        for (;;) {
            CO_TRY(auto const page, snapshot_.content(after, walked_at_once));
            if (page.empty()) co_return counts_;
            for (auto const& content : page) {
                CO_CHECK(co_await check(content));
            }
            after = page.back().digest;
        }
    }

    Task<Result<>> step(std::size_t) override {
        if (timer_.is_due()) watcher_.progress(counts_);
        if (watcher_.should_continue()) co_return Result<>();
        co_return Error{Errc::cancelled, "check cancelled before it was complete"};
    }

  private:
    void report(Finding finding, std::string subject, std::string message) {
        ++counts_.errors;
        watcher_.found({finding, std::move(subject), {}, std::move(message)});
    }

    Task<Result<>> check(meta::NamedContent const& content) {
        CO_CHECK(co_await step(0));
        auto const digest = oci::Digest::parse(content.digest);
        if (digest.has_error()) {
            report(Finding::bad_fact, content.digest, "the record is damaged; run `ocilot backup` again");
            co_return Result<>();
        }
        auto const blob = co_await blobs_.inspect(*digest);
        if (blob.has_error()) {
            co_return co_await not_there(*digest, blob.error());
        }
        ++counts_.blobs;
        counts_.bytes += (*blob)->size();
        if ((*blob)->size() != content.size) {
            report(Finding::wrong_size, digest->str(),
                   fmt::format("the file has {} instead of {}; run `ocilot backup` again",
                               counted_bytes((*blob)->size()), content.size));
            co_return Result<>();
        }
        co_return co_await check_bytes(**blob, *digest);
    }

    Task<Result<>> not_there(oci::Digest digest, Error error) {
        CO_TRY(bool const quarantined, snapshot_.is_quarantined(digest));
        if (quarantined) {
            report(Finding::quarantined, digest.str(),
                   "quarantined because of wrong bytes when the backup was made; push it again");
        } else if (error.code == Errc::blob_unknown) {
            report(Finding::missing_bytes, digest.str(), "the file is missing; run `ocilot backup` again");
        } else {
            report(Finding::unreadable, digest.str(), std::move(error.message));
        }
        co_return Result<>();
    }

    Task<Result<>> check_bytes(blob::Blob& blob, oci::Digest digest) {
        auto const actual = co_await jobs::rehash(blob, digest.algorithm(), *this);
        if (actual.has_error()) {
            if (actual.error().code == Errc::cancelled) co_return actual.error();
            report(Finding::unreadable, digest.str(), actual.error().message);
        } else if (*actual != digest) {
            report(Finding::wrong_digest, digest.str(),
                   fmt::format("the bytes have digest {}; remove {} and run `ocilot backup` again",
                               actual->str(), file_of(digest)));
        }
        co_return Result<>();
    }

    [[nodiscard]] std::string file_of(oci::Digest const& digest) const {
        auto const hex = digest.hex();
        return (root_ / "docker/registry/v2/blobs" / to_string(digest.algorithm()) / hex.substr(0, 2) / hex /
                "data")
            .string();
    }

    blob::Storage& blobs_;
    meta::SqliteSnapshot& snapshot_;
    std::filesystem::path root_;
    BackupWatcher& watcher_;
    BackupCounts counts_;
    ProgressTimer timer_;
};

}  // namespace

Result<BackupCounts> back_up(std::string const& root, std::string const& directory, BackupWatcher& watcher) {
    blob::SystemFiles files;
    TRY(auto const from, blob::DataDirectory::open_for_reading(root, files));
    if (blob::is_backup(from.root)) return blob::cannot_serve_backup(from.root);
    TRY(auto const to, blob::open_backup(directory, files));
    auto done = Backup(files, from, to, watcher).run();
    // It may be large, and the disk full.
    if (done.has_error()) files.unlink(AT_FDCWD, in_home(to, next_metadata).c_str(), 0);
    return done;
}

Result<BackupCounts> check_backup(std::string const& directory, BackupWatcher& watcher) {
    blob::SystemFiles files;
    TRY(auto const found, blob::open_backup_for_reading(directory, files));
    TRY(auto snapshot, open_snapshot(found));
    BlockingPool pool(1);
    SystemRandom random;
    TRY(auto const blobs, blob::FilesystemStore::open_for_reading(found.root, pool, random));
    Check check(*blobs, snapshot, found.root, watcher);
    return sync_wait(check.run());
}

Result<BackupCounts> restore_backup(std::string const& directory, std::string const& root,
                                    BackupWatcher& watcher) {
    blob::SystemFiles files;
    TRY(auto const from, blob::open_backup_for_reading(directory, files));
    TRY(auto snapshot, open_snapshot(from));
    TRY(auto const to, blob::open_for_restore(root, files));
    ContentTransfer transfer(files, from, to, watcher);
    CHECK(transfer.run(snapshot, [](auto const&, std::uint64_t) { return Transferred::missing; }));
    // Never a link: a registry writes to it.
    CHECK(meta::SqliteSnapshot::copy(in_home(from, metadata), in_home(to, next_metadata)));
    CHECK(transfer.blobs().sync());
    CHECK(blob::replace_file(to, files, next_metadata, metadata));
    CHECK(blob::end_restore(to, files));
    transfer.report();
    return transfer.counts();
}

}  // namespace ocilot::server
