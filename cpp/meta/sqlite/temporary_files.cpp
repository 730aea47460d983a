#include "meta/sqlite/temporary_files.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <sqlite3.h>
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
    auto* const place = ::sqlite3_mprintf("%s", std::filesystem::absolute(directory).c_str());
    char* none = nullptr;
    bool const is_first = std::atomic_ref(sqlite3_temp_directory).compare_exchange_strong(none, place);
    if (!is_first) ::sqlite3_free(place);
}

}  // namespace ocilot::meta
