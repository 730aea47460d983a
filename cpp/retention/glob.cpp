#include "retention/glob.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <utility>

namespace ocilot::retention {

namespace {

constexpr std::size_t longest = 256;
constexpr std::size_t most_alternatives = 64;

Error expected(std::string_view what) {
    return {Errc::config, std::string(what)};
}

bool fits(std::string_view pattern, std::string_view text) noexcept {
    std::size_t p = 0;
    std::size_t t = 0;
    auto star = std::string_view::npos;  // The last star met,
    std::size_t after_star = 0;          // and where the text continues that it does not stand for.
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            after_star = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            t = ++after_star;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// The pattern once for each alternative of its first braces.
Result<std::vector<std::string>> without_first_braces(std::string const& pattern) {
    auto const open = pattern.find('{');
    auto const close = pattern.find('}');
    if (open == std::string::npos && close == std::string::npos) return std::vector{pattern};
    bool const closed = open != std::string::npos && close != std::string::npos && open < close;
    if (!closed || pattern.substr(open + 1, close - open - 1).find('{') != std::string::npos) {
        return expected("alternatives such as {a,b}, not nested");
    }
    std::vector<std::string> all;
    auto rest = std::string_view(pattern).substr(open + 1, close - open - 1);
    for (bool more = true; more;) {
        auto const comma = rest.find(',');
        more = comma != std::string_view::npos;
        all.push_back(
            fmt::format("{}{}{}", pattern.substr(0, open), rest.substr(0, comma), pattern.substr(close + 1)));
        if (more) rest.remove_prefix(comma + 1);
    }
    return all;
}

bool is_of_a_tag(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_.-*?{},").find(c) != std::string_view::npos;
}

}  // namespace

Result<Glob> Glob::parse(std::string_view text) {
    if (text.empty() || text.size() > longest) return expected("a pattern of 1 to 256 characters");
    Glob glob(text);
    glob.alternatives_ = {glob.text_};
    auto const has_braces = [](std::string const& one) {
        return one.find_first_of("{}") != std::string::npos;
    };
    while (std::ranges::any_of(glob.alternatives_, has_braces)) {
        std::vector<std::string> next;
        for (auto const& one : glob.alternatives_) {
            TRY(auto all, without_first_braces(one));
            std::ranges::move(all, std::back_inserter(next));
        }
        if (next.size() > most_alternatives) return expected("a pattern with at most 64 alternatives");
        glob.alternatives_ = std::move(next);
    }
    return glob;
}

Result<Glob> Glob::parse_for_tags(std::string_view text) {
    bool const all_fit = std::ranges::all_of(text, is_of_a_tag);
    if (!all_fit || text.starts_with('.') || text.starts_with('-')) {
        return expected(
            "a pattern of whole tags such as v1.* or {main,dev}-*, with *, ? and {a,b}; regular expressions "
            "are "
            "not supported");
    }
    return parse(text);
}

bool Glob::matches(std::string_view text) const noexcept {
    return std::ranges::any_of(alternatives_, [&](std::string const& one) { return fits(one, text); });
}

bool any_matches(std::vector<Glob> const& patterns, std::string_view text) noexcept {
    return std::ranges::any_of(patterns, [&](Glob const& pattern) { return pattern.matches(text); });
}

}  // namespace ocilot::retention
