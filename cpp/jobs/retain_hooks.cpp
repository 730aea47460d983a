#include "jobs/retain_hooks.h"

#include "retention/evaluate.h"

#include <algorithm>
#include <unordered_set>

namespace ocilot::jobs {

namespace {

using retention::Index;
using Pairs = std::vector<std::pair<Index, Index>>;

auto pairs_of(Pairs const& pairs, Index first) {
    return std::ranges::equal_range(pairs, first, {}, &Pairs::value_type::first);
}

/// What images consist of.
class ImageParts {
  public:
    explicit ImageParts(retention::Repository const& repository) : repository_(repository) {
        for (auto const& [child, parent] : repository.parents) children_.emplace_back(parent, child);
        for (auto const& [blob, holder] : repository.holders) blobs_.emplace_back(holder, blob);
        std::ranges::sort(children_);
        std::ranges::sort(blobs_);
    }

    /// Notes the bytes of a manifest with all that it names and all below it, each content once, and the
    /// manifests below it.
    void add_to(policy::TagRecord& tag, Index manifest) const {
        std::unordered_set<Index> manifests{manifest};
        std::unordered_set<Index> blobs;
        std::vector<Index> open{manifest};
        while (!open.empty()) {
            auto const index = open.back();
            open.pop_back();
            tag.size += repository_.manifests[index].size;
            if (index != manifest) tag.manifests.push_back(repository_.manifests[index].digest);
            for (auto const& [holder, blob] : pairs_of(blobs_, index)) {
                if (blobs.insert(blob).second) tag.size += repository_.blobs[blob].size;
            }
            for (auto const& [parent, child] : pairs_of(children_, index)) {
                if (manifests.insert(child).second) open.push_back(child);
            }
        }
    }

  private:
    retention::Repository const& repository_;
    Pairs children_;
    Pairs blobs_;
};

policy::TagHistory history_of(retention::Repository const& repository, retention::View const& view) {
    policy::TagHistory history{.repository = repository.name, .at = view.now()};
    ImageParts const parts(repository);
    for (auto const index : view.images()) {
        auto const& tag = repository.tags[index];
        auto const& manifest = repository.manifests[tag.manifest];
        auto& record = history.tags.emplace_back(policy::TagRecord{.name = tag.name,
                                                                   .digest = manifest.digest,
                                                                   .media_type = manifest.media_type,
                                                                   .artifact_type = manifest.artifact_type,
                                                                   .pushed_at = tag.pushed_at,
                                                                   .annotations = manifest.annotations,
                                                                   .pulled_at = view.last_pull(tag),
                                                                   .pulls = tag.pulls});
        parts.add_to(record, tag.manifest);
    }
    std::ranges::sort(history.tags, [](policy::TagRecord const& one, policy::TagRecord const& other) {
        if (one.pushed_at != other.pushed_at) return one.pushed_at > other.pushed_at;
        return one.name > other.name;
    });
    return history;
}

}  // namespace

Task<Result<>> ask_retain_hooks(RetentionParts parts, RetentionRules const& rules, Time at,
                                std::vector<std::string> aliases, retention::Repository& repository) {
    auto& gate = parts.registry.gate;
    if (!gate.asks(policy::Point::retain)) co_return Result<>();
    auto const prepare = [&]() -> Result<std::optional<policy::TagHistory>> {
        retention::View const view(repository, at);
        // Where all tags stay in any case there is nothing to ask.
        auto const outcome = retention::evaluate(rules.policies, view);
        if (outcome.deleted_tags == 0) return std::optional<policy::TagHistory>();
        return std::optional(history_of(repository, view));
    };
    CO_TRY(auto history, co_await parts.evaluate(prepare));
    if (!history) co_return Result<>();
    auto question = std::move(*history);
    question.aliases = std::move(aliases);
    auto const kept = co_await gate.retain(std::move(question));
    if (kept.has_error() && kept.error().code == Errc::cancelled) co_return kept.error();
    if (kept.has_error()) {
        repository.hooks.failure = kept.error().message;
        co_return Result<>();
    }
    for (auto const& one : *kept) repository.hooks.kept.emplace(one.tag, one.by);
    co_return Result<>();
}

}  // namespace ocilot::jobs
