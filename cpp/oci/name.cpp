#include "oci/name.h"

#include "base/quote.h"

#include <fmt/format.h>

namespace ocilot::oci {

namespace {

constexpr std::size_t longest_name = 255;

constexpr bool is_alphanumeric(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

constexpr bool is_separator(char c) noexcept {
    return c == '.' || c == '_' || c == '-';
}

/// Length of the separator `text` starts with: `.`, `_`, `__` or any number of dashes; 0 if it is none of
/// them.
std::size_t separator_length(std::string_view text) noexcept {
    std::size_t length = 0;
    while (length < text.size() && is_separator(text[length])) ++length;
    auto const run = text.substr(0, length);
    bool const allowed = run == "." || run == "_" || run == "__" || run.find_first_not_of('-') == run.npos;
    return allowed ? length : 0;
}

/// What is wrong with one component, or nothing. One pass over its bytes.
std::string_view problem_of(std::string_view component) noexcept {
    if (component.empty()) return "a component is empty";
    std::size_t at = 0;
    for (;;) {
        auto const start = at;
        while (at < component.size() && is_alphanumeric(component[at])) ++at;
        if (at == component.size()) {
            return at == start ? "a component ends with a separator" : std::string_view();
        }
        char const c = component[at];
        if (c >= 'A' && c <= 'Z') return "upper-case letter";
        if (!is_separator(c)) return "a character other than a-z, 0-9, '.', '_', '-' and '/'";
        if (at == start) return "a component starts with a separator";
        auto const separator = separator_length(component.substr(at));
        if (separator == 0) return "a separator is none of '.', '_', '__' and dashes";
        at += separator;
    }
}

}  // namespace

Result<RepositoryName> RepositoryName::parse(std::string_view text) {
    if (text.size() > longest_name) {
        return Error{Errc::name_invalid,
                     fmt::format("invalid repository name {}: {} bytes exceed the limit of {}", quote(text),
                                 text.size(), longest_name)};
    }
    for (auto rest = text;;) {
        auto const slash = rest.find('/');
        auto const problem = problem_of(rest.substr(0, slash));
        if (!problem.empty()) {
            return Error{
                Errc::name_invalid,
                fmt::format("invalid repository name {}: {}; expected lower-case letters and digits, joined "
                            "by '.', '_', '__' or dashes, in components joined by '/'",
                            quote(text), problem)};
        }
        if (slash == rest.npos) return RepositoryName(std::string(text));
        rest.remove_prefix(slash + 1);
    }
}

}  // namespace ocilot::oci
