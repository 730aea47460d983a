#include "oci/repository_pattern.h"

#include "base/quote.h"

#include <fmt/format.h>

namespace ocilot::oci {

namespace {

constexpr std::size_t longest_pattern = 255;  // That of a name.

constexpr bool may_stand_in_pattern(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '*';
}

/// What is wrong with one component, or nothing.
std::string_view problem_of(std::string_view component) noexcept {
    if (component.empty()) return "a component is empty";
    for (char const c : component) {
        if (!may_stand_in_pattern(c))
            return "it has a character other than a-z, 0-9, '.', '_', '-', '*' and '/'";
    }
    if (component != "**" && component.find("**") != component.npos)
        return "'**' is not a component of its own";
    return {};
}

}  // namespace

Result<RepositoryPattern> RepositoryPattern::parse(std::string_view text) {
    if (text.size() > longest_pattern) {
        return Error{Errc::config, fmt::format("repository pattern {} has {} bytes: the most is {}",
                                               quote(text), text.size(), longest_pattern)};
    }
    RepositoryPattern pattern(text);
    for (auto rest = text;;) {
        auto const slash = rest.find('/');
        auto const component = rest.substr(0, slash);
        if (auto const problem = problem_of(component); !problem.empty()) {
            return Error{Errc::config, fmt::format("repository pattern {} is invalid: {}; write one such as "
                                                   "team/app, mirror/* or **",
                                                   quote(text), problem)};
        }
        pattern.add(component);
        if (slash == rest.npos) return pattern;
        rest.remove_prefix(slash + 1);
    }
}

// Every component is taken with the slash before it; matches() puts one before the name.
void RepositoryPattern::add(std::string_view component) {
    if (component == "**") {
        tokens_.push_back({Kind::enter, '/'});
        tokens_.push_back({Kind::tree, '*'});
        return;
    }
    tokens_.push_back({Kind::byte, '/'});
    for (char const c : component) tokens_.push_back({c == '*' ? Kind::star : Kind::byte, c});
}

/// Adds what comes after tokens that may stand for nothing.
void RepositoryPattern::pass_over(Reached& reached) const {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (!reached[i]) continue;
        auto const kind = tokens_[i].kind;
        if (kind == Kind::enter) reached[i + 2] = true;
        if (kind == Kind::star || kind == Kind::tree) reached[i + 1] = true;
    }
}

RepositoryPattern::Reached RepositoryPattern::after(Reached const& reached, char c) const {
    Reached next(reached.size(), false);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (!reached[i]) continue;
        auto const [kind, byte] = tokens_[i];
        bool const stays = kind == Kind::tree || (kind == Kind::star && c != '/');
        bool const goes_on = (kind == Kind::byte || kind == Kind::enter) && c == byte;
        if (stays) next[i] = true;
        if (goes_on) next[i + 1] = true;
    }
    pass_over(next);
    return next;
}

bool RepositoryPattern::matches(RepositoryName const& name) const {
    Reached reached(tokens_.size() + 1, false);
    reached[0] = true;
    pass_over(reached);
    reached = after(reached, '/');
    for (char const c : name.str()) reached = after(reached, c);
    return reached.back();
}

}  // namespace ocilot::oci
