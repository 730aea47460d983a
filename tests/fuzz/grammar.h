#pragma once

#include <string_view>

namespace ocilot::fuzz {

// The grammars of the distribution-spec once more, in the words of its regular expressions.

inline bool is_alphanumeric(char c) {
    return std::string_view("abcdefghijklmnopqrstuvwxyz0123456789").find(c) != std::string_view::npos;
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
inline bool is_tag(std::string_view text) {
    if (text.empty() || text.size() > 128 || text.front() == '.' || text.front() == '-') return false;
    for (char const c : text) {
        bool const upper = c >= 'A' && c <= 'Z';
        if (!upper && !is_alphanumeric(c) && c != '_' && c != '.' && c != '-') return false;
    }
    return true;
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
inline bool is_component(std::string_view text) {
    if (text.empty() || !is_alphanumeric(text.front()) || !is_alphanumeric(text.back())) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_alphanumeric(text[i])) continue;
        auto const before = text[i - 1];
        bool const alone = is_alphanumeric(before);
        bool const second_underscore = text[i] == '_' && before == '_' && is_alphanumeric(text[i - 2]);
        bool const dash_after_dash = text[i] == '-' && before == '-';
        bool const separator = text[i] == '.' || text[i] == '_' || text[i] == '-';
        if (!separator || !(alone || second_underscore || dash_after_dash)) return false;
    }
    return true;
}

/// Components joined by slashes, at most 255 bytes.
inline bool is_name(std::string_view text) {
    if (text.size() > 255) return false;
    for (;;) {
        auto const slash = text.find('/');
        if (!is_component(text.substr(0, slash))) return false;
        if (slash == text.npos) return true;
        text.remove_prefix(slash + 1);
    }
}

}  // namespace ocilot::fuzz
