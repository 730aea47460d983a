#pragma once

#include "auth/federation.h"
#include "auth/key_source.h"
#include "base/blocking_pool.h"
#include "base/log.h"
#include "server/settings.h"

#include <memory>
#include <vector>

namespace ocilot::server {

/// What tokens of foreign issuers are worth. config with one clear sentence.
[[nodiscard]] Result<auth::Federation> federation_of(std::vector<OidcIssuer> const& issuers);

/// Where their keys come from. config with one clear sentence.
[[nodiscard]] Result<std::unique_ptr<auth::KeySource>> issuers_of(AuthSettings const& settings,
                                                                  BlockingPool& pool, Clock const& clock,
                                                                  Log const& log);

}  // namespace ocilot::server
