#pragma once

#include "http/core/message.h"

#include <string_view>

namespace ocilot::http {

/// Whether two header names or tokens are the same, ASCII case aside.
[[nodiscard]] bool same_token(std::string_view a, std::string_view b) noexcept;

/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// Cuts `text` at the first `separator`: answers what is before it and leaves in `text` what follows.
[[nodiscard]] std::string_view cut(std::string_view& text, char separator) noexcept;

/// Calls `visit(element)` for each non-empty element of a comma-separated header, over all its lines.
template <class Visit>
void for_each_element(Request const& request, std::string_view name, Visit visit) {
    for (auto const& [key, value] : request.headers) {
        if (!same_token(key, name)) continue;
        for (auto rest = value; !rest.empty();) {
            if (auto const element = trimmed(cut(rest, ',')); !element.empty()) visit(element);
        }
    }
}

}  // namespace ocilot::http
