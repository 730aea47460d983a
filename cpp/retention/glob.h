#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace ocilot::retention {

/// A pattern that has to match a whole text: `*` is any run of bytes, also none and also of dots and slashes,
/// `?` any one byte, `{a,b}` one of several. Case matters.
class Glob {
  public:
    /// config with what was expected if `text` is no pattern.
    static Result<Glob> parse(std::string_view text);
    /// The same for a pattern of tags, which refuses what no tag can match: above all regular expressions.
    static Result<Glob> parse_for_tags(std::string_view text);

    /// Allocates nothing; takes at most pattern times text steps.
    [[nodiscard]] bool matches(std::string_view text) const noexcept;
    [[nodiscard]] std::string const& str() const noexcept { return text_; }
    /// Whether it matches every text.
    [[nodiscard]] bool matches_everything() const noexcept { return text_ == "*"; }

  private:
    explicit Glob(std::string_view text) : text_(text) {}

    std::string text_;
    std::vector<std::string> alternatives_;  // Without braces.
};

/// Whether one of the patterns matches.
[[nodiscard]] bool any_matches(std::vector<Glob> const& patterns, std::string_view text) noexcept;

}  // namespace ocilot::retention
