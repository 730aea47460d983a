#include "auth/file_version.h"

#include <sys/stat.h>

namespace ocilot::auth {

FileVersion file_version(std::string const& path) {
    struct stat s{};
    if (path.empty() || ::stat(path.c_str(), &s) != 0) return {};
    return {static_cast<std::int64_t>(s.st_dev), static_cast<std::int64_t>(s.st_ino), s.st_size,
            s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

}  // namespace ocilot::auth
