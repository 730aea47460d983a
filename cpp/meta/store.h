#pragma once

#include "meta/accounts.h"
#include "meta/catalog.h"
#include "meta/journal.h"
#include "meta/keys.h"
#include "meta/links.h"
#include "meta/tokens.h"
#include "meta/upkeep.h"
#include "meta/uploads.h"

namespace ocilot::meta {

/// The parts of the metadata, one database: a link and the end of its session are one transaction.
///
/// What a caller may rely on. Each fact is of one of three classes; the interfaces say of which.
///
/// - **Immutable**: it follows from a digest (size, subject, artifact type, what a manifest names) or is
///   never used twice (ids of tokens and keys). Once known it may be kept for ever, by any number of
///   processes, and answered while the record that leads to it is there.
/// - **Fixed**: chosen when a record is made and true until it is removed (the media type of a manifest, the
///   account of a token). It may be kept as long as the record is known to be there.
/// - **Mutable**: whether a record is there at all, where a tag points, quarantine, accounts. It was true at
///   one moment of the read. Kept only with its version (Versions, Accounts::version).
///
/// | | one process writes | several processes write |
/// |---|---|---|
/// | a read after a write returned sees it | on every thread | in every process, if not from memory |
/// | facts in memory | are never older than the last commit | as old as their age limit |
/// | a write that says what was seen (expected_tags) | fails if it is no longer so | the same |
/// | a write that requires facts (content, links) | finds them in its own transaction | the same |
/// | two writes to one tag | one after the other | the same |
///
/// So what must be right is decided inside a transaction, in both cases; a read before it only spares the
/// client a useless upload. No row is written by every push to a repository: pushes do not wait for each
/// other.
class MetaStore : public UpkeepStore {
  public:
    [[nodiscard]] virtual Catalog& catalog() noexcept = 0;
    [[nodiscard]] virtual Links& links() noexcept = 0;
    [[nodiscard]] virtual Uploads& uploads() noexcept = 0;
    [[nodiscard]] virtual Accounts& accounts() noexcept = 0;
    [[nodiscard]] virtual Tokens& tokens() noexcept = 0;
    [[nodiscard]] virtual Keys& keys() noexcept = 0;
    [[nodiscard]] virtual Journal& journal() noexcept = 0;
    /// Whether facts can be written and read now; for readiness.
    virtual Task<Result<>> check() = 0;
};

}  // namespace ocilot::meta
