#include "events/action.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ocilot::events {

namespace {

/// In the order of the actions.
constexpr std::array<std::string_view, 24> action_words{
    "manifest.pushed",
    "manifest.deleted",
    "manifest.restored",
    "tag.created",
    "tag.moved",
    "tag.deleted",
    "tag.restored",
    "blob.pushed",
    "blob.mounted",
    "blob.deleted",
    "blob.restored",
    "repository.created",
    "repository.deleted",
    "repository.renamed",
    "pulled",
    "collected",
    "retention.planned",
    "retention.waiting",
    "retention.applied",
    "collection.finished",
    "quota.exceeded",
    "quota.warning",
    "refused",
    "webhook.test",
};
static_assert(action_words.size() == static_cast<std::size_t>(Action::webhook_test) + 1);

}  // namespace

std::string_view to_string(Action action) noexcept {
    return action_words[static_cast<std::size_t>(action)];
}

std::optional<Action> parse_action(std::string_view word) noexcept {
    auto const* const found = std::ranges::find(action_words, word);
    if (found == action_words.end()) return std::nullopt;
    return static_cast<Action>(found - action_words.begin());
}

}  // namespace ocilot::events
