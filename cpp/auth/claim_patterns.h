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

/// The claim of this name; null if there is none. `a/b` is the member `b` of the claim `a`, unless there is a
/// claim `a/b` itself.
[[nodiscard]] nlohmann::json const* find_claim(nlohmann::json const& claims, std::string_view name);

/// A string as it is, a number or boolean as JSON writes it; nullopt for anything else.
[[nodiscard]] std::optional<std::string> claim_text(nlohmann::json const& value);

/// The same text with `%` and two hexadecimal digits for each byte but `a-z A-Z 0-9 . _ - @ / : +`: no two
/// texts make one name.
[[nodiscard]] std::string as_account_name(std::string_view text);

/// config if braces in `text` do not enclose names of claims.
[[nodiscard]] Result<> check_template(std::string_view text);
/// `text` with `{claim}` replaced by what `value` says of it; nullopt if it says nothing of one. Values are
/// not looked at for further braces.
[[nodiscard]] std::optional<std::string> fill_template(
    std::string_view text, std::function<std::optional<std::string>(std::string_view claim)> const& value);

}  // namespace ocilot::auth
