#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace ocilot::auth {

// These take tens of milliseconds on purpose: run them on a BlockingPool.

inline constexpr std::size_t longest_password = 511;  ///< bytes; crypt(3) takes no more

/// Whether it is a crypt(5) hash that passwords are compared with here: bcrypt (`$2y$`, `$2b$`, `$2a$`, cost
/// up to 16), yescrypt (`$y$`) or SHA-512 (`$6$`).
[[nodiscard]] bool is_password_hash(std::string_view hash) noexcept;

/// Whether it is the password of the hash. False for any hash that is none of those above, and for a password
/// with a NUL or of more than `longest_password` bytes.
[[nodiscard]] bool verify_password(std::string_view password, std::string_view hash);

/// A new yescrypt hash with a salt of its own; yescrypt, unlike bcrypt, looks at every byte of a long
/// password. bad_request if it is empty, has a NUL or is too long.
[[nodiscard]] Result<std::string> hash_password(std::string_view password);
/// A new bcrypt hash of cost 10, as distribution's htpasswd file has them; bad_request beyond 72 bytes.
[[nodiscard]] Result<std::string> hash_password_bcrypt(std::string_view password);

/// A hash that costs what `like` costs and that no password fits: compare with it when the name is unknown,
/// so that the time tells nothing. What `hash_password` makes costs the same as `unknown_user_hash({})`.
[[nodiscard]] std::string unknown_user_hash(std::string_view like);

}  // namespace ocilot::auth
