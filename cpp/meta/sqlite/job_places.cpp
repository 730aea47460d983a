#include "meta/sqlite/job_places.h"

#include "meta/sqlite/values.h"

namespace ocilot::meta {

namespace {

Result<> write_job_place(SqliteDb& db, JobPlace const& place) {
    CHECK(
        db.change("INSERT INTO job_place (job, place, noted_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (job) DO UPDATE SET place = excluded.place, noted_at = excluded.noted_at",
                  {place.job, place.place, stored(place.noted_at)}));
    return {};
}

Result<std::optional<JobPlace>> read_job_place(SqliteDb& db, std::string const& job) {
    TRY(auto rows, db.query("SELECT place, noted_at FROM job_place WHERE job = ?1", {job}));
    TRY(bool const row, rows.next());
    if (!row) return std::optional<JobPlace>();
    return std::optional(JobPlace{job, rows.text(0), stored_time(rows, 1)});
}

}  // namespace

Task<Result<std::optional<JobPlace>>> SqliteJobPlaces::place(std::string job) {
    co_return readers_.read([&](SqliteDb& db) { return read_job_place(db, job); });
}

Task<Result<>> SqliteJobPlaces::save(JobPlace place) {
    return writer_.run(ChangeScope::nothing(),
                       [to = std::move(place)](SqliteDb& db) { return write_job_place(db, to); });
}

}  // namespace ocilot::meta
