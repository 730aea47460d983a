#include "meta/sqlite/repository.h"
#include "meta/sqlite/usage.h"
#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <set>
#include <string>
#include <utility>

namespace ocilot::meta {

namespace {

/// An image: all that its tag needs, and what refers to that.
struct Image {
    SqliteDb& db;
    std::int64_t repository = 0;
    std::string tag;
    std::vector<ImagePart> parts = {};
    std::set<std::pair<std::string, ContentKind>> known = {};
    std::set<std::string> freed = {};  ///< manifests that go with the tag
};

using Value = std::initializer_list<SqliteValue>;

Result<std::uint64_t> number(SqliteDb& db, std::string_view sql, Value values) {
    TRY(auto const found, first_number(db, sql, values));
    return static_cast<std::uint64_t>(found.value_or(0));
}

Result<> add_part(Image& image, oci::Digest const& digest, ContentKind kind, std::uint64_t size) {
    auto const text = digest.str();
    if (!image.known.emplace(text, kind).second) return {};
    ImagePart part{.digest = digest, .kind = kind, .size = size};
    auto const* const holders = kind == ContentKind::manifest
                                    ? "SELECT count(*) FROM manifest WHERE digest = ?1"
                                    : "SELECT count(*) FROM link WHERE digest = ?1";
    TRY(part.repositories, number(image.db, holders, {text}));
    // Without those that the collector has just condemned, of which there are few.
    TRY(part.manifests,
        number(image.db,
               "SELECT (SELECT count(*) FROM edge WHERE repository = ?1 AND child = ?2) "
               "- (SELECT count(*) FROM removed_manifest m CROSS JOIN edge e ON e.manifest = m.live_id "
               "AND e.child = ?2 WHERE m.live_id > 0 AND e.repository = ?1)",
               {image.repository, text}));
    image.parts.push_back(std::move(part));
    return {};
}

/// Digests and sizes; all rows are read before others are asked for.
Result<std::vector<std::pair<oci::Digest, std::uint64_t>>> sized(SqliteRows rows) {
    std::vector<std::pair<oci::Digest, std::uint64_t>> found;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return found;
        TRY(auto const digest, stored_digest(rows, 0));
        found.emplace_back(digest, static_cast<std::uint64_t>(rows.integer(1)));
    }
}

/// What the manifest names and the repository holds, and what refers to it.
Result<> add_around(Image& image, std::string const& digest) {
    constexpr std::string_view manifests =
        "SELECT c.digest, c.size FROM manifest m CROSS JOIN edge e ON e.manifest = m.id "
        "CROSS JOIN manifest c ON c.repository = ?1 AND c.digest = e.child "
        "WHERE m.repository = ?1 AND m.digest = ?2";
    constexpr std::string_view blobs =
        "SELECT l.digest, l.size FROM manifest m CROSS JOIN edge e ON e.manifest = m.id "
        "CROSS JOIN link l ON l.repository = ?1 AND l.digest = e.child "
        "WHERE m.repository = ?1 AND m.digest = ?2";
    constexpr std::string_view referrers =
        "SELECT digest, size FROM manifest WHERE repository = ?1 AND subject = ?2";
    for (auto const& [sql, kind] :
         {std::pair{manifests, ContentKind::manifest}, std::pair{blobs, ContentKind::blob},
          std::pair{referrers, ContentKind::manifest}}) {
        TRY(auto rows, image.db.query(sql, {image.repository, digest}));
        TRY(auto const found, sized(std::move(rows)));
        for (auto const& [part, size] : found) {
            CHECK(add_part(image, part, kind, size));
        }
    }
    return {};
}

/// Whether something else than the tag and what goes with it names the digest.
Result<bool> is_named_otherwise(Image const& image, std::string const& digest) {
    TRY(auto rows, image.db.query("SELECT m.digest FROM edge e CROSS JOIN manifest m ON m.id = e.manifest "
                                  "WHERE e.repository = ?1 AND e.child = ?2",
                                  {image.repository, digest}));
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return false;
        if (!image.freed.contains(rows.text(0))) return true;
    }
}

Result<bool> goes(Image const& image, std::string const& digest) {
    TRY(auto const tags,
        number(image.db, "SELECT count(*) FROM tag WHERE repository = ?1 AND digest = ?2 AND name <> ?3",
               {image.repository, digest, image.tag}));
    if (tags > 0) return false;
    TRY(auto rows,
        image.db.query("SELECT s.digest FROM manifest m CROSS JOIN manifest s ON s.repository = ?1 "
                       "AND s.digest = m.subject WHERE m.repository = ?1 AND m.digest = ?2",
                       {image.repository, digest}));
    TRY(bool const has_subject, rows.next());
    if (has_subject && !image.freed.contains(rows.text(0))) return false;
    TRY(bool const named, is_named_otherwise(image, digest));
    return !named;
}

/// From the tag down: what stays keeps all that it names.
Result<> find_freed(Image& image) {
    for (std::size_t before = 1, passes = 0; before != image.freed.size() || passes == 0; ++passes) {
        before = image.freed.size();
        for (auto const& part : image.parts) {
            auto const digest = part.digest.str();
            if (part.kind != ContentKind::manifest || image.freed.contains(digest)) continue;
            TRY(bool const gone, goes(image, digest));
            if (gone) image.freed.insert(digest);
        }
        if (image.freed.empty()) return {};
    }
    return {};
}

Result<std::uint64_t> freed_bytes(Image const& image) {
    std::uint64_t bytes = 0;
    for (auto const& part : image.parts) {
        auto const digest = part.digest.str();
        if (part.repositories > 1) continue;
        bool gone = image.freed.contains(digest);
        if (part.kind == ContentKind::blob) {
            TRY(bool const named, is_named_otherwise(image, digest));
            gone = !named;
        }
        if (gone) bytes += part.size;
    }
    return bytes;
}

}  // namespace

Result<ImageUsage> read_image_usage(SqliteDb& db, oci::RepositoryName const& repository, oci::Tag const& tag,
                                    std::size_t count) {
    TRY(auto const id, find_repository(db, repository));
    if (!id) return tag_unknown(repository, tag);
    Image image{db, *id, tag.str()};
    TRY(auto rows, db.query("SELECT m.digest, m.size FROM tag t CROSS JOIN manifest m "
                            "ON m.repository = t.repository AND m.digest = t.digest "
                            "WHERE t.repository = ?1 AND t.name = ?2",
                            {*id, tag.str()}));
    TRY(auto const tagged, sized(std::move(rows)));
    if (tagged.empty()) return tag_unknown(repository, tag);
    CHECK(add_part(image, tagged.front().first, ContentKind::manifest, tagged.front().second));
    for (std::size_t at = 0; at < image.parts.size() && image.parts.size() < count; ++at) {
        auto const part = image.parts[at];
        if (part.kind != ContentKind::manifest) continue;
        CHECK(add_around(image, part.digest.str()));
    }
    CHECK(find_freed(image));
    TRY(auto const frees, freed_bytes(image));
    return ImageUsage{std::move(image.parts), frees};
}

}  // namespace ocilot::meta
