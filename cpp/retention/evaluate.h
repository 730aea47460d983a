#pragma once

#include "retention/select.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::retention {

/// Why something is kept or deleted.
enum class Reason : std::uint8_t {
    no_rule,         ///< kept: no delete rule selects it
    keep_rule,       ///< kept: a keep rule selects it
    protected_tag,   ///< kept: `protect` of a policy names it
    floor,           ///< kept: one of the newest tags of the repository
    subject_exists,  ///< kept: it stands for referrers of a manifest that is there
    hook,            ///< kept: a `retain` hook keeps it
    in_use_hook,     ///< kept: an `images_in_use` hook names it
    hook_failed,     ///< kept: a `retain` hook could not be asked
    labels_unread,   ///< kept: rules use labels, and those of the image cannot be read
    below_size,      ///< kept: the repository is below the size of `until-size` without its deletion
    delete_rule,     ///< deleted
};
/// `no-rule`, `keep-rule`, `protected`, `floor`, `subject`, `hook` for both kinds of hooks, `hook-failed`,
/// `labels-unread`, `size`, `delete-rule`.
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

/// A rule by its place.
struct RulePlace {
    Index policy = no_index;
    Index rule = no_index;
};

/// The verdict about a tag, or about a manifest that has none.
struct Row {
    bool is_tag = true;
    Index index = no_index;
    Reason reason = Reason::no_rule;
    RulePlace by = {};             ///< of keep_rule, protected_tag (no rule), below_size and delete_rule
    std::uint32_t rank = 0;        ///< see Selected
    std::string_view script = {};  ///< of hook and in_use_hook; borrowed from the repository

    [[nodiscard]] bool is_deleted() const noexcept { return reason == Reason::delete_rule; }
};

/// What the policies decide about a repository.
struct Outcome {
    std::vector<Row> rows = {};  ///< of all tags, and of all manifests without tag, parent and subject
    std::size_t tags = 0;        ///< of the repository
    std::size_t deleted_tags = 0;
    std::size_t deleted_manifests = 0;
    bool fuse = false;  ///< the deletions are a larger share of the tags than a policy lets pass alone

    [[nodiscard]] bool deletes() const noexcept { return deleted_tags + deleted_manifests > 0; }
};

/// Applies all policies that match the repository. `keep` wins over `delete`; the order of policies and rules
/// changes nothing but which of several reasons is named.
[[nodiscard]] Outcome evaluate(std::vector<Policy> const& policies, View const& view);

/// A verdict in words, with the values that were compared: `older than 14d: pushed 40d ago`.
[[nodiscard]] std::string reason_text(std::vector<Policy> const& policies, View const& view, Row const& row);

/// A rule as it is named: `applications.keep.0`, its place in the configuration; a hook by its script.
[[nodiscard]] std::string place_text(std::vector<Policy> const& policies, Row const& row);

}  // namespace ocilot::retention
