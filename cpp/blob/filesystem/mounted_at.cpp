#include "blob/filesystem/mounted_at.h"

#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <sstream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace ocilot::blob {

std::string mounted_at(std::string const& mounts, unsigned major, unsigned minor) {
    auto const device = fmt::format("{}:{}", major, minor);
    std::istringstream lines(mounts);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string id;
        std::string parent;
        std::string number;
        std::string root;
        std::string place;
        words >> id >> parent >> number >> root >> place;
        if (number != device) continue;
        // Options follow, any number of them, up to a dash.
        for (std::string word; words >> word;) {
            std::string type;
            if (word == "-" && words >> type) return fmt::format("{} file system at {}", type, place);
        }
    }
    return "file system";
}

std::string mounted_at(std::filesystem::path const& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return "file system";
    std::ifstream file("/proc/self/mountinfo");
    std::string const mounts(std::istreambuf_iterator<char>(file), {});
    return mounted_at(mounts, major(found.st_dev), minor(found.st_dev));
}

}  // namespace ocilot::blob
