#pragma once

#include "registry/registry.h"

#include <vector>

namespace ocilot::registry {

/// Tags about to be set on one manifest. Borrowed for the question.
struct TagMoves {
    policy::Caller const& caller;
    oci::RepositoryName const& repository;
    oci::Digest const& digest;
    std::vector<oci::Tag> const& tags;
};

/// Asks the gate about each tag, telling where it points now and what refers to its manifest. Answers where
/// they pointed, nothing if nobody was asked; denied with the reason of the first refusal.
Task<Result<std::vector<meta::ExpectedTag>>> admit_tags(Registry& registry, TagMoves moves);

}  // namespace ocilot::registry
