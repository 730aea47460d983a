#include "blob/filesystem/blob_transfer.h"

#include "blob/filesystem/blob_paths.h"
#include "blob/filesystem/modes.h"
#include "blob/filesystem/resident_pages.h"
#include "oci/hasher.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <span>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace ocilot::blob {

namespace {

/// What is being brought, among the uploads, where no upload is called so.
constexpr auto const* incoming = "incoming";
constexpr std::size_t copied_at_once = 1024 * 1024;

/// 0 and what is there, or the errno value.
int look_up(int blobs, std::string const& path, struct stat& found) {
    return ::fstatat(blobs, path.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
}

bool is_absent(int errno_value) {
    return errno_value == ENOENT || errno_value == ENOTDIR;
}

bool has_size(struct stat const& found, std::uint64_t size) {
    return S_ISREG(found.st_mode) && static_cast<std::uint64_t>(found.st_size) == size;
}

/// The file systems, the owner of the file or the count of its links forbid it.
bool is_link_refused(int errno_value) {
    return errno_value == EXDEV || errno_value == EPERM || errno_value == EACCES || errno_value == EMLINK ||
           errno_value == EOPNOTSUPP;
}

}  // namespace

BlobTransfer::BlobTransfer(Files& files, DataDirectory const& from, DataDirectory const& to, Step step)
    : files_(files), from_(from), to_(to), step_(std::move(step)) {}

Error BlobTransfer::cannot_write(int errno_value, oci::Digest const& digest) const {
    return system_error(errno_value,
                        fmt::format("cannot write blob {} to {}", digest.str(), to_.root.string()));
}

Result<Transferred> BlobTransfer::bring(oci::Digest const& digest, std::uint64_t size) {
    auto const path = path_of(digest);
    struct stat here{};
    struct stat there{};
    int const no_here = look_up(to_.blobs.get(), path, here);
    if (no_here != 0 && !is_absent(no_here)) return cannot_write(no_here, digest);
    int const no_there = look_up(from_.blobs.get(), path, there);
    bool const is_here = no_here == 0 && has_size(here, size);
    bool const is_there = no_there == 0 && has_size(there, size);
    bool const one_file_system = is_here && is_there && here.st_dev == there.st_dev;
    if (is_here && (!one_file_system || here.st_ino == there.st_ino)) return Transferred::present;
    if (no_there != 0) return is_absent(no_there) ? Transferred::missing : Transferred::unreadable;
    if (!is_there) return Transferred::wrong_size;
    TRY(auto const linked, link(digest, path));
    if (linked) return *linked;
    if (is_here) return Transferred::present;
    return copy(digest, size);
}

/// Nothing if the file has to be copied.
Result<std::optional<Transferred>> BlobTransfer::link(oci::Digest const& digest, std::string const& path) {
    // What a process that was killed has left.
    int const left = files_.unlink(to_.uploads.get(), incoming, 0);
    if (left < 0 && left != -ENOENT) return cannot_write(-left, digest);
    if (::linkat(from_.blobs.get(), path.c_str(), to_.uploads.get(), incoming, 0) != 0) {
        if (is_absent(errno)) return std::optional(Transferred::missing);
        if (is_link_refused(errno)) return std::optional<Transferred>();
        return cannot_write(errno, digest);
    }
    CHECK(place(digest));
    return std::optional(Transferred::linked);
}

Result<Transferred> BlobTransfer::copy(oci::Digest const& digest, std::uint64_t size) {
    int const opened = files_.open(from_.blobs.get(), path_of(digest).c_str(), O_RDONLY | O_NOFOLLOW, 0);
    if (opened < 0) return is_absent(-opened) ? Transferred::missing : Transferred::unreadable;
    Fd const from(opened);
    int const made = files_.open(to_.uploads.get(), incoming, O_WRONLY | O_CREAT | O_EXCL, file_mode);
    if (made < 0) return cannot_write(-made, digest);
    Fd const to(made);
    auto const copied = copy_bytes(from.get(), to.get(), digest, size);
    if (copied.has_value() && *copied == Transferred::copied) {
        CHECK(place(digest));
    } else {
        files_.unlink(to_.uploads.get(), incoming, 0);
    }
    return copied;
}

Result<Transferred> BlobTransfer::copy_bytes(int from, int to, oci::Digest const& digest,
                                             std::uint64_t size) {
    auto const buffer = std::make_unique_for_overwrite<std::byte[]>(copied_at_once);
    oci::Hasher hasher(digest.algorithm());
    for (std::uint64_t done = 0; done < size;) {
        auto const wanted = static_cast<std::size_t>(std::min<std::uint64_t>(copied_at_once, size - done));
        std::span<std::byte> const piece(buffer.get(), wanted);
        ResidentPages const before(from, done, wanted);
        auto const got = read_fully(files_, from, piece, done);
        before.forget_others();
        if (got < 0) return Transferred::unreadable;
        if (static_cast<std::size_t>(got) < wanted) return Transferred::wrong_size;
        hasher.update(piece);
        if (int const problem = write_fully(files_, to, piece, done).error; problem != 0) {
            return cannot_write(-problem, digest);
        }
        files_.write_back(to, done, wanted);
        done += wanted;
        CHECK(step_());
    }
    if (hasher.digest() != digest) return Transferred::wrong_digest;
    if (int const synced = files_.sync(to, Sync::data); synced < 0) return cannot_write(-synced, digest);
    ::posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED);
    return Transferred::copied;
}

/// Gives what is complete its name, in place of what has it.
Result<> BlobTransfer::place(oci::Digest const& digest) {
    int made = files_.mkdir(to_.blobs.get(), shard_of(digest).c_str(), directory_mode);
    if (made == 0 || made == -EEXIST) {
        made = files_.mkdir(to_.blobs.get(), directory_of(digest).c_str(), directory_mode);
    }
    if (made < 0 && made != -EEXIST) return cannot_write(-made, digest);
    int const moved = files_.rename(to_.uploads.get(), incoming, to_.blobs.get(), path_of(digest).c_str());
    if (moved < 0) return cannot_write(-moved, digest);
    return {};
}

Result<> BlobTransfer::remove(oci::Digest const& digest) {
    int const removed = files_.unlink(to_.blobs.get(), path_of(digest).c_str(), 0);
    if (removed < 0 && !is_absent(-removed)) {
        return system_error(-removed,
                            fmt::format("cannot remove blob {} from {}", digest.str(), to_.root.string()));
    }
    files_.unlink(to_.blobs.get(), directory_of(digest).c_str(), AT_REMOVEDIR);
    return {};
}

Result<> BlobTransfer::sync() {
    if (::syncfs(to_.blobs.get()) != 0) {
        return system_error(errno, fmt::format("cannot write {} to disk", to_.root.string()));
    }
    return {};
}

}  // namespace ocilot::blob
