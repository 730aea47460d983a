#pragma once

#include "base/result.h"
#include "oci/name.h"

#include <string>
#include <string_view>

namespace ocilot::oci {

/// A set of repositories, as an operator writes it: a repository name in which `*` stands for any number of
/// characters within a component and a component `**` for any number of components, also none: `mirror/*` is
/// `mirror/a`, `mirror/**` is `mirror`, `mirror/a` and `mirror/a/b`, `**` is every repository.
///
/// The only implementation: rules, scopes, sparse repositories, the configuration and hooks all ask here.
class RepositoryPattern {
  public:
    /// config with the reason if `text` is no pattern.
    static Result<RepositoryPattern> parse(std::string_view text);
    /// Allocates nothing; takes at most pattern times name steps, whatever the pattern.
    [[nodiscard]] bool matches(RepositoryName const& name) const noexcept;
    [[nodiscard]] std::string const& str() const noexcept { return text_; }

  private:
    explicit RepositoryPattern(std::string_view text) : text_(text) {}
    std::string text_;
};

}  // namespace ocilot::oci
