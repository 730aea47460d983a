#pragma once

#include "base/clock.h"

#include <string>

struct x509_st;

namespace ocilot::net {

/// The name a certificate gives its owner: the common name of its subject, or, without one, the first of its
/// alternative names that is a URI, else an e-mail address, else a DNS name. Empty if there is none, if there
/// are several common names, or if the name is longer than 255 bytes or not all printable UTF-8. Says nothing
/// about who has signed it.
[[nodiscard]] std::string certificate_name(x509_st const* certificate);

/// Whether its time is over, by the clock of the machine, which OpenSSL goes by in handshakes, too.
[[nodiscard]] bool has_expired(x509_st const* certificate) noexcept;

/// The last moment of its time; 1970 if that cannot be read.
[[nodiscard]] Time expiry_of(x509_st const* certificate) noexcept;

}  // namespace ocilot::net
