#include "blob/filesystem/blob_tree.h"

#include "base/counted.h"
#include "blob/filesystem/blob_paths.h"
#include "blob/filesystem/blob_walk.h"
#include "blob/filesystem/modes.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/statvfs.h>
#include <utility>

namespace ocilot::blob {

namespace {

/// How often the directory of a blob may be removed under a push of it before that is an error.
constexpr int max_races = 100;

std::string shard_of(Uuid const& id) {
    return id.str().substr(0, 2);
}

std::string path_of(Uuid const& id) {
    auto const name = id.str();
    std::string path;
    path.reserve(3 + name.size());
    path.append(name, 0, 2).push_back('/');
    return path.append(name);
}

Error unknown(oci::Digest const& digest) {
    return {Errc::blob_unknown, fmt::format("blob {} is not in the store; push it first", digest.str())};
}

Error failed(std::int64_t answer, std::string_view doing, oci::Digest const& digest) {
    return system_error(static_cast<int>(-answer), fmt::format("cannot {} blob {}", doing, digest.str()));
}

}  // namespace

BlobTree::BlobTree(DataDirectory directory, std::unique_ptr<Files> files, Random& random)
    : directory_(std::move(directory)),
      files_(std::move(files)),
      random_(random),
      nameless_(can_link_nameless()) {}

// Asked once: file systems without O_TMPFILE and systems without /proc take the way by a name and rename.
bool BlobTree::can_link_nameless() {
    StagedFile file{Fd(files_->open(directory_.uploads.get(), ".", O_TMPFILE | O_RDWR, file_mode))};
    if (!file.fd) return false;
    bool const linked = name_in_uploads(file) == 0;
    drop(std::move(file));
    return linked;
}

int BlobTree::name_in_uploads(StagedFile& file) {
    auto const id = Uuid::random(random_);
    auto name = path_of(id);
    int linked = files_->link(file.fd.get(), directory_.uploads.get(), name.c_str());
    if (linked == -ENOENT) {
        int const made = files_->mkdir(directory_.uploads.get(), shard_of(id).c_str(), directory_mode);
        if (made < 0 && made != -EEXIST) return made;
        linked = files_->link(file.fd.get(), directory_.uploads.get(), name.c_str());
    }
    if (linked == 0) file.name = std::move(name);
    return linked;
}

Result<StagedFile> BlobTree::create_upload(Uuid const& id) {
    constexpr int flags = O_RDWR | O_CREAT | O_EXCL;
    auto path = path_of(id);
    int fd = files_->open(directory_.uploads.get(), path.c_str(), flags, file_mode);
    if (fd == -ENOENT) {
        int const made = files_->mkdir(directory_.uploads.get(), shard_of(id).c_str(), directory_mode);
        if (made < 0 && made != -EEXIST)
            return system_error(-made, fmt::format("cannot create upload {}", id.str()));
        fd = files_->open(directory_.uploads.get(), path.c_str(), flags, file_mode);
    }
    if (fd == -EEXIST) {
        return Error{Errc::conflict, fmt::format("upload {} already exists; start another one", id.str())};
    }
    if (fd < 0) return system_error(-fd, fmt::format("cannot create upload {}", id.str()));
    return StagedFile{Fd(fd), std::move(path)};
}

Result<StagedFile> BlobTree::open_upload(Uuid const& id) {
    auto path = path_of(id);
    int const fd = files_->open(directory_.uploads.get(), path.c_str(), O_RDWR | O_NOFOLLOW, 0);
    if (fd == -ENOENT) {
        return Error{Errc::upload_unknown,
                     fmt::format("upload {} has no data; start the upload again", id.str())};
    }
    if (fd < 0) return system_error(-fd, fmt::format("cannot open upload {}", id.str()));
    return StagedFile{Fd(fd), std::move(path)};
}

Result<std::vector<Uuid>> BlobTree::uploads() {
    std::vector<std::string> shards;
    int listed = files_->list(directory_.uploads.get(), ".", shards);
    std::vector<Uuid> ids;
    for (auto const& shard : shards) {
        std::vector<std::string> names;
        if (listed == 0) listed = files_->list(directory_.uploads.get(), shard.c_str(), names);
        if (listed == -ENOTDIR) listed = 0;  // Not ours.
        for (auto const& name : names) {
            auto const id = Uuid::parse(name);
            if (id && shard_of(*id) == shard) ids.push_back(*id);
        }
    }
    if (listed < 0) return system_error(-listed, "cannot list the uploads");
    return ids;
}

Result<> BlobTree::discard_upload(Uuid const& id) {
    int const removed = files_->unlink(directory_.uploads.get(), path_of(id).c_str(), 0);
    if (removed < 0 && removed != -ENOENT)
        return system_error(-removed, fmt::format("cannot remove upload {}", id.str()));
    return {};
}

Result<StagedFile> BlobTree::stage(std::span<std::byte const> bytes) {
    StagedFile file;
    if (nameless_) {
        int const fd = files_->open(directory_.uploads.get(), ".", O_TMPFILE | O_RDWR, file_mode);
        if (fd < 0) return system_error(-fd, "cannot create a file in the store");
        file.fd = Fd(fd);
    } else {
        TRY(file, create_upload(Uuid::random(random_)));
    }
    int problem = write_fully(*files_, file.fd.get(), bytes, 0).error;
    if (problem == 0) problem = files_->sync(file.fd.get(), Sync::data);
    if (problem == 0) return file;
    drop(std::move(file));
    return system_error(-problem, fmt::format("cannot write {} to the store", counted_bytes(bytes.size())));
}

Result<> BlobTree::publish(StagedFile& file, oci::Digest const& digest) {
    auto const path = directory_of(digest);
    int problem = 0;
    for (int race = 0; race < max_races; ++race) {
        problem = make_blob_directory(digest, path);
        if (problem == 0) {
            int const fd = files_->open(directory_.blobs.get(), path.c_str(), O_RDONLY | O_DIRECTORY, 0);
            Fd const directory(fd);
            problem = fd < 0 ? fd : give_name(file, fd);
            if (problem == 0) problem = sync_names(digest, fd);
            if (problem == 0) {
                drop(std::move(file));
                return {};
            }
        }
        // Something that is no file has the blob's name: it goes aside, as wrong bytes do.
        if (problem == -EISDIR) {
            CHECK(quarantine(digest));
            continue;
        }
        // -ENOENT: a removal took the directory away again. -EEXIST: another push of the same bytes was
        // first.
        if (problem != -ENOENT && problem != -EEXIST) break;
    }
    return failed(problem, "store", digest);
}

int BlobTree::make_blob_directory(oci::Digest const& digest, std::string const& path) {
    int made = files_->mkdir(directory_.blobs.get(), path.c_str(), directory_mode);
    if (made == -ENOENT) {
        int const shard = files_->mkdir(directory_.blobs.get(), shard_of(digest).c_str(), directory_mode);
        if (shard < 0 && shard != -EEXIST) return shard;
        if (shard == 0) shard_synced(digest) = false;
        made = files_->mkdir(directory_.blobs.get(), path.c_str(), directory_mode);
    }
    return made == -EEXIST ? 0 : made;
}

int BlobTree::give_name(StagedFile& file, int directory) {
    auto const present = files_->size(directory, data_name);
    if (present < 0 && present != -ENOENT) return static_cast<int>(present);
    if (present < 0 && file.name.empty()) return files_->link(file.fd.get(), directory, data_name);
    // The disk may have spoiled the one that is there, and these bytes are good. It is replaced in one step:
    // a removal first could lose both.
    if (file.name.empty()) {
        if (int const problem = name_in_uploads(file); problem < 0) return problem;
    }
    // Not link and unlink: a crash in between would leave an upload to go on with inside the blob's own file.
    int const moved = files_->rename(directory_.uploads.get(), file.name.c_str(), directory, data_name);
    if (moved == 0) file = StagedFile{};
    return moved;
}

int BlobTree::sync_names(oci::Digest const& digest, int directory) {
    if (int const problem = files_->sync(directory, Sync::entries); problem < 0) return problem;
    // Also if another push made the entries: it may not have come to the sync yet.
    if (int const problem = sync_directory(directory_.blobs.get(), shard_of(digest).c_str()); problem < 0)
        return problem;
    if (shard_synced(digest)) return 0;
    std::string const algorithm(to_string(digest.algorithm()));
    int const problem = sync_directory(directory_.blobs.get(), algorithm.c_str());
    if (problem == 0) shard_synced(digest) = true;
    return problem;
}

int BlobTree::sync_directory(int at, char const* path) {
    int const fd = files_->open(at, path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return fd;
    Fd const directory(fd);
    return files_->sync(fd, Sync::entries);
}

std::atomic<bool>& BlobTree::shard_synced(oci::Digest const& digest) noexcept {
    auto const algorithm = digest.algorithm() == oci::Algorithm::sha256 ? 0U : 1U;
    return shards_synced_[algorithm][std::to_integer<std::size_t>(digest.bytes()[0])];
}

void BlobTree::drop(StagedFile file) noexcept {
    // What cannot be unlinked is an orphan among the uploads, removed with them.
    if (!file.name.empty()) files_->unlink(directory_.uploads.get(), file.name.c_str(), 0);
}

Result<> BlobTree::put(oci::Digest const& digest, std::span<std::byte const> bytes) {
    // Manifests and configurations are pushed again and again: one that is there needs no second copy.
    if (holds(digest, bytes)) {
        auto const path = directory_of(digest);
        Fd const directory(files_->open(directory_.blobs.get(), path.c_str(), O_RDONLY | O_DIRECTORY, 0));
        if (directory && sync_names(digest, directory.get()) == 0) return {};
    }
    TRY(StagedFile file, stage(bytes));
    auto published = publish(file, digest);
    if (published.has_error()) drop(std::move(file));
    return published;
}

/// Compared, not only measured: bytes that the disk has spoiled are replaced by the good ones.
bool BlobTree::holds(oci::Digest const& digest, std::span<std::byte const> bytes) {
    auto const present = size(digest);
    if (present.has_error() || *present != bytes.size()) return false;
    auto const file = open(digest);
    if (file.has_error()) return false;
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(bytes.size());
    std::span const held(buffer.get(), bytes.size());
    auto const n = read_fully(*files_, file->get(), held, 0);
    return n == static_cast<std::int64_t>(held.size()) && std::ranges::equal(held, bytes);
}

Result<std::uint64_t> BlobTree::size(oci::Digest const& digest) {
    auto const size = files_->size(directory_.blobs.get(), path_of(digest).c_str());
    if (size == -ENOENT) return unknown(digest);
    if (size < 0) return failed(size, "find", digest);
    return static_cast<std::uint64_t>(size);
}

Result<Fd> BlobTree::open(oci::Digest const& digest) {
    int const fd = files_->open(directory_.blobs.get(), path_of(digest).c_str(), O_RDONLY, 0);
    if (fd == -ENOENT) return unknown(digest);
    if (fd < 0) return failed(fd, "open", digest);
    return Fd(fd);
}

Result<std::uint64_t> BlobTree::unlink(oci::Digest const& digest) {
    TRY(auto const bytes, size(digest));
    int const removed = files_->unlink(directory_.blobs.get(), path_of(digest).c_str(), 0);
    if (removed == -ENOENT) return unknown(digest);
    if (removed < 0) return failed(removed, "remove", digest);
    files_->unlink(directory_.blobs.get(), directory_of(digest).c_str(), AT_REMOVEDIR);
    return bytes;
}

Result<RemovedBlobs> BlobTree::remove_all(std::span<oci::Digest const> digests) {
    RemovedBlobs answer;
    for (auto const& digest : digests) {
        auto const bytes = unlink(digest);
        if (bytes.has_value()) {
            ++answer.blobs;
            answer.bytes += *bytes;
        } else if (bytes.error().code == Errc::blob_unknown) {
            ++answer.missing;
        } else {
            answer.failed.emplace_back(digest, bytes.error());
        }
    }
    return answer;
}

Result<> BlobTree::remove(oci::Digest const& digest) {
    auto const path = directory_of(digest);
    int const fd = files_->open(directory_.blobs.get(), path.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (fd == -ENOENT) return unknown(digest);
    if (fd < 0) return failed(fd, "remove", digest);
    Fd const directory(fd);
    int const removed = files_->unlink(fd, data_name, 0);
    if (removed == -ENOENT) return unknown(digest);
    if (removed < 0) return failed(removed, "remove", digest);
    if (int const synced = files_->sync(fd, Sync::entries); synced < 0)
        return failed(synced, "remove", digest);
    // The blob is gone for good; the directory stays if a push has just put the blob back, or as a husk.
    files_->unlink(directory_.blobs.get(), path.c_str(), AT_REMOVEDIR);
    return {};
}

Result<Listing> BlobTree::list(std::optional<oci::Digest> const& after, std::size_t limit) {
    return walk_blobs(*files_, directory_.blobs.get(), after, limit);
}

Result<> BlobTree::quarantine(oci::Digest const& digest) {
    auto const path = directory_of(digest);
    int const fd = files_->open(directory_.blobs.get(), path.c_str(), O_RDONLY | O_DIRECTORY, 0);
    if (fd == -ENOENT) return unknown(digest);
    if (fd < 0) return failed(fd, "quarantine", digest);
    Fd const directory(fd);
    std::string const algorithm(to_string(digest.algorithm()));
    int problem = files_->mkdir(directory_.quarantine.get(), algorithm.c_str(), directory_mode);
    if (problem == 0) problem = files_->sync(directory_.quarantine.get(), Sync::entries);
    if (problem < 0 && problem != -EEXIST) return failed(problem, "quarantine", digest);
    auto const aside = fmt::format("{}/{}", algorithm, digest.hex());
    problem = files_->rename(fd, data_name, directory_.quarantine.get(), aside.c_str());
    if (problem == -ENOENT) return unknown(digest);
    if (problem == 0) problem = sync_directory(directory_.quarantine.get(), algorithm.c_str());
    if (problem == 0) problem = files_->sync(fd, Sync::entries);
    if (problem < 0) return failed(problem, "quarantine", digest);
    files_->unlink(directory_.blobs.get(), path.c_str(), AT_REMOVEDIR);
    return {};
}

Result<Capacity> BlobTree::capacity() const {
    struct statvfs found{};
    if (::statvfs(directory_.root.c_str(), &found) != 0)
        return system_error(errno, "cannot read the free space of the data directory");
    return Capacity{.total = std::uint64_t{found.f_blocks} * found.f_frsize,
                    .free = std::uint64_t{found.f_bavail} * found.f_frsize};
}

Result<> BlobTree::probe() {
    std::array<std::byte, 4096> written;
    std::array<std::byte, 4096> read;
    random_.fill(written);
    TRY(StagedFile file, stage(written));
    auto const n = read_fully(*files_, file.fd.get(), read, 0);
    drop(std::move(file));
    if (n < 0) return system_error(static_cast<int>(-n), "cannot read back data written to the store");
    if (n == static_cast<std::int64_t>(read.size()) && read == written) return {};
    return Error{Errc::io,
                 fmt::format("data directory {} returned other bytes than were written; check the disk",
                             directory_.root.string())};
}

}  // namespace ocilot::blob
