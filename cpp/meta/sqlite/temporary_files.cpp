#include "meta/sqlite/temporary_files.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <sqlite3.h>
#include <string>
#include <unistd.h>

namespace ocilot::meta {

namespace {

constexpr char const* chosen_by_user = "SQLITE_TMPDIR";

bool is_writable(char const* directory) {
    return directory != nullptr && ::access(directory, W_OK | X_OK) == 0;
}

}  // namespace

bool has_place_for_temporary_files() {
    std::array<char const*, 5> const places{std::getenv(chosen_by_user), std::getenv("TMPDIR"), "/var/tmp",
                                            "/usr/tmp", "/tmp"};
    return std::ranges::any_of(places, is_writable);
}

void put_temporary_files_in(std::filesystem::path const& directory) {
    if (is_writable(std::getenv(chosen_by_user))) return;
    // SQLite has read the environment when its first connection was opened, perhaps by another part of the
    // process: a variable that is set now would be too late.
    static std::once_flag once;
    std::call_once(once, [&directory] {
        auto const place = std::filesystem::absolute(directory).string();
        sqlite3_temp_directory = ::sqlite3_mprintf("%s", place.c_str());
    });
}

}  // namespace ocilot::meta
