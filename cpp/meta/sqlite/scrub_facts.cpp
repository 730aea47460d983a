#include "meta/sqlite/scrub_facts.h"

#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

Result<> add(SqliteDb& db, oci::Digest const& digest, Time now) {
    CHECK(db.change("INSERT INTO quarantined (digest, since) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    {digest.str(), stored(now)}));
    return {};
}

Result<> remove(SqliteDb& db, oci::Digest const& digest) {
    CHECK(db.change("DELETE FROM quarantined WHERE digest = ?1", {digest.str()}));
    return {};
}

Result<bool> contains(SqliteDb& db, oci::Digest const& digest) {
    TRY(auto rows, db.query("SELECT 1 FROM quarantined WHERE digest = ?1", {digest.str()}));
    return rows.next();
}

Result<std::uint64_t> count(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT count(*) FROM quarantined WHERE digest > ''"));
    CHECK(rows.next());
    return static_cast<std::uint64_t>(rows.integer(0));
}

Result<> write_position(SqliteDb& db, ScrubPosition const& position) {
    auto const text = position.after ? position.after->str() : std::string();
    CHECK(
        db.change("INSERT INTO job_place (job, place, noted_at) VALUES ('scrub', ?1, ?2) "
                  "ON CONFLICT (job) DO UPDATE SET place = excluded.place, noted_at = excluded.noted_at",
                  {text, stored(position.noted_at)}));
    return {};
}

Result<std::optional<ScrubPosition>> read_position(SqliteDb& db) {
    TRY(auto rows, db.query("SELECT place, noted_at FROM job_place WHERE job = 'scrub'"));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<ScrubPosition>();
    ScrubPosition position{{}, stored_time(rows, 1)};
    if (!rows.text(0).empty()) {
        TRY(position.after, stored_digest(rows, 0));
    }
    return std::optional(position);
}

}  // namespace

Task<Result<>> SqliteScrubFacts::quarantine(oci::Digest const& digest, Time now) {
    return writer_.run([=](SqliteDb& db) { return add(db, digest, now); });
}

Task<Result<>> SqliteScrubFacts::release(oci::Digest const& digest) {
    return writer_.run([=](SqliteDb& db) { return remove(db, digest); });
}

Task<Result<bool>> SqliteScrubFacts::is_quarantined(oci::Digest const& digest) {
    co_return readers_.read([&](SqliteDb& db) { return contains(db, digest); });
}

Task<Result<std::uint64_t>> SqliteScrubFacts::quarantined() {
    co_return readers_.read(count);
}

Task<Result<>> SqliteScrubFacts::save_position(ScrubPosition position) {
    return writer_.run(ChangeScope::nothing(), [=](SqliteDb& db) { return write_position(db, position); });
}

Task<Result<std::optional<ScrubPosition>>> SqliteScrubFacts::position() {
    co_return readers_.read(read_position);
}

}  // namespace ocilot::meta
