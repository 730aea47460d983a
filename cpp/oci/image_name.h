#pragma once

#include "oci/digest.h"
#include "oci/name.h"
#include "oci/tag.h"

#include <optional>
#include <string_view>

namespace ocilot::oci {

/// An image as deployments name it, without the registry: `team/app:v1`, `team/app@sha256:...`, or with both.
struct ImageName {
    RepositoryName repository;
    std::optional<Tag> tag;  ///< `latest` if there is neither tag nor digest
    std::optional<Digest> digest;

    /// A registry in front is allowed and ignored: a first component with a dot or a port, or `localhost`.
    /// The error of the part that is wrong; also of a digest alone, as the ID of an image is.
    static Result<ImageName> parse(std::string_view text);
};

}  // namespace ocilot::oci
