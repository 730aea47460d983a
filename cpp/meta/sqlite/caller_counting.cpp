#include "meta/sqlite/caller_counting.h"

#include <fmt/format.h>

namespace ocilot::meta {

namespace {

constexpr std::int64_t number_of_triggers = 6;

constexpr char const* stop = R"sql(
DROP TRIGGER IF EXISTS caller_usage_link_added;
DROP TRIGGER IF EXISTS caller_usage_link_removed;
DROP TRIGGER IF EXISTS caller_usage_manifest_added;
DROP TRIGGER IF EXISTS caller_usage_manifest_removed;
DROP TRIGGER IF EXISTS caller_usage_tag_added;
DROP TRIGGER IF EXISTS caller_usage_tag_removed;
DELETE FROM caller_usage;
)sql";

// Row by row, which needs no room for sorting. The shard is that of the repository's usage. A caller
// of whom nothing is left has no row.
constexpr char const* start = R"sql(
INSERT INTO caller_usage SELECT charged_to, size % 16, size, 1, 0, 0 FROM link WHERE charged_to <> ''
ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, blobs = blobs + 1;
INSERT INTO caller_usage SELECT charged_to, size % 16, size, 0, 1, 0 FROM manifest WHERE charged_to <> ''
ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, manifests = manifests + 1;
INSERT INTO caller_usage SELECT charged_to, length(name) % 16, 0, 0, 0, 1 FROM tag WHERE charged_to <> ''
ON CONFLICT DO UPDATE SET tags = tags + 1;
CREATE TRIGGER caller_usage_link_added AFTER INSERT ON link WHEN NEW.charged_to <> '' BEGIN
    INSERT INTO caller_usage VALUES (NEW.charged_to, NEW.size % 16, NEW.size, 1, 0, 0)
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, blobs = blobs + 1;
END;
CREATE TRIGGER caller_usage_link_removed AFTER DELETE ON link WHEN OLD.charged_to <> '' BEGIN
    UPDATE caller_usage SET bytes = bytes - OLD.size, blobs = blobs - 1
    WHERE caller = OLD.charged_to AND shard = OLD.size % 16;
    DELETE FROM caller_usage WHERE caller = OLD.charged_to AND shard = OLD.size % 16
    AND blobs = 0 AND manifests = 0 AND tags = 0;
END;
CREATE TRIGGER caller_usage_manifest_added AFTER INSERT ON manifest WHEN NEW.charged_to <> '' BEGIN
    INSERT INTO caller_usage VALUES (NEW.charged_to, NEW.size % 16, NEW.size, 0, 1, 0)
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes, manifests = manifests + 1;
END;
CREATE TRIGGER caller_usage_manifest_removed AFTER DELETE ON manifest WHEN OLD.charged_to <> '' BEGIN
    UPDATE caller_usage SET bytes = bytes - OLD.size, manifests = manifests - 1
    WHERE caller = OLD.charged_to AND shard = OLD.size % 16;
    DELETE FROM caller_usage WHERE caller = OLD.charged_to AND shard = OLD.size % 16
    AND blobs = 0 AND manifests = 0 AND tags = 0;
END;
CREATE TRIGGER caller_usage_tag_added AFTER INSERT ON tag WHEN NEW.charged_to <> '' BEGIN
    INSERT INTO caller_usage VALUES (NEW.charged_to, length(NEW.name) % 16, 0, 0, 0, 1)
    ON CONFLICT DO UPDATE SET tags = tags + 1;
END;
CREATE TRIGGER caller_usage_tag_removed AFTER DELETE ON tag WHEN OLD.charged_to <> '' BEGIN
    UPDATE caller_usage SET tags = tags - 1
    WHERE caller = OLD.charged_to AND shard = length(OLD.name) % 16;
    DELETE FROM caller_usage WHERE caller = OLD.charged_to AND shard = length(OLD.name) % 16
    AND blobs = 0 AND manifests = 0 AND tags = 0;
END;
)sql";

Result<std::int64_t> triggers(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' "
                            "AND name LIKE 'caller_usage_%'"));
    CHECK(rows.next());
    return rows.integer(0);
}

}  // namespace

Result<> set_caller_counting(SqliteDb& db, CallerCounting wanted, Log const& log) {
    if (wanted == CallerCounting::as_it_was) return {};
    bool const on = wanted == CallerCounting::on;
    TRY(auto const found, triggers(db));
    if (found == (on ? number_of_triggers : 0)) return {};
    if (on) log.info("counting usage of callers");
    return db.execute(fmt::format("BEGIN IMMEDIATE; {}{}COMMIT", stop, on ? start : ""));
}

}  // namespace ocilot::meta
