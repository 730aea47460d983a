#pragma once

#include "base/result.h"

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace ocilot::oci {

/// A repository name (distribution-spec, "Pulling manifests": `<name>`): lower-case components separated by
/// slashes, at most 255 bytes. Safe as a relative path: no component is empty, `.`, `..` or starts with `_`.
class RepositoryName {
  public:
    /// name_invalid with the reason if `text` is out of the grammar.
    static Result<RepositoryName> parse(std::string_view text);
    [[nodiscard]] std::string const& str() const noexcept { return text_; }
    friend auto operator<=>(RepositoryName const&, RepositoryName const&) = default;

  private:
    explicit RepositoryName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace ocilot::oci
