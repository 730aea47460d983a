#include "auth/claim_patterns.h"

#include "base/quote.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ocilot::auth {

namespace {

bool is_account_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-@/:+").find(c) != std::string_view::npos;
}

}  // namespace

nlohmann::json const* find_claim(nlohmann::json const& claims, std::string_view name) {
    if (!claims.is_object()) return nullptr;
    if (auto const found = claims.find(name); found != claims.end()) return &*found;
    auto const slash = name.find('/');
    if (slash == name.npos) return nullptr;
    auto const outer = claims.find(name.substr(0, slash));
    return outer == claims.end() ? nullptr : find_claim(*outer, name.substr(slash + 1));
}

std::optional<std::string> claim_text(nlohmann::json const& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number() || value.is_boolean()) return value.dump();
    return std::nullopt;
}

std::string as_account_name(std::string_view text) {
    std::string name;
    for (char const c : text) {
        if (is_account_character(c)) {
            name += c;
        } else {
            name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    return name;
}

Result<> check_template(std::string_view text) {
    bool open = false;
    std::size_t length = 0;
    for (char const c : text) {
        bool const wrong = (c == '{' && open) || (c == '}' && (!open || length == 0));
        if (wrong) {
            return Error{
                Errc::config,
                fmt::format(
                    "invalid template {}: expected a claim name in braces, such as ci-{{project_path}}",
                    quote(text))};
        }
        length = open ? length + 1 : 0;
        if (c == '{' || c == '}') open = c == '{';
    }
    if (open)
        return Error{Errc::config, fmt::format("invalid template {}: expected a closing brace", quote(text))};
    return {};
}

std::optional<std::string> fill_template(
    std::string_view text, std::function<std::optional<std::string>(std::string_view claim)> const& value) {
    std::string out;
    for (;;) {
        auto const open = text.find('{');
        auto const close = text.find('}', open == text.npos ? text.size() : open);
        out += text.substr(0, open);
        if (close == text.npos) return out;
        auto const filled = value(text.substr(open + 1, close - open - 1));
        if (!filled) return std::nullopt;
        out += *filled;
        text.remove_prefix(close + 1);
    }
}

}  // namespace ocilot::auth
