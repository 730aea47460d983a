#pragma once

#include "base/result.h"
#include "oci/name.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::oci {

/// A set of repositories, as an operator writes it: a repository name in which `*` stands for any number of
/// characters within a component and a component `**` for any number of components, also none: `mirror/*` is
/// `mirror/a`, `mirror/**` is `mirror`, `mirror/a` and `mirror/a/b`, `**` is every repository.
class RepositoryPattern {
  public:
    /// config with the reason if `text` is no pattern.
    static Result<RepositoryPattern> parse(std::string_view text);
    /// In one pass over the name, whatever the pattern.
    [[nodiscard]] bool matches(RepositoryName const& name) const;
    [[nodiscard]] std::string const& str() const noexcept { return text_; }

  private:
    enum class Kind : std::uint8_t {
        byte,   ///< exactly this one
        star,   ///< any number within a component
        enter,  ///< the slash before the first component of a `**`, which may also have none
        tree,   ///< the rest of its components
    };
    struct Token {
        Kind kind;
        char byte;
    };
    /// Which tokens may come next: one flag a token, and one for the end.
    using Reached = std::vector<bool>;

    explicit RepositoryPattern(std::string_view text) : text_(text) {}
    void add(std::string_view component);
    void pass_over(Reached& reached) const;
    [[nodiscard]] Reached after(Reached const& reached, char c) const;

    std::string text_;
    std::vector<Token> tokens_;
};

}  // namespace ocilot::oci
