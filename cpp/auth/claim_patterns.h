#pragma once

#include "base/result.h"

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::auth {

inline constexpr std::size_t longest_account_name = 128;  ///< bytes

/// Whether a claim's text fits a pattern as a whole: `*` is any number of any characters, also none,
/// everything else itself. In time that grows with pattern times text at most.
[[nodiscard]] bool claim_fits(std::string_view pattern, std::string_view text) noexcept;

/// The claim of this name; null if there is none. `a/b` is the member `b` of the claim `a`, unless there is a
/// claim `a/b` itself.
[[nodiscard]] nlohmann::json const* find_claim(nlohmann::json const& claims, std::string_view name);

/// A string as it is, a number or boolean as JSON writes it; nullopt for anything else.
[[nodiscard]] std::optional<std::string> claim_text(nlohmann::json const& value);

/// The same text with `-` for each character that no account name has: those are `a-z A-Z 0-9 . _ - @ / : +`.
[[nodiscard]] std::string as_account_name(std::string_view text);

/// config if braces in `text` do not enclose names of claims.
[[nodiscard]] Result<> check_template(std::string_view text);
/// `text` with `{claim}` replaced by what `value` says of it; nullopt if it says nothing of one. Values are
/// not looked at for further braces.
[[nodiscard]] std::optional<std::string> fill_template(
    std::string_view text, std::function<std::optional<std::string>(std::string_view claim)> const& value);

}  // namespace ocilot::auth
