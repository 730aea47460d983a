#pragma once

#include "base/result.h"
#include "events/event.h"
#include "oci/repository_pattern.h"
#include "retention/glob.h"

#include <string>
#include <vector>

namespace ocilot::events {

/// Which events a receiver gets; all that is given has to fit, and a list that is empty fits everything but
/// for `actions`.
struct Filter {
    std::vector<oci::RepositoryPattern> repositories = {};
    std::vector<oci::RepositoryPattern> except = {};
    std::vector<retention::Glob> tags = {};  ///< one of its tags; events without any do not fit
    std::vector<Action> actions = {};        ///< empty: default_actions
    std::vector<retention::Glob> media_types = {};
    std::vector<retention::Glob> artifact_types = {};
    std::vector<retention::Glob> callers = {};          ///< name of the caller; empty for anonymous
    std::vector<std::string> ignored_media_types = {};  ///< distribution's: exactly `target.mediaType`
    std::vector<std::string> ignored_actions = {};      ///< distribution's: `push`, `pull`, `mount`, `delete`

    [[nodiscard]] bool matches(Event const& event) const;
};

/// Those of a receiver that names none: what changes images and tags, but not each blob, nor pulls, nor
/// refusals.
[[nodiscard]] bool is_default_action(Action action) noexcept;

/// The actions that a word names: `tag.moved`, or a family `tag.*`; `*` is all. config, with those that there
/// are, if it names none.
Result<std::vector<Action>> parse_actions(std::string_view word);

}  // namespace ocilot::events
