#include "meta/sqlite/uploads.h"

#include "meta/sqlite/values.h"
#include "meta/unknown.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace ocilot::meta {

namespace {

constexpr std::int64_t key_version = 1;
constexpr std::string_view note_keeper = "expire_uploads";

Result<UploadFact> upload_of(SqliteRows const& rows) {
    auto const id = Uuid::parse(rows.view(0));
    auto repository = oci::RepositoryName::parse(rows.view(1));
    auto const algorithm = oci::parse_algorithm(rows.view(2));
    if (!id || repository.has_error() || algorithm.has_error()) return damaged("upload session");
    return UploadFact{*id,
                      *std::move(repository),
                      *algorithm,
                      rows.text(3),
                      stored_time(rows, 4),
                      rows.text(5),
                      static_cast<std::uint64_t>(rows.integer(6)),
                      rows.text(7),
                      rows.text(8),
                      rows.integer(9),
                      stored_time(rows, 10)};
}

Result<std::vector<UploadFact>> uploads_of(SqliteRows rows) {
    std::vector<UploadFact> uploads;
    for (;;) {
        TRY(bool const row, rows.next());
        if (!row) return uploads;
        TRY(auto upload, upload_of(rows));
        uploads.push_back(std::move(upload));
    }
}

Result<> add(SqliteDb& db, UploadFact const& upload) {
    CHECK(db.change(
        "INSERT INTO upload (id, repository, algorithm, started_by, started_at, address, offset, state, "
        "holder, "
        "epoch, last_write_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        {upload.id.str(), upload.repository.str(), oci::to_string(upload.algorithm), upload.started_by,
         stored(upload.started_at), upload.address, static_cast<std::int64_t>(upload.offset),
         SqliteBytes{upload.state}, upload.holder, upload.epoch, stored(upload.last_write_at)}));
    return {};
}

/// Why a write of a claim changed nothing.
Error lost(SqliteDb& db, Uuid id) {
    auto rows = db.query("SELECT 1 FROM upload WHERE id = ?1", {id.str()});
    if (rows.has_error()) return rows.error();
    auto const there = rows->next();
    if (there.has_error()) return there.error();
    return *there ? upload_claimed(id) : upload_unknown(id);
}

Result<> write_progress(SqliteDb& db, UploadProgress const& progress) {
    auto const& claim = progress.claim;
    TRY(auto const written,
        db.change(
            "UPDATE upload SET offset = ?3, state = ?4, last_write_at = ?5 WHERE id = ?1 AND epoch = ?2",
            {claim.id.str(), claim.epoch, static_cast<std::int64_t>(progress.offset),
             SqliteBytes{progress.state}, stored(progress.last_write_at)}));
    if (written == 0) return lost(db, claim.id);
    return {};
}

Result<UploadFact> read_upload(SqliteDb& db, std::optional<oci::RepositoryName> const& repository, Uuid id) {
    TRY(auto rows,
        db.query("SELECT id, repository, algorithm, started_by, started_at, address, offset, state, "
                 "holder, epoch, last_write_at FROM upload WHERE id = ?1",
                 {id.str()}));
    TRY(bool const row, rows.next());
    if (!row) return upload_unknown(id);
    TRY(auto upload, upload_of(rows));
    if (repository && upload.repository != *repository) return upload_unknown(id);
    return upload;
}

Result<UploadFact> take(SqliteDb& db, oci::RepositoryName const& repository, Uuid id,
                        std::string_view holder) {
    CHECK(db.change("UPDATE upload SET holder = ?3, epoch = epoch + 1 WHERE id = ?1 AND repository = ?2",
                    {id.str(), repository.str(), holder}));
    return read_upload(db, repository, id);
}

