#include "meta/told_groups.h"

namespace ocilot::meta {

namespace {

constexpr std::size_t most_groups = 32;
constexpr std::size_t most_bytes = 1024;

}  // namespace

std::vector<std::string> told_groups(std::vector<std::string> const& groups) {
    std::vector<std::string> told;
    std::size_t bytes = 0;
    for (auto const& group : groups) {
        bytes += group.size();
        if (told.size() == most_groups || bytes > most_bytes) break;
        told.push_back(group);
    }
    return told;
}

}  // namespace ocilot::meta
