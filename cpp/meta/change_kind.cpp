#include "meta/change_kind.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace ocilot::meta {

namespace {

/// In the order of the kinds.
constexpr std::array<std::string_view, 44> words{
    "unknown",
    "manifest.push",
    "manifest.delete",
    "manifest.restore",
    "manifest.collect",
    "manifest.purge",
    "manifest.pull",
    "tag.move",
    "tag.delete",
    "tag.restore",
    "blob.push",
    "blob.mount",
    "blob.delete",
    "blob.restore",
    "account.add",
    "account.change",
    "account.remove",
    "token.add",
    "token.remove",
    "key.add",
    "access.reload",
    "hooks.reload",
    "repository.delete",
    "repository.rename",
    "alias.add",
    "alias.remove",
    "registry.adopt",
    "job.run",
    "job.cancel",
    "upload.remove",
    "retention.plan",
    "retention.apply",
    "policy.set",
    "policy.remove",
    "retention.wait",
    "delivery.replay",
    "delivery.discard",
    "quota.exceed",
    "quota.warn",
    "collection.finish",
    "login",
    "access",
    "admit",
    "limit",
};
static_assert(words.size() == static_cast<std::size_t>(ChangeKind::limit) + 1);

}  // namespace

std::string_view to_string(ChangeKind kind) noexcept {
    return words[static_cast<std::size_t>(kind)];
}

ChangeKind parse_change_kind(std::string_view word) noexcept {
    auto const* const found = std::ranges::find(words, word);
    return found == words.end() ? ChangeKind::unknown : static_cast<ChangeKind>(found - words.begin());
}

}  // namespace ocilot::meta