Result<std::size_t> read_count(SqliteDb& db, UploadFilter const& whose) {
    bool const by_repository = whose.kind == UploadFilter::Kind::repository;
    TRY(auto rows,
        db.query(by_repository ? "SELECT count(*) FROM upload WHERE repository = ?1"
                               : "SELECT count(*) FROM upload WHERE started_by = ?1 AND started_by <> ''",
                 {whose.name}));
    CHECK(rows.next());
    return static_cast<std::size_t>(rows.integer(0));
}

/// What is greater than every place that is given, or than none.
struct StoredPlace {
    std::int64_t at;
    std::string id;
};

StoredPlace stored_place(std::optional<UploadCursor> const& place) {
    if (!place) return {std::numeric_limits<std::int64_t>::min(), {}};
    return {stored(place->last_write_at), place->id.str()};
}

Result<std::vector<UploadFact>> read_oldest(SqliteDb& db, UploadFilter const& whose,
                                            std::optional<UploadCursor> const& place, std::size_t count) {
    bool const by_repository = whose.kind == UploadFilter::Kind::repository;
    auto const after = stored_place(place);
    TRY(auto rows,
        db.query(by_repository
                     ? "SELECT id, repository, algorithm, started_by, started_at, address, offset, state, "
                       "holder, epoch, last_write_at FROM upload WHERE repository = ?1 "
                       "AND (last_write_at, id) > (?3, ?4) ORDER BY last_write_at, id LIMIT ?2"
                     : "SELECT id, repository, algorithm, started_by, started_at, address, offset, state, "
                       "holder, epoch, last_write_at FROM upload WHERE started_by = ?1 AND "
                       "started_by <> '' AND (last_write_at, id) > (?3, ?4) "
                       "ORDER BY last_write_at, id LIMIT ?2",
                 {whose.name, limit(count), after.at, after.id}));
    return uploads_of(std::move(rows));
}

Result<std::vector<UploadFact>> read_idle(SqliteDb& db, Time time, std::optional<UploadCursor> const& place,
                                          std::size_t count) {
    auto const after = stored_place(place);
    TRY(auto rows,
        db.query("SELECT id, repository, algorithm, started_by, started_at, address, offset, state, holder, "
                 "epoch, "
                 "last_write_at FROM upload WHERE last_write_at < ?1 AND (last_write_at, id) > (?2, ?3) "
                 "ORDER BY last_write_at, id LIMIT ?4",
                 {stored(time), after.at, after.id, limit(count)}));
    return uploads_of(std::move(rows));
}

Result<std::optional<RunRecord>> exchange(SqliteDb& db, RunRecord const& note) {
    std::optional<RunRecord> before;
    {
        TRY(auto rows, db.query("SELECT noted_at, place FROM job_place WHERE job = ?1", {note_keeper}));
        TRY(bool const row, rows.next());
        if (row) before = {stored_time(rows, 0), rows.text(1)};
    }
    CHECK(
        db.change("INSERT INTO job_place (job, place, noted_at) VALUES (?1, ?2, ?3) "
                  "ON CONFLICT (job) DO UPDATE SET place = excluded.place, noted_at = excluded.noted_at",
                  {note_keeper, note.text, stored(note.at)}));
    return before;
}

Result<std::optional<RunRecord>> exchange_and_age_less(SqliteDb& db, RunRecord const& fresh,
                                                       std::chrono::microseconds counted) {
    TRY(auto before, exchange(db, fresh));
    auto const down = before ? fresh.at - before->at : std::chrono::microseconds(0);
    auto const by = std::max(down - counted, std::chrono::microseconds(0));
    auto const from = by.count() == 0 ? stored(fresh.at) : std::numeric_limits<std::int64_t>::min();
    CHECK(db.change("UPDATE upload SET last_write_at = min(last_write_at + ?1, ?2) WHERE last_write_at > ?3",
                    {std::int64_t{by.count()}, stored(fresh.at), from}));
    return before;
}

