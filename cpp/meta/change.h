#pragma once

#include "base/clock.h"
#include "meta/change_kind.h"
#include "meta/facts.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// A tag that a change set or removed.
struct ChangedTag {
    std::string name;
    std::string previous = {};  ///< digest it pointed to before; empty: there was no such tag
    friend bool operator==(ChangedTag const&, ChangedTag const&) = default;
};

/// What was set of an account; what is not given stayed as it was. Never a secret.
struct ChangedAccount {
    std::optional<bool> robot = {};
    std::optional<bool> password = {};  ///< whether there is one; given: it is another than before
    std::optional<std::vector<std::string>> groups = {};
    std::optional<bool> admin = {};
    std::optional<bool> disabled = {};
    friend bool operator==(ChangedAccount const&, ChangedAccount const&) = default;
};

/// When pulls were that a change stands for. The epoch: not known.
struct ToldPulls {
    Time first{};
    Time last{};
    std::optional<bool> sampled = {};  ///< see PullCount
    friend bool operator==(ToldPulls const&, ToldPulls const&) = default;
};

/// What a kind of change has beside the columns that all have. Every member is optional: one is added here
/// and in `change_details.cpp`, without another schema, and older rows have none of it.
struct ChangeDetails {
    /// manifest.*: set, taken along or pulled; tag.*: the one. tag.delete: the others, too, that go along
    /// with a manifest or a repository whose own change names no more.
    std::vector<ChangedTag> tags = {};
    std::uint64_t more_tags = 0;  ///< took along, beyond those in `tags`
    std::string artifact_type = {};
    std::string subject = {};               ///< digest of the manifest's subject
    std::vector<std::string> parents = {};  ///< of a deleted manifest: digests of indexes that name it
    std::string annotations = {};           ///< of a pushed manifest, a JSON object of strings; empty: none
    std::uint64_t more_annotations = 0;     ///< beyond those, see annotations_within
    std::string source = {};                ///< repository that a blob was mounted from
    bool first = false;                     ///< a push: of the only manifest that its repository has
    std::string account = {};               ///< of a token
    std::vector<std::string> scopes = {};
    bool refresh = false;  ///< a token that a login was given
    ChangedAccount set = {};
    std::vector<std::pair<std::string, std::uint64_t>> counts = {};  ///< what a reload or an import counted
    ToldPulls pulls = {};                                            ///< of manifest.pull
    friend bool operator==(ChangeDetails const&, ChangeDetails const&) = default;
};

/// Most tags that one change names.
inline constexpr std::size_t max_changed_tags = 1000;
/// The same of each further change, of which there may be thousands: they are read by the hundred.
inline constexpr std::size_t max_further_tags = 100;
/// Most indexes.
inline constexpr std::size_t max_changed_parents = 100;
/// Most bytes of annotations that one change has.
inline constexpr std::size_t max_changed_annotations = 4096;
/// Bytes, as they are stored, at which a page of changes ends before it has as many as were asked for.
inline constexpr std::size_t enough_change_bytes = std::size_t{1} << 20;

/// One thing that happened: a change, with what an event about it has to tell, or a refusal. It is data;
/// change_text.h makes words of it.
struct Change {
    std::int64_t id = 0;  ///< 0 before it is written; see Journal
    Time at{};
    ChangeKind kind = ChangeKind::unknown;
    bool refused = false;
    Actor by = {};
    std::string repository = {};  ///< empty if it is about none
    /// manifest.* and blob.*: of the content; tag.move: where the tag points now.
    std::string digest = {};
    /// An account, the id of a token or a key, or what was refused; empty for what has a digest.
    std::string name = {};
    std::string media_type = {};             ///< of a manifest that was pushed
    std::optional<std::uint64_t> size = {};  ///< bytes, of content that was pushed or mounted
    /// Why it was refused. For entries of schema 5 and before, all that is known beside the columns.
    std::string text = {};
    std::uint64_t times = 1;  ///< equal refusals within a short time are one; pulls under a name, too
    ChangeDetails details = {};
};

}  // namespace ocilot::meta
