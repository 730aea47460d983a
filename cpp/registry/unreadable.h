#pragma once

#include "base/log.h"
#include "base/metrics.h"
#include "registry/failed_read.h"
#include "registry/registry.h"

#include <string_view>

namespace ocilot::registry {

/// Log and metric of blobs that a request found to be unreadable. Thread-safe.
class UnreadableBlobs {
  public:
    UnreadableBlobs(Log const& log, Metrics& metrics);

    void quarantined(oci::Digest const& digest, std::string_view reason);
    void not_quarantined(oci::Digest const& digest, Error const& error);

  private:
    Log const& log_;
    Counter& quarantined_;
};

/// Reads again, and quarantines the digest in the metadata if its bytes are missing, shorter or longer than
/// recorded, wrong or unreadable: from then on it is unknown, and the next push replaces its bytes. Does
/// nothing while it is pushed or examined elsewhere, or while the store as a whole does not work. Answers
/// whether it was quarantined.
Task<bool> quarantine_if_unreadable(Registry& registry, FailedRead failed);

/// Whether an error of the store may be the fault of one blob's bytes.
[[nodiscard]] bool may_be_unreadable(Error const& error) noexcept;

}  // namespace ocilot::registry
