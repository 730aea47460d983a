#pragma once

namespace ocilot::meta {

/// What lists of tags show and are sorted by. Sizes of images that are here already are those of the blobs
/// and manifests that their repository holds; of removed ones, those of their blobs.
inline constexpr char const* version_13 = R"sql(
ALTER TABLE manifest ADD COLUMN image_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE removed_manifest ADD COLUMN image_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tag ADD COLUMN image_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tag ADD COLUMN pushed_by TEXT NOT NULL DEFAULT '';

UPDATE manifest SET image_size = size + (
    SELECT coalesce(sum(l.size), 0) FROM edge e
    CROSS JOIN link l ON l.repository = manifest.repository AND l.digest = e.child
    WHERE e.manifest = manifest.id);
UPDATE manifest SET image_size = (
    WITH RECURSIVE part (digest) AS (
        SELECT manifest.digest
        UNION SELECT e.child FROM part p
        CROSS JOIN manifest m ON m.repository = manifest.repository AND m.digest = p.digest
        CROSS JOIN edge e ON e.manifest = m.id)
    SELECT sum(coalesce(
        (SELECT o.size FROM manifest o WHERE o.repository = manifest.repository AND o.digest = p.digest),
        (SELECT l.size FROM link l WHERE l.repository = manifest.repository AND l.digest = p.digest),
        0)) FROM part p)
WHERE id IN (SELECT manifest FROM edge WHERE kind = 'manifest');
UPDATE removed_manifest SET image_size = size + (
    SELECT coalesce(sum(coalesce(
        (SELECT l.size FROM link l WHERE l.digest = e.child
         AND l.repository = (SELECT r.id FROM repository r WHERE r.name = removed_manifest.repository)),
        (SELECT g.size FROM removed_link g
         WHERE g.repository = removed_manifest.repository AND g.digest = e.child),
        0)), 0) FROM removed_edge e WHERE e.manifest = removed_manifest.id);
UPDATE tag SET
    image_size = ifnull((SELECT m.image_size FROM manifest m
                         WHERE m.repository = tag.repository AND m.digest = tag.digest), 0),
    pushed_by = ifnull((SELECT h.changed_by FROM tag_history h
                        WHERE h.repository = (SELECT r.name FROM repository r WHERE r.id = tag.repository)
                        AND h.tag = tag.name ORDER BY h.id DESC LIMIT 1), '');

-- Both have all that a page needs to find its tags.
CREATE INDEX tag_pushed ON tag (repository, moved_at, name);
CREATE INDEX tag_size ON tag (repository, image_size, name);
)sql";

}  // namespace ocilot::meta
