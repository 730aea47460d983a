#include "jobs/distribution_tree.h"

#include "base/fd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace ocilot::jobs {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_link = 256;  // Bytes; a sha512 digest has 135.

bool is_absent(std::error_code const& failure) {
    return failure == std::errc::no_such_file_or_directory || failure == std::errc::not_a_directory;
}

/// Names of the directories in `directory`, in byte order; none if it is not there. `failure` tells whether
/// there may be more.
std::vector<std::string> directories_in(fs::path const& directory, std::error_code& failure) {
    std::vector<std::string> names;
    std::error_code unseen;
    failure.clear();
    for (fs::directory_iterator entry(directory, failure), end; !failure && entry != end;
         entry.increment(failure)) {
        std::error_code problem;
        auto const status = entry->status(problem);
        if (problem && !is_absent(problem)) unseen = problem;
        if (fs::is_directory(status)) names.push_back(entry->path().filename().string());
    }
    if (!failure || is_absent(failure)) failure = unseen;
    std::ranges::sort(names);
    return names;
}

/// Whether a symbolic link at `path`, below `top`, leads to a directory that the path has gone through.
bool leads_back(fs::path const& top, fs::path const& path) {
    std::error_code failure;
    if (!fs::is_symlink(fs::symlink_status(top / path, failure))) return false;
    auto const target = fs::canonical(top / path, failure);
    for (auto above = path; !failure && !above.empty();) {
        above = above.parent_path();
        auto const passed = fs::canonical(top / above, failure);
        if (std::ranges::mismatch(target, passed).in1 == target.end()) return true;
    }
    return static_cast<bool>(failure);
}

bool is_repository(fs::path const& directory) {
    std::error_code ignored;  // What cannot be looked at is told when its names are read.
    return fs::exists(directory / "_manifests", ignored) || fs::exists(directory / "_layers", ignored);
}

/// A file of the future is of now: what was pushed later than it was released would wait until then.
Time time_of(fs::path const& file) {
    std::error_code failure;
    auto const written = std::min(fs::last_write_time(file, failure), fs::file_time_type::clock::now());
    if (failure) return Time{};
    return std::chrono::time_point_cast<Time::duration>(std::chrono::file_clock::to_sys(written));
}

/// At most longest_link bytes of a regular file, without the newline that some hand has put there. A pipe
/// must not keep us waiting.
Result<std::string> text_of(fs::path const& file) {
    Fd const fd(::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) {
        auto const code = errno == ENOENT || errno == ENOTDIR ? Errc::not_found : Errc::io;
        return Error{code, "cannot be read: " + std::generic_category().message(errno)};
    }
    if (!S_ISREG(status.st_mode)) return Error{Errc::io, "is not a file"};
    std::array<char, longest_link> room{};
    auto const size = ::read(fd.get(), room.data(), room.size());
    if (size < 0) return Error{Errc::io, "cannot be read: " + std::generic_category().message(errno)};
    std::string text(room.data(), static_cast<std::size_t>(size));
    while (text.ends_with('\n')) text.pop_back();
    return text;
}

}  // namespace

DistributionTree::DistributionTree(fs::path const& root, UnreadableHandler on_unreadable)
    : directory_(root / "docker" / "registry" / "v2" / "repositories"),
      on_unreadable_(std::move(on_unreadable)) {}

bool DistributionTree::exists() const {
    std::error_code failure;
    auto const names = directories_in(directory_, failure);
    return failure || !names.empty();  // What cannot be read is there.
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
        if (failure) on_unreadable_(above, "", "its directory cannot be read: " + failure.message());
        for (auto const& name : names) {
            if (name.starts_with('_')) continue;  // No part of a name: what a repository keeps.
            auto const path = above.empty() ? name : above + "/" + name;
            auto parsed = oci::RepositoryName::parse(path);
            if (parsed.has_error()) {
                on_unreadable_(path, "", parsed.error().message);
                continue;
            }
            if (leads_back(directory_, path)) {
                on_unreadable_(path, "", "symbolic link to one of its parent directories");
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

std::vector<oci::Digest> DistributionTree::earlier_targets(oci::RepositoryName const& repository) const {
    std::vector<oci::Digest> found;
    fs::path const tags("_manifests/tags");
    for (auto const& tag : names_in(repository, tags)) {
        auto const under = tags / tag / "index";
        for (auto const& algorithm : names_in(repository, under)) {
            for (auto const& hex : names_in(repository, under / algorithm)) {
                auto digest = oci::Digest::parse(algorithm + ":" + hex);
                if (digest.has_value()) found.push_back(*digest);
            }
        }
    }
    return found;
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
    if (failure) on_unreadable_(repository.str(), under.string(), "cannot be read: " + failure.message());
    return names;
}

void DistributionTree::read(oci::RepositoryName const& repository, fs::path const& link, std::string name,
                            std::vector<TreeLink>& links) const {
    auto const file = directory_ / repository.str() / link;
    auto const text = text_of(file);
    // What was deleted, and a push that was cut off, leave a directory without it.
    if (text.has_error() && text.error().code == Errc::not_found) return;
    if (text.has_error()) {
        on_unreadable_(repository.str(), name, "the link file " + link.string() + " " + text.error().message);
        return;
    }
    auto target = oci::Digest::parse(*text);
    if (target.has_value()) {
        links.push_back({std::move(name), *target, time_of(file)});
        return;
    }
    // A crash of distribution before 3.1 leaves it empty.
    on_unreadable_(repository.str(), name,
                   "the link file " + link.string() + " has no digest; push it again");
}

}  // namespace ocilot::jobs
