#pragma once

#include "auth/key_source.h"
#include "base/blocking_pool.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/http_client.h"

#include <memory>
#include <string>
#include <vector>

namespace ocilot::issuers {

/// The keys of foreign issuers, from their discovery documents (`/.well-known/openid-configuration`), from a
/// JWKS elsewhere or from files. Kept for an hour; fetched again for an unknown `kid`, or after a failure, at
/// most once a minute, and by one caller at a time; while an issuer cannot be reached, its last keys are good
/// for a day. Thread-safe.
class FetchedKeys final : public auth::KeySource {
  public:
    struct Issuer {
        std::string issuer;  ///< `iss`, exactly
        std::string jwks;    ///< URL or path of a file with JWKS or PEM; empty: found by discovery
        std::shared_ptr<net::HttpClient> client;
    };
    struct Dependencies {
        BlockingPool& pool;  ///< reads files there
        Clock const& clock;
        Log const& log;
    };

    /// config if keys would come over plain HTTP from another machine, or a URL is none.
    static Result<std::unique_ptr<FetchedKeys>> make(std::vector<Issuer> issuers, Dependencies dependencies);
    ~FetchedKeys() override;

    Task<Result<std::shared_ptr<jose::PublicKeys const>>> keys(std::string issuer, std::string kid) override;

  private:
    struct CachedIssuer;
    class Attempt;

    explicit FetchedKeys(Dependencies dependencies);
    Task<Result<std::shared_ptr<jose::PublicKeys const>>> refresh(CachedIssuer& cached);
    /// Keys as the issuer has them now.
    Task<Result<std::shared_ptr<jose::PublicKeys const>>> fetch(Issuer const& of);
    Task<Result<std::string>> read(Issuer const& of);
    Task<Result<std::string>> discover(Issuer const& of);

    Dependencies dependencies_;
    std::vector<std::unique_ptr<CachedIssuer>> issuers_;
};

}  // namespace ocilot::issuers
