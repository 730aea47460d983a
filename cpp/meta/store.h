#pragma once

#include "meta/accounts.h"
#include "meta/audit.h"
#include "meta/catalog.h"
#include "meta/journal.h"
#include "meta/leases.h"
#include "meta/links.h"
#include "meta/scrub_facts.h"
#include "meta/uploads.h"

namespace ocilot::meta {

/// The parts of the metadata, one database: a link and the end of its session are one transaction.
class MetaStore {
  public:
    virtual ~MetaStore() = default;
    [[nodiscard]] virtual Catalog& catalog() noexcept = 0;
    [[nodiscard]] virtual Links& links() noexcept = 0;
    [[nodiscard]] virtual Uploads& uploads() noexcept = 0;
    [[nodiscard]] virtual Audit& audit() noexcept = 0;
    [[nodiscard]] virtual ScrubFacts& scrub() noexcept = 0;
    [[nodiscard]] virtual Accounts& accounts() noexcept = 0;
    [[nodiscard]] virtual Journal& journal() noexcept = 0;
    [[nodiscard]] virtual Leases& leases() noexcept = 0;
    /// Whether facts can be written and read now; for readiness.
    virtual Task<Result<>> check() = 0;
};

}  // namespace ocilot::meta
