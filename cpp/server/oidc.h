#pragma once

#include "auth/federation.h"
#include "auth/key_source.h"
#include "base/blocking_pool.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/settings/auth.h"

#include <memory>
#include <vector>

namespace ocilot::server {

/// What tokens of foreign issuers are worth. config with one clear sentence.
[[nodiscard]] Result<auth::Federation> federation_of(std::vector<OidcIssuer> const& issuers);

/// What fetching their keys needs.
struct IssuerDependencies {
    Clock const& clock;
    Log const& log;
    Metrics& metrics;
};

/// Where their keys come from, through the proxies of the environment. config with one clear sentence.
[[nodiscard]] Result<std::unique_ptr<auth::KeySource>> issuers_of(AuthSettings const& settings,
                                                                  BlockingPool& pool,
                                                                  IssuerDependencies dependencies);

}  // namespace ocilot::server
