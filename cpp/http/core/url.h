#pragma once

#include "base/uuid.h"
#include "http/core/app.h"
#include "http/core/authority.h"
#include "oci/digest.h"
#include "oci/name.h"

#include <optional>
#include <string>
#include <string_view>

namespace ocilot::http {

/// The way to this registry as a request tells it: from a trusted proxy `Forwarded`, `X-Forwarded-Proto`,
/// `-Host` and `-Port`, else the connection and `Host`. Borrows the request.
struct RequestedOrigin {
    std::string_view scheme;
    Authority authority;  ///< without a host if it names none
};
[[nodiscard]] RequestedOrigin requested_origin(Request const& request);

/// Makes the URLs of one answer. Borrows its arguments.
class Urls {
  public:
    Urls(UrlSettings const& settings, Request const& request) noexcept
        : settings_(settings), request_(request) {}

    /// Values of `Location`: absolute where the way to this registry is known (`http.host`; from a trusted
    /// proxy `Forwarded`, `X-Forwarded-Proto`, `-Host` and `-Port`; `Host`), else path only.
    [[nodiscard]] std::string manifest(oci::RepositoryName const& repository,
                                       oci::Digest const& digest) const;
    [[nodiscard]] std::string blob(oci::RepositoryName const& repository, oci::Digest const& digest) const;
    [[nodiscard]] std::string upload(oci::RepositoryName const& repository, std::string_view segment) const;

    /// `path` (`/token`) where clients see it, with its origin, however `Location` is written.
    [[nodiscard]] std::string absolute(std::string_view path) const { return origin() + local(path); }

    /// `path` (`/v2/…`) where clients see it, below the path of `http.host` and the prefix, without an
    /// origin.
    [[nodiscard]] std::string local(std::string_view path) const;

  private:
    [[nodiscard]] std::string location(std::string_view path) const;
    [[nodiscard]] std::string origin() const;

    UrlSettings const& settings_;
    Request const& request_;
};

/// What follows `prefix` in `path`, starting with a slash; nullopt if the path is not below it.
[[nodiscard]] std::optional<std::string_view> below_prefix(std::string_view path,
                                                           std::string_view prefix) noexcept;

}  // namespace ocilot::http
