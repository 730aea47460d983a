#pragma once

#include "meta/sqlite/db.h"
#include "oci/digest.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ocilot::meta {

/// Content whose bytes the metadata rely on.
struct NamedContent {
    std::string digest;      ///< as recorded: a text that may be none
    std::uint64_t size = 0;  ///< bytes
};

/// The metadata of a registry as of one moment, in a file of its own that nothing changes any more. Upload
/// sessions are not in it. It holds the secrets that the metadata hold: only its owner can read the file.
class SqliteSnapshot {
  public:
    /// Copies the metadata in `source`, of a registry that runs or not, to the new file `target`, which is on
    /// disk afterwards. Only reads: it takes part in no checkpoint. config if the source is not of exactly
    /// this schema.
    static Result<SqliteSnapshot> take(std::string const& source, std::string const& target);
    /// One that was taken earlier, by this version or by one before. config if it is none.
    static Result<SqliteSnapshot> open(std::string const& path);
    /// Copies one to the new file `target`, which is on disk afterwards.
    static Result<> copy(std::string const& path, std::string const& target);

    /// Content of repositories, and removed content that can still be restored, by digest: at most `limit`
    /// that follow `after`, or the first ones after an empty text; nothing at the end.
    Result<std::vector<NamedContent>> content(std::string_view after, std::size_t limit);
    /// Whether it is among the content.
    Result<bool> names(oci::Digest const& digest);
    Result<bool> is_quarantined(oci::Digest const& digest);
    /// What is wrong with the file itself; see Audit.
    Result<std::vector<std::string>> damage();

  private:
    explicit SqliteSnapshot(SqliteDb db) noexcept : db_(std::move(db)) {}

    SqliteDb db_;
};

/// Whether the metadata in `source`, of a registry that runs or not, names a digest at this moment.
Result<bool> is_named_now(std::string const& source, oci::Digest const& digest);

}  // namespace ocilot::meta
