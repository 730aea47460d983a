#pragma once

#include "base/result.h"

#include <compare>
#include <string>
#include <string_view>

namespace ocilot::oci {

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec, `<reference>` as a tag).
class Tag {
  public:
    /// tag_invalid with the reason if `text` is out of the grammar.
    static Result<Tag> parse(std::string_view text);
    [[nodiscard]] std::string const& str() const noexcept { return text_; }
    friend auto operator<=>(Tag const&, Tag const&) = default;

  private:
    explicit Tag(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace ocilot::oci
