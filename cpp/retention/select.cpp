#include "retention/select.h"

#include "oci/version.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace ocilot::retention {

namespace {

/// A referrer may be pushed before its subject: it is no orphan for so long.
constexpr std::chrono::hours push_grace{24};

/// A tag that the fields of a rule without its count select.
struct Match {
    Index tag = no_index;
    std::size_t pattern = 0;  ///< the first that matches
    std::optional<oci::Version> version = {};
};

/// For each manifest whether each of the patterns matches one of its tags.
std::vector<bool> tagged_by_all(Repository const& repository, std::vector<Glob> const& patterns) {
    std::vector<bool> all(repository.manifests.size(), true);
    for (auto const& pattern : patterns) {
        std::vector<bool> found(repository.manifests.size());
        for (auto const& tag : repository.tags) {
            if (pattern.matches(tag.name)) found[tag.manifest] = true;
        }
        for (Index index = 0; index < all.size(); ++index) all[index] = all[index] && found[index];
    }
    return all;
}

/// For each manifest whether one of its tags matches.
std::vector<bool> also_tagged(Repository const& repository, std::vector<Glob> const& patterns) {
    std::vector<bool> found(repository.manifests.size());
    if (patterns.empty()) return found;
    for (auto const& tag : repository.tags) {
        if (any_matches(patterns, tag.name)) found[tag.manifest] = true;
    }
    return found;
}

bool keys_fit(std::vector<std::pair<std::string, Glob>> const& wanted, oci::Annotations const& given) {
    return std::ranges::all_of(wanted, [&](auto const& one) {
        auto const found = given.find(one.first);
        return found != given.end() && one.second.matches(found->second);
    });
}

bool content_fits(Rule const& rule, ManifestEntry const& manifest) {
    if (!rule.artifact_types.empty() && !any_matches(rule.artifact_types, manifest.artifact_type))
        return false;
    if (!keys_fit(rule.annotations, manifest.annotations)) return false;
    return rule.labels.empty() || (manifest.labels && keys_fit(rule.labels, *manifest.labels));
}

std::string value_of(oci::Annotations const& given, std::string const& key) {
    auto const found = given.find(key);
    return found == given.end() ? std::string() : found->second;
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
        match.version = oci::Version::parse(name);
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
    auto const wanted = tagged_by_all(repository, rule.also);
    std::vector<Match> matches;
    for (auto const index : view.images()) {
        auto const& tag = repository.tags[index];
        if (spared[tag.manifest] || !wanted[tag.manifest]) continue;
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
    auto const& manifest = view.manifest_of(view.repository().tags[match.tag]);
    switch (rule.per) {
        case Group::none:
            break;
        case Group::pattern:
            return std::to_string(match.pattern);
        case Group::minor:
            return fmt::format("{}.{}", match.version->major, match.version->minor);
        case Group::major:
            return std::to_string(match.version->major);
        case Group::annotation:
            return value_of(manifest.annotations, rule.per_key);
        case Group::label:
            return manifest.labels ? value_of(*manifest.labels, rule.per_key) : std::string();
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

/// With each tag that is selected all others of its image, in the place of the first.
std::vector<Selected> with_all_tags(View const& view, std::vector<Selected> const& selected) {
    auto const& tags = view.repository().tags;
    std::unordered_map<Index, std::vector<Index>> images;
    for (auto const& one : selected) images.try_emplace(tags[one.index].manifest);
    for (auto const index : view.images()) {
        auto const image = images.find(tags[index].manifest);
        if (image != images.end()) image->second.push_back(index);
    }
    std::vector<Selected> all;
    for (auto const& one : selected) {
        for (auto const index : std::exchange(images[tags[one.index].manifest], {})) {
            all.push_back({index, true, one.rank});
        }
    }
    return all;
}

std::vector<Selected> select_tags(Rule const& rule, View const& view) {
    auto matches = matches_of(rule, view);
    std::vector<Selected> selected;
    if (rule.newest) {
        selected = newest_of(rule, view, std::move(matches));
    } else {
        if (rule.until_size) sort_by(rule.by, view, matches);
        selected.reserve(matches.size());
        for (auto const& match : matches) selected.push_back({match.tag, true, 0});
    }
    return rule.all_tags ? with_all_tags(view, selected) : selected;
}

/// The newest of manifests without a tag, at their ranks.
void keep_newest(Rule const& rule, View const& view, std::vector<Selected>& selected) {
    auto const& manifests = view.repository().manifests;
    bool const by_pull = rule.by == Order::pull;
    auto const time_of = [&](Index index) {
        return by_pull ? view.pulled_at(index) : manifests[index].pushed_at;
    };
    std::ranges::sort(selected, [&](Selected const& one, Selected const& other) {
        auto const by = time_of(one.index) <=> time_of(other.index);
        return by != 0 ? by > 0 : manifests[one.index].digest < manifests[other.index].digest;
    });
    Counted counted;
    for (auto& one : selected) {
        one.rank = rank_in(counted, false, one.index, !by_pull || view.is_pull_known(one.index));
    }
    std::erase_if(selected, [&](Selected const& one) { return one.rank > *rule.newest; });
}

std::vector<Selected> select_untagged(Rule const& rule, View const& view) {
    std::vector<Selected> selected;
    for (auto const index : view.untagged()) {
        auto const& manifest = view.repository().manifests[index];
        auto const age = view.now() - manifest.pushed_at;
        auto const untagged = view.now() - manifest.released_at.value_or(view.now());
        if (rule.older_than && untagged < *rule.older_than) continue;
        if (rule.pushed_within && age >= *rule.pushed_within) continue;
        if (rule.pulled_within && view.now() - view.pulled_at(index) >= *rule.pulled_within) continue;
        if (content_fits(rule, manifest)) selected.push_back({index, false, 0});
    }
    if (rule.newest) keep_newest(rule, view, selected);
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

std::vector<Selected> select_in_use(std::string_view list, View const& view) {
    auto const& repository = view.repository();
    auto const is_named = [&](std::string const& reference) {
        return repository.in_use.contains({std::string(list), reference});
    };
    std::unordered_set<Index> used;
    std::vector<Index> open;
    for (auto const& [place, reference] : repository.in_use) {
        if (place != list) continue;
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

std::vector<Selected> select(Rule const& rule, View const& view) {
    switch (rule.selection) {
        case Selection::untagged:
            return select_untagged(rule, view);
        case Selection::orphaned:
            return select_orphaned(rule, view);
        case Selection::in_use:
            return select_in_use(rule.in_use, view);
        case Selection::tags:
            break;
    }
    return select_tags(rule, view);
}

}  // namespace ocilot::retention
