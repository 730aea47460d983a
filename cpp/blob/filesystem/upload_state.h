#pragma once

#include "base/result.h"
#include "base/uuid.h"
#include "oci/hasher.h"

#include <optional>
#include <string>
#include <string_view>

namespace ocilot::blob {

/// The running hash of an upload's first bytes, and why the file can be believed to hold those very bytes.
struct UploadState {
    oci::Hasher hasher;
    bool is_synced;            ///< they were on disk when this was written
    std::optional<Uuid> boot;  ///< else only as long as the machine runs: a power cut may leave other bytes
};

/// Empty if nothing would ever make it trustworthy.
[[nodiscard]] std::string write_state(UploadState const& state);
/// io for what is not a state of this version and algorithm.
[[nodiscard]] Result<UploadState> read_state(oci::Algorithm algorithm, std::string_view text);

}  // namespace ocilot::blob
