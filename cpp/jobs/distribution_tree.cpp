#include "jobs/distribution_tree.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

namespace ocilot::jobs {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_link = 256;  // Bytes; a sha512 digest has 135.

/// Names of the directories in `directory`, in byte order; none if it is not there.
std::vector<std::string> directories_in(fs::path const& directory, std::error_code& failure) {
    std::vector<std::string> names;
    failure.clear();
    for (fs::directory_iterator entry(directory, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code gone;
        if (fs::is_directory(entry->symlink_status(gone))) names.push_back(entry->path().filename().string());
    }
    if (failure == std::errc::no_such_file_or_directory) failure.clear();
    std::ranges::sort(names);
    return names;
}

bool is_repository(fs::path const& directory) {
    std::error_code ignored;  // What cannot be looked at is found out when it is read.
    return fs::exists(directory / "_manifests", ignored) || fs::exists(directory / "_layers", ignored);
}

Time time_of(fs::path const& file) {
    std::error_code failure;
    auto const written = fs::last_write_time(file, failure);
    if (failure) return Time{};
    return std::chrono::time_point_cast<Time::duration>(std::chrono::file_clock::to_sys(written));
}

/// At most longest_link bytes of a file, without the newline that some hand has put there.
std::string text_of(fs::path const& file) {
    std::array<char, longest_link> room{};
    std::ifstream in(file, std::ios::binary);
    in.read(room.data(), room.size());
    std::string text(room.data(), static_cast<std::size_t>(in.gcount()));
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

}  // namespace

DistributionTree::DistributionTree(fs::path const& root, TellUnreadable tell)
    : directory_(root / "docker" / "registry" / "v2" / "repositories"), tell_(std::move(tell)) {}

bool DistributionTree::exists() const {
    std::error_code failure;
    return fs::directory_iterator(directory_, failure) != fs::directory_iterator() && !failure;
}

Result<std::vector<oci::RepositoryName>> DistributionTree::repositories() const {
    std::vector<oci::RepositoryName> found;
    std::vector<std::string> left{""};
    while (!left.empty()) {
        auto const above = std::move(left.back());
        left.pop_back();
        std::error_code failure;
        auto const names = directories_in(directory_ / above, failure);
        if (failure && above.empty()) {
            return Error{Errc::io, "the directory " + directory_.string() +
                                       " cannot be read: " + failure.message() + "; check its permissions"};
        }
        if (failure) tell_(above, "", "its directory cannot be read: " + failure.message());
        for (auto const& name : names) {
            if (name.starts_with('_')) continue;  // No part of a name: what a repository keeps.
            auto const path = above.empty() ? name : above + "/" + name;
            auto parsed = oci::RepositoryName::parse(path);
            if (parsed.has_error()) {
                tell_(path, "", parsed.error().message);
                continue;
            }
            if (is_repository(directory_ / path)) found.push_back(std::move(*parsed));
            left.push_back(path);
        }
    }
    std::ranges::sort(found);
    return found;
}

std::vector<TreeLink> DistributionTree::layers(oci::RepositoryName const& repository) const {
    return digests(repository, "_layers");
}

std::vector<TreeLink> DistributionTree::revisions(oci::RepositoryName const& repository) const {
    return digests(repository, fs::path("_manifests") / "revisions");
}

std::vector<TreeLink> DistributionTree::tags(oci::RepositoryName const& repository) const {
    std::vector<TreeLink> links;
    fs::path const tags("_manifests/tags");
    for (auto const& tag : names_in(repository, tags)) {
        read(repository, tags / tag / "current" / "link", tag, links);
    }
    return links;
}

std::vector<TreeLink> DistributionTree::digests(oci::RepositoryName const& repository,
                                                fs::path const& under) const {
    std::vector<TreeLink> links;
    for (auto const& algorithm : names_in(repository, under)) {
        for (auto const& hex : names_in(repository, under / algorithm)) {
            read(repository, under / algorithm / hex / "link", algorithm + ":" + hex, links);
        }
    }
    return links;
}

std::vector<std::string> DistributionTree::names_in(oci::RepositoryName const& repository,
                                                    fs::path const& under) const {
    std::error_code failure;
    auto names = directories_in(directory_ / repository.str() / under, failure);
    if (failure) tell_(repository.str(), under.string(), "cannot be read: " + failure.message());
    return names;
}

void DistributionTree::read(oci::RepositoryName const& repository, fs::path const& link, std::string name,
                            std::vector<TreeLink>& links) const {
    auto const file = directory_ / repository.str() / link;
    std::error_code failure;
    // What was deleted, and a push that was cut off, leave a directory without it.
    if (!fs::exists(file, failure) && !failure) return;
    auto target = oci::Digest::parse(text_of(file));
    if (target.has_value()) {
        links.push_back({std::move(name), *target, time_of(file)});
        return;
    }
    // A crash of distribution before 3.1 leaves it empty.
    tell_(repository.str(), name, "the link file " + link.string() + " holds no digest; push it again");
}

}  // namespace ocilot::jobs
