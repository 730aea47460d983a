#include "retention/select.h"

#include "retention/semver.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>

namespace ocilot::retention {

namespace {

/// A referrer may be pushed before its subject: it is no orphan for so long.
constexpr std::chrono::hours push_grace{24};

/// A tag that the fields of a rule without its count select.
struct Match {
    Index tag = no_index;
    std::size_t pattern = 0;  ///< the first that matches
    std::optional<Version> version = {};
};

/// For each manifest whether one of its tags matches.
std::vector<bool> also_tagged(Repository const& repository, std::vector<Glob> const& patterns) {
    std::vector<bool> found(repository.manifests.size());
    if (patterns.empty()) return found;
    for (auto const& tag : repository.tags) {
        if (any_matches(patterns, tag.name)) found[tag.manifest] = true;
    }
    return found;
}

bool content_fits(Rule const& rule, ManifestEntry const& manifest) {
    if (!rule.artifact_types.empty() && !any_matches(rule.artifact_types, manifest.artifact_type))
        return false;
    return std::ranges::all_of(rule.annotations, [&](auto const& wanted) {
        auto const found = manifest.annotations.find(wanted.first);
        return found != manifest.annotations.end() && wanted.second.matches(found->second);
    });
}

/// Reads the name of a tag as the rule does; nullopt if it is not selected.
std::optional<Match> name_fits(Rule const& rule, Index index, std::string_view name) {
    Match match{.tag = index};
    if (!rule.tags.empty()) {
        auto const fits = [&](Glob const& pattern) { return pattern.matches(name); };
        auto const found = std::ranges::find_if(rule.tags, fits);
        if (found == rule.tags.end()) return std::nullopt;
        match.pattern = static_cast<std::size_t>(found - rule.tags.begin());
    }
    if (any_matches(rule.except, name)) return std::nullopt;
    if (rule.semver) {
        match.version = Version::parse(name);
        if (!match.version) return std::nullopt;
        if (!rule.prereleases && !match.version->prerelease.empty()) return std::nullopt;
    }
    return match;
}

bool time_fits(Rule const& rule, View const& view, TagEntry const& tag) {
    auto const age = view.now() - tag.pushed_at;
    if (rule.older_than && age < *rule.older_than) return false;
    if (rule.pushed_within && age >= *rule.pushed_within) return false;
    return !rule.pulled_within || view.now() - view.pulled_at(tag) < *rule.pulled_within;
}

std::vector<Match> matches_of(Rule const& rule, View const& view) {
    auto const& repository = view.repository();
    auto const spared = also_tagged(repository, rule.unless_also);
    std::vector<Match> matches;
    for (auto const index : view.images()) {
        auto const& tag = repository.tags[index];
        if (spared[tag.manifest]) continue;
        auto match = name_fits(rule, index, tag.name);
        if (!match || !content_fits(rule, view.manifest_of(tag)) || !time_fits(rule, view, tag)) continue;
        matches.push_back(std::move(*match));
    }
    return matches;
}

/// Newest first; equal ones by name, so that the order is the same at any time.
void sort_by(Order order, View const& view, std::vector<Match>& matches) {
    auto const& tags = view.repository().tags;
    std::ranges::sort(matches, [&](Match const& one, Match const& other) {
        auto const& a = tags[one.tag];
        auto const& b = tags[other.tag];
        if (order == Order::version) {
            auto const by = one.version->compare(*other.version);
            if (by != 0) return by > 0;
        } else if (order == Order::pull) {
            auto const by = view.pulled_at(a) <=> view.pulled_at(b);
            if (by != 0) return by > 0;
        }
        if (a.pushed_at != b.pushed_at) return a.pushed_at > b.pushed_at;
        return a.name > b.name;
    });
}

std::string group_of(Rule const& rule, View const& view, Match const& match) {
    switch (rule.per) {
        case Group::none:
            break;
        case Group::pattern:
            return std::to_string(match.pattern);
        case Group::minor:
            return fmt::format("{}.{}", match.version->major, match.version->minor);
        case Group::major:
            return std::to_string(match.version->major);
        case Group::annotation: {
            auto const& annotations = view.manifest_of(view.repository().tags[match.tag]).annotations;
            auto const found = annotations.find(rule.per_annotation);
            return found == annotations.end() ? std::string() : found->second;
        }
    }
    return {};
}

/// How many a group has had so far, and of which images.
struct Counted {
    std::uint32_t number = 0;
    std::uint32_t unknown = 0;  ///< place of all whose order is not known; 0: none yet
    std::unordered_map<Index, std::uint32_t> images = {};
};

/// The place of a tag in its group, from 1. `is_known`: whether its order is; those of which it is not come
/// last and share the first of their places, so that none is counted out by another of them.
std::uint32_t rank_in(Counted& group, bool by_image, Index manifest, bool is_known) {
    if (by_image) {
        auto const counted = group.images.find(manifest);
        if (counted != group.images.end()) return counted->second;
    }
    auto const rank = is_known || group.unknown == 0 ? ++group.number : group.unknown;
    if (!is_known) group.unknown = rank;
    if (by_image) group.images.emplace(manifest, rank);
    return rank;
}

std::vector<Selected> newest_of(Rule const& rule, View const& view, std::vector<Match> matches) {
    sort_by(rule.by, view, matches);
    std::unordered_map<std::string, Counted> groups;
    std::vector<Selected> selected;
    for (auto const& match : matches) {
        auto& group = groups[group_of(rule, view, match)];
        auto const& tag = view.repository().tags[match.tag];
        bool const is_known = rule.by != Order::pull || view.is_pull_known(tag);
        auto const rank = rank_in(group, rule.count_images, tag.manifest, is_known);
        if (rank <= *rule.newest) selected.push_back({match.tag, true, rank});
    }
    return selected;
}

std::vector<Selected> select_tags(Rule const& rule, View const& view) {
    auto matches = matches_of(rule, view);
    if (rule.newest) return newest_of(rule, view, std::move(matches));
    std::vector<Selected> selected;
    selected.reserve(matches.size());
    for (auto const& match : matches) selected.push_back({match.tag, true, 0});
    return selected;
}

std::vector<Selected> select_untagged(Rule const& rule, View const& view) {
    std::vector<Selected> selected;
    for (auto const index : view.untagged()) {
        auto const& manifest = view.repository().manifests[index];
        auto const age = view.now() - manifest.released_at.value_or(view.now());
        if (age >= *rule.older_than && content_fits(rule, manifest)) selected.push_back({index, false, 0});
    }
    return selected;
}

std::vector<Selected> select_orphaned(Rule const& rule, View const& view) {
    auto const& repository = view.repository();
    auto const age = std::max<std::chrono::seconds>(rule.older_than.value_or(push_grace), push_grace);
    std::vector<Selected> selected;
    for (auto const index : view.orphans()) {
        auto const& tag = repository.tags[index];
        bool const old = view.now() - tag.pushed_at >= age;
        if (old && content_fits(rule, view.manifest_of(tag))) selected.push_back({index, true, 0});
    }
    for (auto const index : view.untagged()) {
        auto const& manifest = repository.manifests[index];
        bool const old = manifest.subject && view.now() - manifest.pushed_at >= age;
        if (old && content_fits(rule, manifest)) selected.push_back({index, false, 0});
    }
    return selected;
}

/// A list names tags, and digests of images or of their platforms.
std::vector<Selected> select_in_use(Rule const& rule, View const& view) {
    auto const& repository = view.repository();
    auto const is_named = [&](std::string const& reference) {
        return repository.in_use.contains({rule.in_use, reference});
    };
    std::unordered_set<Index> used;
    std::vector<Index> open;
    for (auto const& [list, reference] : repository.in_use) {
        if (list != rule.in_use) continue;
        auto const digest = oci::Digest::parse(reference);
        auto const index = digest.has_value() ? repository.find_manifest(*digest) : no_index;
        if (index != no_index && used.insert(index).second) open.push_back(index);
    }
    while (!open.empty()) {
        auto const child = open.back();
        open.pop_back();
        auto const first = std::ranges::lower_bound(repository.parents, std::pair{child, Index{0}});
        for (auto at = first; at != repository.parents.end() && at->first == child; ++at) {
            if (used.insert(at->second).second) open.push_back(at->second);
        }
    }
    std::vector<Selected> selected;
    for (Index index = 0; index < repository.tags.size(); ++index) {
        auto const& tag = repository.tags[index];
        if (used.contains(tag.manifest) || is_named(tag.name)) selected.push_back({index, true, 0});
    }
    for (auto const index : view.untagged()) {
        if (used.contains(index)) selected.push_back({index, false, 0});
    }
    return selected;
}

/// The last pull of each manifest or of one that it lists, at any depth: clients fetch an index once and its
/// platforms by digest.
std::vector<std::optional<Time>> pulls_with_children(Repository const& repository) {
    std::vector<std::optional<Time>> pulls;
    pulls.reserve(repository.manifests.size());
    for (auto const& manifest : repository.manifests) pulls.push_back(manifest.pulled_at);
    std::vector<Index> open;
    for (Index index = 0; index < pulls.size(); ++index) {
        if (pulls[index]) open.push_back(index);
    }
    while (!open.empty()) {
        auto const child = open.back();
        open.pop_back();
        auto const first = std::ranges::lower_bound(repository.parents, std::pair{child, Index{0}});
        for (auto at = first; at != repository.parents.end() && at->first == child; ++at) {
            if (pulls[at->second] >= pulls[child]) continue;
            pulls[at->second] = pulls[child];
            open.push_back(at->second);
        }
    }
    return pulls;
}

}  // namespace

View::View(Repository const& repository, Time now)
    : repository_(&repository),
      now_(now),
      counted_since_(repository.pulls_counted_since.value_or(now)),
      manifest_pulls_(pulls_with_children(repository)) {
    std::vector<bool> named(repository.manifests.size());
    for (Index index = 0; index < repository.tags.size(); ++index) {
        auto const& tag = repository.tags[index];
        named[tag.manifest] = true;
        auto const subject = subject_of_tag(tag.name);
        if (!subject) {
            images_.push_back(index);
        } else if (tag.subject_restorable || repository.find_manifest(*subject) != no_index) {
            followers_.push_back(index);
        } else {
            orphans_.push_back(index);
        }
    }
    for (auto const& [child, parent] : repository.parents) named[child] = true;
    for (Index index = 0; index < repository.manifests.size(); ++index) {
        auto const& manifest = repository.manifests[index];
        auto const& subject = manifest.subject;
        bool const follows =
            manifest.subject_restorable || (subject && repository.find_manifest(*subject) != no_index);
        if (named[index] || follows) continue;
        untagged_.push_back(index);
    }
}

std::optional<Time> View::last_pull(TagEntry const& tag) const {
    return std::max(tag.pulled_at, manifest_pulls_[tag.manifest]);  // None is less than any.
}

Time View::pulled_at(TagEntry const& tag) const {
    return std::max({tag.pushed_at, last_pull(tag).value_or(tag.pushed_at), counted_since_});
}

Time View::pulled_at(Index manifest) const {
    auto const pushed_at = repository_->manifests[manifest].pushed_at;
    return std::max({pushed_at, manifest_pulls_[manifest].value_or(pushed_at), counted_since_});
}

std::vector<Selected> select(Rule const& rule, View const& view) {
    switch (rule.selection) {
        case Selection::untagged:
            return select_untagged(rule, view);
        case Selection::orphaned:
            return select_orphaned(rule, view);
        case Selection::in_use:
            return select_in_use(rule, view);
        case Selection::tags:
            break;
    }
    return select_tags(rule, view);
}

}  // namespace ocilot::retention
