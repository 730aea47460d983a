#include "auth/passwords.h"

#include <algorithm>
#include <crypt.h>
#include <fmt/format.h>
#include <memory>
#include <openssl/crypto.h>

namespace ocilot::auth {

namespace {

constexpr std::size_t bcrypt_settings = 29;  // `$2y$10$` and 22 characters of salt.
constexpr std::size_t bcrypt_hash = 60;
constexpr std::size_t longest_hash = 255;
constexpr int bcrypt_cost = 10;
constexpr int highest_bcrypt_cost = 16;  // Four seconds; beyond it logins would stop everything else.
constexpr std::size_t longest_bcrypt_password = 72;
constexpr std::string_view default_settings = "$y$j9T$......................$";
constexpr std::size_t yescrypt_hash = 43;

/// What crypt_r works in: too large for a stack, wiped afterwards.
struct Workspace {
    crypt_data data{};
    Workspace() = default;
    Workspace(Workspace const&) = delete;
    Workspace& operator=(Workspace const&) = delete;
    ~Workspace() { OPENSSL_cleanse(&data, sizeof data); }
};

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool is_bcrypt(std::string_view hash) noexcept {
    if (hash.size() != bcrypt_hash ||
        !(hash.starts_with("$2y$") || hash.starts_with("$2b$") || hash.starts_with("$2a$")))
        return false;
    if (!is_digit(hash[4]) || !is_digit(hash[5]) || hash[6] != '$') return false;
    return (hash[4] - '0') * 10 + (hash[5] - '0') <= highest_bcrypt_cost;
}

bool is_password(std::string_view password) noexcept {
    return password.size() <= longest_password && password.find('\0') == password.npos;
}

/// The hash of a password by the settings that a hash begins with; empty if they are none.
std::string crypt_by(std::string_view password, std::string_view settings) {
    auto const space = std::make_unique<Workspace>();
    std::string phrase(password);
    std::string const setting(settings);
    auto const* const hash = crypt_r(phrase.c_str(), setting.c_str(), &space->data);
    OPENSSL_cleanse(phrase.data(), phrase.size());
    if (hash == nullptr || hash[0] == '*') return {};
    return hash;
}

Result<std::string> hash_with(char const* prefix, int cost, std::string_view password) {
    if (password.empty() || !is_password(password)) {
        return Error{Errc::bad_request,
                     fmt::format("invalid password: expected 1 to {} bytes without NUL", longest_password)};
    }
    char settings[CRYPT_GENSALT_OUTPUT_SIZE];
    auto const* const made = crypt_gensalt_rn(prefix, static_cast<unsigned long>(cost), nullptr, 0, settings,
                                              static_cast<int>(sizeof settings));
    auto hash = made == nullptr ? std::string() : crypt_by(password, settings);
    if (hash.empty())
        return Error{Errc::internal,
                     fmt::format("libcrypt of this system does not support {} hashes", prefix)};
    return hash;
}

}  // namespace

bool is_password_hash(std::string_view hash) noexcept {
    bool const plain = std::ranges::all_of(hash, [](char c) { return c > ' ' && c <= '~' && c != ':'; });
    if (!plain || hash.size() > longest_hash) return false;
    if (hash.starts_with("$2")) return is_bcrypt(hash);
    if (!hash.starts_with("$y$") && !hash.starts_with("$6$")) return false;
    return hash.rfind('$') > 3 && hash.back() != '$';
}

bool verify_password(std::string_view password, std::string_view hash) {
    if (!is_password(password) || !is_password_hash(hash)) return false;
    auto const made = crypt_by(password, hash);
    return made.size() == hash.size() && CRYPTO_memcmp(made.data(), hash.data(), hash.size()) == 0;
}

Result<std::string> hash_password(std::string_view password) {
    return hash_with("$y$", 0, password);
}

Result<std::string> hash_password_bcrypt(std::string_view password) {
    if (password.size() > longest_bcrypt_password) {
        return Error{
            Errc::bad_request,
            fmt::format("invalid password: expected at most {} bytes, because bcrypt ignores the rest",
                        longest_bcrypt_password)};
    }
    return hash_with("$2y$", bcrypt_cost, password);
}

std::string unknown_user_hash(std::string_view like) {
    // A hash of nothing but zeros: nobody finds a password for it.
    if (!is_password_hash(like)) return std::string(default_settings).append(yescrypt_hash, '.');
    auto const settings = is_bcrypt(like) ? bcrypt_settings : like.rfind('$') + 1;
    return std::string(like.substr(0, settings)).append(like.size() - settings, '.');
}

}  // namespace ocilot::auth
