#pragma once

#include "base/result.h"
#include "retention/glob.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ocilot::retention {

using Path = std::vector<std::string>;

/// What was expected at a path of the document, as parse_policies reports it.
[[nodiscard]] Error expected_at(Path at, std::string_view what);
/// Why what was found there cannot be used.
[[nodiscard]] Error refused_at(Path at, std::string_view why);

/// The members of one object. YAML hands over its scalars as texts: `3` and `"3"` are the same number.
class Members {
  public:
    /// `what` is expected if the value is no object.
    static Result<Members> of(nlohmann::json const& value, Path at, std::string_view what);

    /// An error at the first member that is not in the list.
    [[nodiscard]] Result<> only(std::initializer_list<std::string_view> names) const;
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] Path at(std::string_view name) const;
    [[nodiscard]] Path const& path() const noexcept { return path_; }

    // Nothing if there is no such member.
    [[nodiscard]] Result<std::optional<std::string>> text(std::string_view name) const;
    [[nodiscard]] Result<std::optional<std::size_t>> number(std::string_view name, std::size_t least) const;
    [[nodiscard]] Result<std::optional<std::chrono::seconds>> duration(std::string_view name) const;
    /// Bytes, above zero.
    [[nodiscard]] Result<std::optional<std::uint64_t>> size(std::string_view name) const;
    [[nodiscard]] Result<bool> flag(std::string_view name) const;
    /// One text or a list of texts, which is not empty.
    [[nodiscard]] Result<std::vector<std::string>> texts(std::string_view name) const;
    [[nodiscard]] Result<std::vector<Glob>> tag_patterns(std::string_view name) const;
    [[nodiscard]] Result<std::vector<Glob>> patterns(std::string_view name) const;
    /// Null if there is none.
    [[nodiscard]] nlohmann::json const* find(std::string_view name) const;

  private:
    using ParsePattern = Result<Glob> (*)(std::string_view);
    Members(nlohmann::json const& object, Path path) : object_(&object), path_(std::move(path)) {}
    [[nodiscard]] Result<std::vector<Glob>> globs(std::string_view name, ParsePattern parse) const;

    nlohmann::json const* object_;
    Path path_;
};

/// Seconds of `36h`, `14d` or `1d12h`; nullopt for any other text.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);
/// Bytes of `65536`, `500MiB` or `50GiB`; nullopt for any other text.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

}  // namespace ocilot::retention
