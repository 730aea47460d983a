#include "net/tls_error.h"

#include <fmt/format.h>
#include <openssl/err.h>

namespace ocilot::net {

std::string take_tls_reason() {
    auto const code = ERR_peek_last_error();
    ERR_clear_error();
    auto const* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? std::string(reason) : fmt::format("OpenSSL error {:#x}", code);
}

}  // namespace ocilot::net
