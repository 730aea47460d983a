#pragma once

namespace ocilot::meta {

/// What lists of repositories are sorted by, as the job that looks at it has seen it: no push writes it.
inline constexpr char const* version_16 = R"sql(
-- pushed_at: 0 without a tag. Both indexes have all that a page needs to find its repositories.
CREATE TABLE repository_rank (
    repository INTEGER PRIMARY KEY,
    bytes      INTEGER NOT NULL,
    pushed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO repository_rank SELECT r.id,
    (SELECT coalesce(sum(u.bytes), 0) FROM usage u WHERE u.id BETWEEN r.id * 16 AND r.id * 16 + 15),
    coalesce((SELECT max(t.moved_at) FROM tag t WHERE t.repository = r.id), 0)
    FROM repository r;
CREATE INDEX repository_rank_bytes ON repository_rank (bytes, repository);
CREATE INDEX repository_rank_pushed ON repository_rank (pushed_at, repository);
CREATE TRIGGER repository_ranked AFTER INSERT ON repository BEGIN
    INSERT INTO repository_rank VALUES (NEW.id, 0, 0);
END;
CREATE TRIGGER repository_unranked BEFORE DELETE ON repository BEGIN
    DELETE FROM repository_rank WHERE repository = OLD.id;
END;
)sql";

}  // namespace ocilot::meta
