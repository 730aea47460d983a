#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ocilot::events {

/// A secret that a receiver shares with the registry (Standard Webhooks, symmetric).
class SigningSecret {
  public:
    /// `whsec_` and base64, as services show it, or any other text as it is. config, without the secret, if
    /// it has less than 16 or more than 1024 bytes, or is not base64.
    static Result<SigningSecret> parse(std::string_view text);
    /// HMAC-SHA256, in base64.
    [[nodiscard]] std::string sign(std::string_view message) const;

  private:
    explicit SigningSecret(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string bytes_;
};

}  // namespace ocilot::events
