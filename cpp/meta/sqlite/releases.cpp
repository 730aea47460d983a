#include "meta/sqlite/releases.h"

#include "meta/sqlite/pins.h"
#include "meta/sqlite/purge.h"
#include "meta/sqlite/review_queue.h"

#include <utility>

namespace ocilot::meta {

Task<Result<>> SqliteReleases::bytes(std::vector<oci::Digest> bytes, Time now) {
    return writer_.run(ChangeScope::nothing(), [all = std::move(bytes), now](SqliteDb& db) -> Result<> {
        for (auto const& digest : all) {
            CHECK(add_candidate(db, {"", digest, now}));
        }
        return {};
    });
}

Task<Result<>> SqliteReleases::image(oci::RepositoryName const& repository, oci::Digest const& digest,
                                     Actor by, Time now) {
    // A purge takes the tags of signatures along.
    return writer_.run(ChangeScope::of(repository), [=, who = std::move(by)](SqliteDb& db) {
        return purge_image(db, repository, digest, who, now);
    });
}

Task<Result<std::vector<Pin>>> SqliteReleases::pins(std::optional<Pin> after, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_pins(db, after, limit); });
}

Task<Result<>> SqliteReleases::pin(PinChanges changes, Time now) {
    return writer_.run(ChangeScope::nothing(),
                       [all = std::move(changes), now](SqliteDb& db) { return change_pins(db, all, now); });
}

}  // namespace ocilot::meta
