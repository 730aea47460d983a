#pragma once

#include "oci/hasher.h"
#include "retention/freed.h"

#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::test {

using namespace std::chrono_literals;

inline constexpr Time now{std::chrono::days(20'000)};

inline oci::Digest digest_of(std::string_view content) {
    return oci::digest_of(oci::Algorithm::sha256, content);
}

/// Builds a repository by hand: `tag("v1", "m1", 3 days)` sets a tag on a manifest three days ago. Pulls were
/// counted all the time, unless it says otherwise.
class ARepository {
  public:
    explicit ARepository(std::string_view name = "team/app")
        : repository_{.name = oci::RepositoryName::parse(name).value(),
                      .pulls_counted_since = now - std::chrono::days(10'000)} {}

    ARepository& manifest(std::string_view content, std::chrono::seconds age = 0s,
                          oci::Annotations annotations = {}) {
        if (find(content) == nullptr) {
            repository_.manifests.push_back({.digest = digest_of(content),
                                             .size = 100,
                                             .pushed_at = now - age,
                                             .annotations = std::move(annotations)});
        }
        return *this;
    }
    ARepository& tag(std::string_view name, std::string_view content, std::chrono::seconds age,
                     oci::Annotations annotations = {}) {
        manifest(content, age, std::move(annotations));
        tags_.push_back({std::string(name), std::string(content), age});
        return *this;
    }
    /// Each on a manifest of its own, with the name of the tag.
    ARepository& tag(std::string_view name, std::chrono::seconds age) { return tag(name, name, age); }
    ARepository& subject(std::string_view referrer, std::string_view of) {
        find(referrer)->subject = digest_of(of);
        return *this;
    }
    /// Its subject, or that of the tag, was deleted and can be restored.
    ARepository& restorable_subject(std::string_view referrer) {
        find(referrer)->subject_restorable = true;
        return *this;
    }
    ARepository& restorable_subject_of_tag(std::string_view name) {
        restorable_.emplace(name);
        return *this;
    }
    /// Of the image; those of others are not read.
    ARepository& labels(std::string_view content, oci::Annotations labels) {
        find(content)->labels = std::move(labels);
        return *this;
    }
    ARepository& released(std::string_view content, std::chrono::seconds age) {
        find(content)->released_at = now - age;
        return *this;
    }
    ARepository& pulled(std::string_view content, std::chrono::seconds age) {
        find(content)->pulled_at = now - age;
        return *this;
    }
    ARepository& pulled_by_tag(std::string_view name, std::chrono::seconds age) {
        tag_pulls_[std::string(name)] = now - age;
        return *this;
    }
    ARepository& pulls_counted_since(std::optional<std::chrono::seconds> age) {
        repository_.pulls_counted_since = age ? std::optional(now - *age) : std::nullopt;
        return *this;
    }
    ARepository& child(std::string_view parent, std::string_view content) {
        edges_.emplace_back(content, parent);
        return *this;
    }
    ARepository& blob(std::string_view content, std::uint64_t size, std::vector<std::string> holders) {
        blobs_.push_back({std::string(content), size, std::move(holders)});
        return *this;
    }
    ARepository& in_use(std::string_view list, std::string_view reference) {
        repository_.in_use.emplace(list, reference);
        return *this;
    }
    [[nodiscard]] retention::Repository done() {
        auto& made = repository_;
        std::ranges::sort(made.manifests, {}, &retention::ManifestEntry::digest);
        for (auto const& [name, content, age] : tags_) {
            made.tags.push_back(
                {name, made.find_manifest(digest_of(content)), now - age, restorable_.contains(name)});
            auto const pulled = tag_pulls_.find(name);
            if (pulled != tag_pulls_.end()) made.tags.back().pulled_at = pulled->second;
        }
        std::ranges::sort(made.tags, {}, &retention::TagEntry::name);
        for (auto const& [child, parent] : edges_) {
            made.parents.emplace_back(made.find_manifest(digest_of(child)),
                                      made.find_manifest(digest_of(parent)));
        }
        std::ranges::sort(made.parents);
        for (auto const& [content, size, holders] : blobs_) {
            auto const index = static_cast<retention::Index>(made.blobs.size());
            made.blobs.push_back({digest_of(content), size});
            for (auto const& holder : holders) {
                made.holders.emplace_back(index, made.find_manifest(digest_of(holder)));
            }
        }
        return made;
    }

  private:
    struct ATag {
        std::string name;
        std::string content;
        std::chrono::seconds age;
    };
    struct ABlob {
        std::string content;
        std::uint64_t size;
        std::vector<std::string> holders;
    };
    retention::ManifestEntry* find(std::string_view content) {
        auto const found =
            std::ranges::find(repository_.manifests, digest_of(content), &retention::ManifestEntry::digest);
        return found == repository_.manifests.end() ? nullptr : &*found;
    }

    retention::Repository repository_;
    std::vector<ATag> tags_;
    std::set<std::string> restorable_;
    std::map<std::string, Time> tag_pulls_;
    std::vector<std::pair<std::string, std::string>> edges_;
    std::vector<ABlob> blobs_;
};

/// Policies of one policy over every repository, from the inside of a JSON object. Without protection and
/// floor, unless it says so.
inline std::vector<retention::Policy> policy(std::string_view inside) {
    std::string text = R"([{"name":"p","repositories":["**"],)";
    if (inside.find("\"floor\"") == std::string_view::npos) text += R"("floor":0,)";
    if (inside.find("\"protect\"") == std::string_view::npos) text += R"("protect":[],)";
    auto parsed = retention::parse_policies(text + std::string(inside) + "}]");
    EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
    return parsed.has_value() ? *parsed : std::vector<retention::Policy>{};
}

/// Names of the tags that go, and `@CONTENT` of manifests by their place.
inline std::set<std::string> deleted(std::vector<retention::Policy> const& policies,
                                     retention::Repository const& repository, Time at = now) {
    retention::View const view(repository, at);
    std::set<std::string> names;
    for (auto const& row : retention::evaluate(policies, view).rows) {
        if (!row.is_deleted()) continue;
        names.insert(row.is_tag ? repository.tags[row.index].name
                                : "@" + repository.manifests[row.index].digest.str());
    }
    return names;
}

/// Why a tag stays or goes.
inline std::string why(std::vector<retention::Policy> const& policies,
                       retention::Repository const& repository, std::string_view tag) {
    retention::View const view(repository, now);
    for (auto const& row : retention::evaluate(policies, view).rows) {
        if (row.is_tag && repository.tags[row.index].name == tag) return reason_text(policies, view, row);
    }
    return {};
}

}  // namespace ocilot::test
