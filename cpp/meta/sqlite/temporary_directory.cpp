#include "meta/sqlite/temporary_directory.h"

#include <cerrno>
#include <cstdlib>
#include <fmt/format.h>
#include <system_error>

namespace ocilot::meta {

Result<TemporaryDirectory> TemporaryDirectory::make() {
    std::error_code problem;
    auto const parent = std::filesystem::temp_directory_path(problem);
    if (problem) {
        return Error{Errc::config,
                     fmt::format("no directory for temporary files ({}); create /tmp or set TMPDIR",
                                 problem.message())};
    }
    auto name = (parent / "ocilot-meta-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
        return Error{Errc::config,
                     fmt::format("cannot create a temporary directory in {}: {}; make it writable or set "
                                 "TMPDIR",
                                 parent.string(), std::generic_category().message(errno))};
    }
    return TemporaryDirectory(std::move(name));
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;  // What cannot be removed is left to whoever cleans /tmp.
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace ocilot::meta
