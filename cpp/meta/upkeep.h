#pragma once

#include "meta/audit.h"
#include "meta/collection.h"
#include "meta/consumers.h"
#include "meta/job_places.h"
#include "meta/leases.h"
#include "meta/pulls.h"
#include "meta/retention.h"
#include "meta/retention_policies.h"
#include "meta/scrub_facts.h"

namespace ocilot::meta {

/// The parts of the metadata that jobs work with beside those of requests: see MetaStore.
class UpkeepStore {
  public:
    virtual ~UpkeepStore() = default;
    [[nodiscard]] virtual Audit& audit() noexcept = 0;
    [[nodiscard]] virtual ScrubFacts& scrub() noexcept = 0;
    [[nodiscard]] virtual Leases& leases() noexcept = 0;
    [[nodiscard]] virtual JobPlaces& places() noexcept = 0;
    [[nodiscard]] virtual Collection& collection() noexcept = 0;
    [[nodiscard]] virtual Retention& retention() noexcept = 0;
    [[nodiscard]] virtual RetentionPolicies& retention_policies() noexcept = 0;
    [[nodiscard]] virtual Pulls& pulls() noexcept = 0;
    [[nodiscard]] virtual Consumers& consumers() noexcept = 0;
};

}  // namespace ocilot::meta
