#include "blob/filesystem/blob_paths.h"

#include "base/hex.h"

namespace ocilot::blob {

namespace {

constexpr std::size_t max_path = 160;  // Bytes; enough for any digest.

}  // namespace

std::string shard_of(oci::Digest const& digest) {
    std::string path;
    path.reserve(max_path);
    path += to_string(digest.algorithm());
    path += '/';
    append_hex(path, digest.bytes().first(1));
    return path;
}

std::string directory_of(oci::Digest const& digest) {
    auto path = shard_of(digest);
    path += '/';
    append_hex(path, digest.bytes());
    return path;
}

std::string path_of(oci::Digest const& digest) {
    auto path = directory_of(digest);
    path += '/';
    path += data_name;
    return path;
}

}  // namespace ocilot::blob
