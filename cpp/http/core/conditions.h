#pragma once

#include "http/core/message.h"
#include "oci/digest.h"
#include "registry/registry.h"

#include <optional>

namespace ocilot::http {

/// The entity tag of content: its digest in quotes.
[[nodiscard]] std::string etag(oci::Digest const& digest);

/// Whether `If-None-Match` names the content: the answer is then 304. Takes lists, weak tags, `*`, and
/// digests without quotes, as some clients send them.
[[nodiscard]] bool is_known(Request const& request, oci::Digest const& digest);

/// What a write requires of the content that is there (`If-Match`, `If-None-Match`), spelled as above;
/// nullopt if it requires nothing.
[[nodiscard]] std::optional<meta::TagCondition> write_condition(Request const& request);

/// Whether a `Range` is to be honoured as far as `If-Range` is concerned: absent, or exactly the entity tag.
[[nodiscard]] bool range_applies(Request const& request, oci::Digest const& digest);

}  // namespace ocilot::http
