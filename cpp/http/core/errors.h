#pragma once

#include "base/error.h"
#include "http/core/message.h"

#include <string_view>

namespace ocilot::http {

/// How one Errc is told to a client.
struct ErrorRow {
    Errc code;
    unsigned status;
    std::string_view oci_code;  ///< distribution-spec "Error codes", or one that distribution's clients know
    std::string_view message;   ///< said if the error has none, or may not speak for itself
    bool own_words = true;      ///< whether the error's message may be shown: not for failures inside
    bool close = false;         ///< whether the rest of the connection is of no use
    bool limit = false;         ///< whether a limit speaks: counted and logged as a refusal
};

/// The one row for a code.
[[nodiscard]] ErrorRow const& error_row(Errc code) noexcept;

/// The protocol's answer: `{"errors":[{"code","message","detail"}]}`, one entry a subject or just one.
[[nodiscard]] Response error_response(Error const& error);

}  // namespace ocilot::http
