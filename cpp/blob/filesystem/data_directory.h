#pragma once

#include "base/fd.h"
#include "base/result.h"
#include "blob/filesystem/files.h"

#include <filesystem>
#include <string>

namespace ocilot::blob {

/// The directory a file-system store lives in, made, checked and locked:
///   docker/registry/v2/blobs/<algorithm>/<2 hex>/<hex>/data   blobs, where distribution keeps them
///   ocilot/uploads/<2 hex of the id>/<id>                     uploads, one file each
///   ocilot/quarantine/<algorithm>/<hex>                       what was a blob and has wrong bytes
///   ocilot/lock                                               held by the process that uses it
struct DataDirectory {
    std::filesystem::path root;  ///< Absolute.
    Fd lock;
    Fd blobs;
    Fd uploads;
    Fd quarantine;  ///< None in one opened for reading.

    /// Makes what is missing, durably, and takes the lock until the result goes away.
    /// config, with what to do, if the directory cannot be used or another process uses it.
    /// So it is with one that another user could change: of another owner than root or the user who runs
    /// this, or writable by every user; symbolic links in it are checked in the same way.
    static Result<DataDirectory> open(std::filesystem::path const& root, Files& files);
    /// Makes nothing and takes no lock. config if there is no data directory.
    static Result<DataDirectory> open_for_reading(std::filesystem::path const& root, Files& files);
};

/// The directory whose blobs every user of the machine can read, as distribution makes it; empty if they
/// cannot.
[[nodiscard]] std::string readable_by_others(std::filesystem::path const& root);

}  // namespace ocilot::blob