Result<UploadKey> read_or_add_key(SqliteDb& db, UploadKey const& fresh) {
    std::string_view const bytes(reinterpret_cast<char const*>(fresh.data()), fresh.size());
    CHECK(db.change("INSERT INTO upload_key (version, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                    {key_version, SqliteBytes{bytes}}));
    TRY(auto rows, db.query("SELECT key FROM upload_key WHERE version = ?1", {key_version}));
    CHECK(rows.next());
    auto const kept = rows.view(0);
    UploadKey key{};
    if (kept.size() != key.size()) return damaged("upload key");
    std::memcpy(key.data(), kept.data(), key.size());
    return key;
}

}  // namespace

Result<> end_upload(SqliteDb& db, UploadClaim claim) {
    TRY(auto const removed,
        db.change("DELETE FROM upload WHERE id = ?1 AND epoch = ?2", {claim.id.str(), claim.epoch}));
    if (removed == 0) return lost(db, claim.id);
    return {};
}

Task<Result<>> SqliteUploads::open(UploadFact upload) {
    return writer_.run(ChangeScope::nothing(), [u = std::move(upload)](SqliteDb& db) { return add(db, u); });
}

Task<Result<UploadFact>> SqliteUploads::find(std::optional<oci::RepositoryName> repository, Uuid id) {
    co_return readers_.read([&](SqliteDb& db) { return read_upload(db, repository, id); });
}

Task<Result<UploadFact>> SqliteUploads::claim(oci::RepositoryName const& repository, Uuid id,
                                              std::string holder) {
    return writer_.run(ChangeScope::nothing(), [repository, id, who = std::move(holder)](SqliteDb& db) {
        return take(db, repository, id, who);
    });
}

Task<Result<>> SqliteUploads::write(UploadProgress progress) {
    return writer_.run(ChangeScope::nothing(),
                       [p = std::move(progress)](SqliteDb& db) { return write_progress(db, p); });
}

Task<Result<>> SqliteUploads::write_all(std::vector<UploadProgress> progress) {
    return writer_.run(ChangeScope::nothing(), [all = std::move(progress)](SqliteDb& db) -> Result<> {
        for (auto const& one : all) {
            auto const written = write_progress(db, one);
            bool const over = written.has_error() && (written.error().code == Errc::upload_busy ||
                                                      written.error().code == Errc::upload_unknown);
            if (written.has_error() && !over) return written;
        }
        return {};
    });
}

Task<Result<>> SqliteUploads::close(UploadClaim claim) {
    return writer_.run(ChangeScope::nothing(), [claim](SqliteDb& db) { return end_upload(db, claim); });
}

Task<Result<std::size_t>> SqliteUploads::count(UploadFilter whose) {
    co_return readers_.read([&](SqliteDb& db) { return read_count(db, whose); });
}

Task<Result<std::vector<UploadFact>>> SqliteUploads::oldest(UploadFilter whose,
                                                            std::optional<UploadCursor> place,
                                                            std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_oldest(db, whose, place, limit); });
}

Task<Result<std::vector<UploadFact>>> SqliteUploads::idle_since(Time time, std::optional<UploadCursor> place,
                                                                std::size_t limit) {
    co_return readers_.read([&](SqliteDb& db) { return read_idle(db, time, place, limit); });
}

Task<Result<std::optional<RunRecord>>> SqliteUploads::begin_run(RunRecord fresh,
                                                                std::chrono::microseconds counted) {
    return writer_.run(ChangeScope::nothing(), [n = std::move(fresh), counted](SqliteDb& db) {
        return exchange_and_age_less(db, n, counted);
    });
}

Task<Result<std::optional<RunRecord>>> SqliteUploads::exchange_run_record(RunRecord note) {
    return writer_.run(ChangeScope::nothing(),
                       [n = std::move(note)](SqliteDb& db) { return exchange(db, n); });
}

Task<Result<UploadKey>> SqliteUploads::key(UploadKey fresh) {
    return writer_.run(ChangeScope::nothing(), [fresh](SqliteDb& db) { return read_or_add_key(db, fresh); });
}

}  // namespace ocilot::meta
