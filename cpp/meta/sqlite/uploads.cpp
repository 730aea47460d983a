#include "meta/sqlite/uploads.h"

#include "meta/sqlite/values.h"
#include "meta/unknown.h"

namespace ocilot::meta {

namespace {

Result<UploadFact> upload_of(SqliteRows const& rows) {
    auto const id = Uuid::parse(rows.text(0));
    auto repository = oci::RepositoryName::parse(rows.text(1));
    auto const algorithm = oci::parse_algorithm(rows.text(2));
    if (!id || repository.has_error() || algorithm.has_error()) return damaged("upload session");
    return UploadFact{*id,          *std::move(repository), *algorithm,
                      rows.text(3), stored_time(rows, 4),   rows.text(5)};
}

Result<> add(SqliteDb& db, UploadFact const& upload) {
    CHECK(
        db.change("INSERT INTO upload (id, repository, algorithm, started_by, started_at, address) "
                  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                  {upload.id.str(), upload.repository.str(), oci::to_string(upload.algorithm),
                   upload.started_by, stored(upload.started_at), upload.address}));
    return {};
}

Result<> remove(SqliteDb& db, Uuid id) {
    TRY(auto const removed, db.change("DELETE FROM upload WHERE id = ?1", {id.str()}));
    if (removed == 0) return upload_unknown(id);
    return {};
}

Result<UploadFact> read_upload(SqliteDb& db, oci::RepositoryName const& repository, Uuid id) {
    TRY(auto rows, db.query("SELECT id, repository, algorithm, started_by, started_at, address FROM upload "
                            "WHERE id = ?1 AND repository = ?2",
                            {id.str(), repository.str()}));
    TRY(bool const row, rows.next());
    if (!row) return upload_unknown(id);
    return upload_of(rows);
}

Result<std::size_t> read_count(SqliteDb& db, std::string_view sql,
                               std::initializer_list<SqliteValue> values) {
    TRY(auto rows, db.query(sql, values));
    CHECK(rows.next());
    return static_cast<std::size_t>(rows.integer(0));
}

Result<std::size_t> read_count_by(SqliteDb& db, std::string_view caller, std::string_view address) {
    if (!caller.empty()) return read_count(db, "SELECT count(*) FROM upload WHERE started_by = ?1", {caller});
    return read_count(db, "SELECT count(*) FROM upload WHERE started_by = '' AND address = ?1", {address});
}

Result<std::vector<UploadFact>> read_started_before(SqliteDb& db, Time time, std::size_t count) {
    TRY(auto rows, db.query("SELECT id, repository, algorithm, started_by, started_at, address FROM upload "
                            "WHERE started_at < ?1 ORDER BY started_at, id LIMIT ?2",
                            {stored(time), limit(count)}));
    std::vector<UploadFact> uploads;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return uploads;
        TRY(auto upload, upload_of(rows));
        uploads.push_back(std::move(upload));
    }
}

}  // namespace

Task<Result<>> SqliteUploads::open(UploadFact upload) {
    return writer_.run(Scope::nothing(), [u = std::move(upload)](SqliteDb& db) { return add(db, u); });
}

Task<Result<>> SqliteUploads::open_all(std::vector<UploadFact> uploads) {
    return writer_.run(Scope::nothing(), [all = std::move(uploads)](SqliteDb& db) -> Result<> {
        for (auto const& upload : all) {
            CHECK(add(db, upload));
        }
        return {};
    });
}

Task<Result<UploadFact>> SqliteUploads::find(oci::RepositoryName const& repository, Uuid id) {
    co_return readers_.read([&](SqliteDb& db) { return read_upload(db, repository, id); });
}

Task<Result<std::size_t>> SqliteUploads::count(oci::RepositoryName const& repository) {
    static constexpr std::string_view sql = "SELECT count(*) FROM upload WHERE repository = ?1";
    co_return readers_.read([&](SqliteDb& db) { return read_count(db, sql, {repository.str()}); });
}

Task<Result<std::size_t>> SqliteUploads::count_by(std::string const& caller, std::string const& address) {
    co_return readers_.read([&](SqliteDb& db) { return read_count_by(db, caller, address); });
}

Task<Result<>> SqliteUploads::close(Uuid id) {
    return writer_.run(Scope::nothing(), [id](SqliteDb& db) { return remove(db, id); });
}

Task<Result<std::vector<UploadFact>>> SqliteUploads::started_before(Time time, std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_started_before(db, time, limit); });
}

}  // namespace ocilot::meta
