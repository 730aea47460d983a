#pragma once

#include "base/clock.h"
#include "meta/change.h"
#include "meta/sqlite/db.h"
#include "oci/digest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::meta {

// Manifests, links and tags that are taken out of a repository, and put back.

/// Where something is taken out of, and by whom.
struct Removal {
    std::int64_t repository = 0;
    std::string_view name;  ///< of the repository
    Time at;
    bool condemned = false;  ///< by the collector
};

/// The id of the next manifest: one that neither a manifest has nor a condemned one had. For the transaction
/// that adds it; with several writers it has to come from a sequence.
Result<std::int64_t> next_manifest_id(SqliteDb& db);

/// Takes a manifest out with its edges; no tag may be on it any more. `tags`: those that went along, as JSON.
/// Those of a condemned one stay where they are, under its id.
Result<> take_out_manifest(SqliteDb& db, Removal const& removal, std::int64_t manifest,
                           std::string_view digest, std::string_view tags);
/// Takes a link out; false if there is none.
Result<bool> take_out_link(SqliteDb& db, Removal const& removal, std::string_view digest);

/// precondition_failed if the tag was last set at another time; nullopt: whenever it was.
Result<> require_set_at(SqliteDb& db, std::int64_t repository, std::string_view tag,
                        std::optional<Time> set_at);
/// Takes out the one tag that the change names, and notes it.
Result<> take_out_tag(SqliteDb& db, std::int64_t repository, Change const& change);

enum class WhichRemoved : std::uint8_t { any, condemned };

/// Puts a removed manifest back into its repository, which is made again if it is gone; false if there is
/// none. One that was pushed again meanwhile stands.
Result<bool> put_back_manifest(SqliteDb& db, std::string_view repository, std::string_view digest,
                               WhichRemoved which);
/// The same for a link.
Result<bool> put_back_link(SqliteDb& db, std::string_view repository, std::string_view digest,
                           WhichRemoved which);

/// What the collector has condemned in a repository that goes counts as deleted at `now`: it can be restored,
/// and nothing lifts it.
Result<> keep_condemned_as_deleted(SqliteDb& db, std::string_view repository, Time now);

/// Forgets a removed manifest and its edges, and a removed link.
Result<> forget_removed_manifest(SqliteDb& db, std::int64_t id);
Result<> forget_removed_link(SqliteDb& db, std::string_view repository, std::string_view digest);

}  // namespace ocilot::meta
