#pragma once

#include "base/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct x509_st;
struct evp_pkey_st;

namespace ocilot::net {

struct OpenSslFree {
    void operator()(x509_st* certificate) const noexcept;
    void operator()(evp_pkey_st* key) const noexcept;
};
using Certificate = std::unique_ptr<x509_st, OpenSslFree>;
using Key = std::unique_ptr<evp_pkey_st, OpenSslFree>;

/// config: `cannot use the TLS <what> <file>: <why>`.
[[nodiscard]] Error unusable_file(std::string_view what, std::string_view file, std::string_view why);

/// Every certificate of a PEM file, in order, at least one. `what` they are is for the error: config, naming
/// the file and the reason. Blocks.
[[nodiscard]] Result<std::vector<Certificate>> read_certificates(std::string_view what,
                                                                 std::string const& file);

/// The private key of a PEM file, which must not be encrypted. config as above. Blocks.
[[nodiscard]] Result<Key> read_key(std::string const& file);

}  // namespace ocilot::net
