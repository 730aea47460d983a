#pragma once

#include "blob/store.h"
#include "registry/ended_uploads.h"
#include "registry/probes.h"
#include "registry/push_blob.h"
#include "registry/pushes.h"
#include "registry/upload_quota.h"
#include "registry/upload_seal.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ocilot::registry {

/// One upload under way in this process. It is recorded when a request ends and bytes of it are kept: most
/// get theirs in the one request that ends them, and then nothing is written but the blob. What is not atomic
/// may be touched only by the request that holds the session.
struct UploadSession {
    UploadSession(meta::UploadFact begun, bool is_recorded);

    meta::UploadFact const fact;           ///< as it was when this process first met it; without its state
    std::unique_ptr<blob::Upload> upload;  ///< null as long as nobody has written to it in this process
    std::atomic<bool> recorded;            ///< whether the metadata know it, so that it outlives a kill
    std::int64_t epoch;                    ///< of this process's claim, or of the one that was found
    std::uint64_t recorded_offset;         ///< what the metadata say
    Time recorded_at;                      ///< when they were told
    bool expects_retry = false;            ///< a closing body failed that its client will send whole again
    bool stale = false;                    ///< no longer what the session is: look it up again
    std::atomic<bool> counted;             ///< whether it has its place in the UploadQuota
    std::atomic<std::uint64_t> offset{0};  ///< bytes held; readable by anybody
    std::atomic<Time> last_write;          ///< when the last byte came
    std::atomic<bool> written{false};      ///< whether it came in this process; else that may be too early
    std::atomic<bool> locked{false};
    std::atomic<bool> ended{false};  ///< finished or cancelled; a late holder finds nothing
};

class UploadSessions;

/// The exclusive right to write to a session, for one request. Gives back descriptors when it ends, and the
/// session if there is nothing in it.
class SessionLock {
  public:
    SessionLock(UploadSessions& sessions, std::shared_ptr<UploadSession> session) noexcept
        : sessions_(&sessions), session_(std::move(session)) {}
    SessionLock(SessionLock&&) noexcept = default;
    SessionLock& operator=(SessionLock&&) = delete;
    ~SessionLock();

    [[nodiscard]] UploadSession& session() const noexcept { return *session_; }
    /// Its bytes; `open_bytes` comes first.
    [[nodiscard]] blob::Upload& upload() const noexcept { return *session_->upload; }

  private:
    UploadSessions* sessions_;
    std::shared_ptr<UploadSession> session_;
};

/// What a request does when another one holds the session it wants.
enum class IfLocked : std::uint8_t {
    refuse,        ///< upload_busy at once: two streams must not mix
    wait_briefly,  ///< the other is most likely a connection that broke off: give it a moment
};

/// The upload sessions this process works on: those that have bytes here, and those that a request holds.
/// What others are is written in their URLs and, if they have bytes, in the metadata. Thread-safe.
class UploadSessions {
  public:
    /// `clock` tells how long sessions are idle: one that nobody sets. Both outlive this.
    UploadSessions(meta::UploadKey const& key, Clock const& clock, Random& random)
        : seal_(key, random), clock_(clock) {}

    [[nodiscard]] std::shared_ptr<UploadSession> find(Uuid id) const;
    /// The session with the id of `fresh` as this process has it; `fresh` itself if it had none; null if it
    /// has ended here.
    [[nodiscard]] std::shared_ptr<UploadSession> find_or_add(std::shared_ptr<UploadSession> fresh);
    /// A locked session is finished or cancelled: its URL is worth nothing from now on.
    void end(UploadSession& session);
    /// A locked session is no longer what this process thought: the next request looks at the metadata.
    void forget(UploadSession& session);
    /// The end of a lock.
    void release(UploadSession& session);

    [[nodiscard]] bool has_ended(Uuid id) const;
    /// Whether a session without bytes that an earlier process opened may go on here.
    [[nodiscard]] bool continues(OpenedUpload const& upload) const;
    /// What the next process has to know of those that ended, and where it takes that.
    [[nodiscard]] std::string serialize_ended() const;
    void restore_ended(std::string_view note);
    /// Whether this process once recorded the session and has forgotten it since.
    [[nodiscard]] bool is_forgotten(Uuid id) const;
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::vector<std::shared_ptr<UploadSession>> all() const;

    [[nodiscard]] UploadSeal const& seal() const noexcept { return seal_; }
    [[nodiscard]] Time now() const { return clock_.now(); }
    /// The digests that become blobs right now.
    [[nodiscard]] Pushes& pushes() noexcept { return pushes_; }
    /// The digests that clients were told are there.
    [[nodiscard]] Probes& probes() noexcept { return probes_; }
    /// How many more uploads may begin.
    [[nodiscard]] UploadQuota& quota() noexcept { return quota_; }

  private:
    void remove(UploadSession const& session);

    mutable std::mutex mutex_;
    std::unordered_map<Uuid, std::shared_ptr<UploadSession>> sessions_;
    EndedUploads ended_;
    std::unordered_set<Uuid> forgotten_;  // After a failure only.
    UploadSeal seal_;
    Clock const& clock_;
    Pushes pushes_;
    Probes probes_;
    UploadQuota quota_;
};

/// The session of this repository and caller, from memory, from the metadata or as its URL says.
/// upload_unknown for any other.
Task<Result<std::shared_ptr<UploadSession>>> find_session(Registry& registry, UploadRef ref);

/// Takes the session for one request. upload_busy, upload_unknown.
Task<Result<SessionLock>> lock_session(Registry& registry, UploadRef ref, IfLocked if_locked);

/// The same if no request holds it now; `session` may have ended.
[[nodiscard]] std::optional<SessionLock> try_lock_session(Registry& registry,
                                                          std::shared_ptr<UploadSession> session);

}  // namespace ocilot::registry
