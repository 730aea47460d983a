#pragma once

#include "server/settings/answers.h"
#include "server/settings/auth.h"
#include "server/settings/certificates.h"
#include "server/settings/events.h"
#include "server/settings/hooks.h"
#include "server/settings/limits.h"
#include "server/settings/listen.h"
#include "server/settings/log.h"
#include "server/settings/operations.h"
#include "server/settings/pools.h"
#include "server/settings/pulls.h"
#include "server/settings/rate_limits.h"
#include "server/settings/retention.h"
#include "server/settings/storage.h"
#include "server/settings/upkeep.h"
#include "server/settings/uploads.h"

#include <vector>

namespace ocilot::server {

/// The one resolved value the configuration hands to the core; `python/ocilot/config` makes it. Each feature
/// has its part in a header of its own. Defaults are those of a registry started without any configuration.
struct Settings {
    StorageSettings storage;
    UploadSettings uploads;
    UpkeepSettings upkeep;
    RetentionSettings retention;
    PullSettings pulls;
    EventSettings events;
    ListenSettings listen;
    CertificateSettings tls;
    LimitSettings limits;
    OperationsSettings operations;
    PoolSettings pools;
    AnswerSettings answers;
    AuthSettings auth;
    std::vector<RateLimitRule> rate_limits;
    HookSettings hooks;
    LogSettings log;
};

}  // namespace ocilot::server
