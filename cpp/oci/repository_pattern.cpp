#include "oci/repository_pattern.h"

#include "base/quote.h"
#include "oci/wildcard.h"

#include <fmt/format.h>
#include <optional>

namespace ocilot::oci {

namespace {

/// A place between the components of a text.
class Components {
  public:
    explicit Components(std::string_view text) noexcept : rest_(text) {}
    [[nodiscard]] bool at_end() const noexcept { return ended_; }
    [[nodiscard]] std::string_view front() const noexcept { return rest_.substr(0, rest_.find('/')); }
    void next() noexcept {
        auto const slash = rest_.find('/');
        ended_ = slash == rest_.npos;
        if (!ended_) rest_.remove_prefix(slash + 1);
    }

  private:
    std::string_view rest_;
    bool ended_ = false;
};

constexpr std::string_view any_components = "**";
constexpr std::size_t longest_pattern = 255;  // That of a name.

constexpr bool may_stand_in_pattern(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' || c == '*';
}

/// What is wrong with one component, or nothing.
std::string_view problem_of(std::string_view component) noexcept {
    if (component.empty()) return "a component is empty";
    for (char const c : component) {
        if (!may_stand_in_pattern(c)) return "a character other than a-z, 0-9, '.', '_', '-', '*' and '/'";
    }
    if (component != any_components && component.find(any_components) != component.npos)
        return "'**' is not a whole component";
    return {};
}

}  // namespace

Result<RepositoryPattern> RepositoryPattern::parse(std::string_view text) {
    if (text.size() > longest_pattern) {
        return Error{Errc::config,
                     fmt::format("invalid repository pattern {}: {} bytes exceed the limit of {}",
                                 quote(text), text.size(), longest_pattern)};
    }
    for (Components components(text); !components.at_end(); components.next()) {
        if (auto const problem = problem_of(components.front()); !problem.empty()) {
            return Error{
                Errc::config,
                fmt::format(
                    "invalid repository pattern {}: {}; expected a pattern such as team/app, mirror/* or **",
                    quote(text), problem)};
        }
    }
    return RepositoryPattern(text);
}

// As fits_wildcards() goes over bytes: only the last `**` ever stands for one component more.
bool RepositoryPattern::matches(RepositoryName const& name) const noexcept {
    struct Place {
        Components pattern;
        Components name;
    };
    Place here{Components(text_), Components(name.str())};
    std::optional<Place> retry;
    while (!here.name.at_end()) {
        auto const wanted = here.pattern.at_end() ? std::string_view() : here.pattern.front();
        if (wanted == any_components) {
            here.pattern.next();
            retry = here;
        } else if (fits_wildcards(wanted, here.name.front())) {
            here.pattern.next();
            here.name.next();
        } else if (retry) {
            retry->name.next();
            here = *retry;
        } else {
            return false;
        }
    }
    while (!here.pattern.at_end() && here.pattern.front() == any_components) here.pattern.next();
    return here.pattern.at_end();
}

}  // namespace ocilot::oci
