#pragma once

#include "oci/repository_pattern.h"
#include "retention/fuse.h"
#include "retention/glob.h"
#include "retention/schedule.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::retention {

/// What a rule selects.
enum class Selection : std::uint8_t {
    tags,
    untagged,  ///< manifests without a tag, a parent and a subject that is there or can be restored
    orphaned,  ///< referrers whose subject is gone for good, also tags `sha256-<hex>...` that stand for
               ///< referrers
    in_use,    ///< what a list of references names
};

/// What decides which is newer.
enum class Order : std::uint8_t { push, pull, version };

/// In which groups a rule counts.
enum class Group : std::uint8_t { none, pattern, minor, major, annotation, label };

/// One rule of a policy: what all of its fields select.
struct Rule {
    Selection selection = Selection::tags;
    std::vector<Glob> tags = {};    ///< any of them; empty: every tag
    std::vector<Glob> except = {};  ///< none of them; applied before anything is counted
    bool semver = false;            ///< versions only,
    bool prereleases = false;       ///< and those before a release, too
    std::vector<std::pair<std::string, Glob>> annotations = {};  ///< of the manifest, all of them
    std::vector<std::pair<std::string, Glob>> labels = {};       ///< of the image, all of them
    std::vector<Glob> artifact_types = {};                       ///< any of them; empty: every type
    std::vector<Glob> also = {};         ///< only tags whose manifest has a tag for each of them
    std::vector<Glob> unless_also = {};  ///< spares a tag whose manifest has a tag that matches
    bool all_tags = false;               ///< with a tag, all others of its manifest
    std::optional<std::chrono::seconds> older_than = {};  ///< since it was pushed, or became untagged
    std::optional<std::chrono::seconds> pushed_within = {};
    std::optional<std::chrono::seconds> pulled_within = {};
    std::optional<std::size_t> newest = {};  ///< so many of what the other fields select, in each group
    Order by = Order::push;
    bool count_images = false;  ///< whether tags of one manifest count once
    Group per = Group::none;
    std::string per_key = {};  ///< of the annotation or the label
    /// Only the oldest, until what the tags of the repository need is no more than so many bytes.
    std::optional<std::uint64_t> until_size = {};
    std::string in_use = {};  ///< path or URL of the list

    [[nodiscard]] bool uses_labels() const noexcept { return !labels.empty() || per == Group::label; }
    /// Whether `in_use` is a path, not a URL.
    [[nodiscard]] bool reads_file() const noexcept { return in_use.starts_with('/'); }
};

/// What is kept and what is deleted in some repositories. `keep` wins over `delete`, of all policies that
/// match a repository; their order does not matter.
struct Policy {
    std::string name;
    std::vector<oci::RepositoryPattern> repositories = {};
    std::vector<oci::RepositoryPattern> except = {};
    std::vector<Rule> keep = {};
    std::vector<Rule> remove = {};
    std::size_t floor = 1;           ///< so many newest tags of a repository stay, whatever the rules say
    std::vector<Glob> protect = {};  ///< tags that stay, whatever the rules say; `latest` unless configured
    Fuse fuse = {};
    Schedule schedule = {};
    bool is_due = true;  ///< false: only its `delete` rules do not count now

    [[nodiscard]] bool matches(oci::RepositoryName const& repository) const noexcept;
    [[nodiscard]] bool uses_labels() const noexcept;
};

/// So many policies the configuration may have, and as many can be set over the API.
inline constexpr std::size_t most_policies = 100;

/// Policies as JSON, a list of objects in the form of the configuration (docs/operate/retention.md). config:
/// the message is what was expected, and the subjects are the path to what was found; unsupported: it is
/// understood and cannot be used, for the reason in the message.
[[nodiscard]] Result<std::vector<Policy>> parse_policies(std::string_view json,
                                                         std::size_t most = most_policies);
/// The same for one policy that a client sets: its `in-use` lists are URLs, because a client must not choose
/// which files of the registry's machine are read.
[[nodiscard]] Result<Policy> parse_clients_policy(std::string_view json);

/// unsupported, as parse_policies, for a list of images in use that is in a file: a client over the network
/// must not choose which files of the registry's machine are read.
[[nodiscard]] Result<> check_reads_no_file(std::vector<Policy> const& policies);

/// A rule as one line: `tags dev-*, newest 10 per pattern`.
[[nodiscard]] std::string rule_text(Rule const& rule);

/// Whether rules for this repository need the labels of its images.
[[nodiscard]] bool uses_labels(std::vector<Policy> const& policies,
                               oci::RepositoryName const& repository) noexcept;
/// The labels that rules name.
[[nodiscard]] std::set<std::string, std::less<>> label_keys(std::vector<Policy> const& policies);

/// `36h`, `14d`: as the configuration writes it.
[[nodiscard]] std::string duration_text(std::chrono::seconds time);
/// `50GiB`: the same of bytes.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace ocilot::retention
