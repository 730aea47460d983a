#include "meta/change_text.h"

#include "base/counted.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ocilot::meta {

namespace {

std::string groups_text(std::vector<std::string> const& groups) {
    return groups.empty() ? "no groups" : fmt::format("groups {}", fmt::join(groups, " "));
}

std::string tags_text(Change const& change) {
    auto const& tags = change.details.tags;
    auto const count = tags.size() + change.details.more_tags;
    if (count == 0) return {};
    if (change.kind == ChangeKind::manifest_delete) return "with " + counted(count, "tag", "tags");
    std::string out = "tags ";
    for (auto const& tag : tags) {
        if (&tag != &tags.front()) out += ", ";
        out += tag.name;
    }
    return out;
}

/// What an administrator wants to see of a new account.
std::string new_account_text(ChangedAccount const& set) {
    std::vector<std::string> found{set.robot.value_or(false) ? "robot" : "user"};
    if (set.password.value_or(false)) found.emplace_back("password");
    if (set.groups && !set.groups->empty()) found.push_back(groups_text(*set.groups));
    if (set.admin.value_or(false)) found.emplace_back("admin");
    if (set.disabled.value_or(false)) found.emplace_back("disabled");
    return fmt::format("{}", fmt::join(found, ", "));
}

std::string account_text(ChangedAccount const& set) {
    std::vector<std::string> found;
    if (set.password) found.emplace_back(*set.password ? "new password" : "no password");
    if (set.groups) found.push_back(groups_text(*set.groups));
    if (set.admin) found.emplace_back(*set.admin ? "admin" : "no admin");
    if (set.disabled) found.emplace_back(*set.disabled ? "disabled" : "enabled");
    return fmt::format("{}", fmt::join(found, ", "));
}

std::string token_text(ChangeDetails const& details) {
    return fmt::format(
        "{}of {}{}", details.refresh ? "refresh, " : "", details.account,
        details.scopes.empty() ? "" : fmt::format(", only {}", fmt::join(details.scopes, " ")));
}

std::string tag_text(Change const& change) {
    if (change.details.tags.empty()) return {};
    auto const& previous = change.details.tags.front().previous;
    auto const others = change.details.tags.size() - 1;
    if (change.kind == ChangeKind::tag_delete && others > 0)
        return fmt::format("{}, with {}", previous, counted(others, "other tag", "other tags"));
    if (change.kind == ChangeKind::tag_delete) return previous;
    if (previous.empty()) return fmt::format("to {}", change.digest);
    return fmt::format("from {} to {}", previous, change.digest);
}

std::string pull_text(Change const& change) {
    auto const& tags = change.details.tags;
    return tags.empty() ? "by digest" : "by tag " + tags.front().name;
}

std::string counts_text(ChangeDetails const& details) {
    std::string out;
    for (auto const& [what, count] : details.counts) {
        if (!out.empty()) out += ", ";
        out += count_text(count, what);
    }
    return out;
}

}  // namespace

std::string_view subject_of(Change const& change) noexcept {
    bool const is_tag = change.kind == ChangeKind::tag_move || change.kind == ChangeKind::tag_delete ||
                        change.kind == ChangeKind::tag_restore;
    if (is_tag && !change.details.tags.empty()) return change.details.tags.front().name;
    return change.digest.empty() ? change.name : change.digest;
}

std::string count_text(std::uint64_t number, std::string_view things) {
    if (things.ends_with("ies"))
        return counted(number, fmt::format("{}y", things.substr(0, things.size() - 3)), things);
    return counted(number, things.substr(0, things.size() - (things.ends_with('s') ? 1 : 0)), things);
}

std::string detail_of(Change const& change) {
    if (!change.text.empty()) return change.text;
    auto const& details = change.details;
    switch (change.kind) {
        case ChangeKind::manifest_push:
        case ChangeKind::manifest_delete:
            return tags_text(change);
        case ChangeKind::manifest_pull:
            return pull_text(change);
        case ChangeKind::tag_move:
        case ChangeKind::tag_delete:
        case ChangeKind::tag_restore:
            return tag_text(change);
        case ChangeKind::blob_mount:
            return "from " + details.source;
        case ChangeKind::account_add:
            return new_account_text(details.set);
        case ChangeKind::account_change:
            return account_text(details.set);
        case ChangeKind::token_add:
        case ChangeKind::token_remove:
            return token_text(details);
        case ChangeKind::key_add:
            return details.counts.empty() ? "" : "removed " + counts_text(details);
        default:
            return counts_text(details);
    }
}

}  // namespace ocilot::meta
