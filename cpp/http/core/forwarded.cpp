#include "http/core/forwarded.h"

#include "http/core/header.h"

namespace ocilot::http {

std::string_view forwarded_parameter(std::string_view element, std::string_view name) noexcept {
    while (!element.empty()) {
        auto pair = cut(element, ';');
        if (!same_token(trimmed(cut(pair, '=')), name)) continue;
        auto value = trimmed(pair);
        bool const quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
        return quoted ? value.substr(1, value.size() - 2) : value;
    }
    return {};
}

}  // namespace ocilot::http
