#pragma once

namespace ocilot::meta {

/// The edges of a manifest that the collector has condemned stay where they are until it is purged: an image
/// has up to thousands, each on a page of its own, and nearly all that is condemned is purged at once.
inline constexpr char const* version_22 = R"sql(
-- live_id: what a condemned manifest had while it was live, under which its edges still are; no other one
-- gets it meanwhile. NULL for what a client deleted or an older version condemned: its edges are in
-- removed_edge.
ALTER TABLE removed_manifest ADD COLUMN live_id INTEGER;
CREATE INDEX removed_manifest_live ON removed_manifest (live_id) WHERE live_id IS NOT NULL;

-- The same, for manifests of both tables.
CREATE TABLE edge_of_both (
    manifest   INTEGER NOT NULL,
    child      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    repository INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (manifest, child, kind)
) STRICT, WITHOUT ROWID;
-- In the order of both: in that of the index each row would be on a page of its own.
INSERT INTO edge_of_both SELECT manifest, child, kind, repository FROM edge ORDER BY manifest, child, kind;
DROP TABLE edge;
ALTER TABLE edge_of_both RENAME TO edge;
CREATE INDEX edge_child ON edge (repository, child);

-- All that removed manifests hold; holder: the id of one.
CREATE VIEW held_edge (holder, repository, child) AS
    SELECT r.id, r.repository, e.child FROM removed_manifest r CROSS JOIN edge e ON e.manifest = r.live_id
    UNION ALL SELECT manifest, repository, child FROM removed_edge;
)sql";

}  // namespace ocilot::meta
