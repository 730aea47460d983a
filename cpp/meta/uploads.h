#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ocilot::meta {

/// What the URLs of upload sessions are sealed with.
using UploadKey = std::array<std::byte, 32>;

/// How far a session is.
struct UploadProgress {
    UploadClaim claim;
    std::uint64_t offset = 0;  ///< bytes
    std::string state = {};    ///< `blob::Upload::state()` at that offset
    Time last_write_at;
};

/// Sessions of a repository, or of a caller in all of them.
struct UploadFilter {
    enum class Kind : std::uint8_t { repository, caller };
    Kind kind = Kind::repository;
    std::string name;  ///< of a caller as UploadFact::started_by has it
};

/// What a process leaves to the next.
struct RunRecord {
    Time at;                ///< until when the registry has surely run
    std::string text = {};  ///< in the writer's own words
};

/// Where a walk over the sessions by their last write stands.
struct UploadCursor {
    Time last_write_at;
    Uuid id;
};

/// Upload sessions of which bytes are held, so that another process can go on where this one stands. The
/// bytes are the blob store's; there may be more of them than the offset says, never fewer that were
/// acknowledged. Every write names the epoch of its claim: upload_busy if another process has claimed the
/// session since, and nothing is changed; upload_unknown if the session is over. When a write returns it is
/// durable.
///
/// Several processes may work on the same sessions. `find` may be old by the time it is used: only a claim,
/// which one of them gets at a time, is a right to write. Thread-safe; Tasks may come from any I/O context.
class Uploads {
  public:
    virtual ~Uploads() = default;

    /// Records a new session, which is `upload.holder`'s.
    virtual Task<Result<>> open(UploadFact upload) = 0;
    /// upload_unknown if there is none, or none in `repository`, if that is given.
    virtual Task<Result<UploadFact>> find(std::optional<oci::RepositoryName> repository, Uuid id) = 0;
    /// Takes the session from whoever holds it and answers it with its new epoch. upload_unknown.
    virtual Task<Result<UploadFact>> claim(oci::RepositoryName const& repository, Uuid id,
                                           std::string holder) = 0;
    virtual Task<Result<>> write(UploadProgress progress) = 0;
    /// The same for many at once; those that cannot be written are left out.
    virtual Task<Result<>> write_all(std::vector<UploadProgress> progress) = 0;
    /// Ends a session.
    virtual Task<Result<>> close(UploadClaim claim) = 0;

    /// How many there are.
    virtual Task<Result<std::size_t>> count(UploadFilter whose) = 0;
    /// At most `limit` after `place`, those first whose last recorded byte came longest ago.
    virtual Task<Result<std::vector<UploadFact>>> oldest(UploadFilter whose,
                                                         std::optional<UploadCursor> place,
                                                         std::size_t limit) = 0;
    /// At most `limit` of those whose last recorded byte came before `time`, in order of that, after `place`.
    virtual Task<Result<std::vector<UploadFact>>> idle_since(Time time, std::optional<UploadCursor> place,
                                                             std::size_t limit) = 0;
    /// For a start: exchanges the note as `exchange_note` does, and counts no more than `counted` of the time
    /// between the two notes as idle, for every session, in the same transaction. No last byte is later than
    /// the fresh note, as after a clock that was set.
    virtual Task<Result<std::optional<RunRecord>>> begin_run(RunRecord fresh,
                                                             std::chrono::microseconds counted) = 0;
    /// Keeps a note for the next who asks and answers the one that was kept before.
    virtual Task<Result<std::optional<RunRecord>>> exchange_run_record(RunRecord note) = 0;

    /// The key of this registry: `fresh`, if there is none yet. The same for all processes, for ever.
    virtual Task<Result<UploadKey>> key(UploadKey fresh) = 0;
};

}  // namespace ocilot::meta
