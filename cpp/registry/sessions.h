#pragma once

#include "blob/store.h"
#include "registry/push_blob.h"
#include "registry/pushes.h"
#include "registry/upload_room.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace ocilot::registry {

/// One upload under way. `upload` and `comes_again` may be touched only by the request that holds the
/// session.
struct UploadSession {
    UploadSession(Uuid session_id, oci::RepositoryName name, std::string caller)
        : id(session_id), repository(std::move(name)), started_by(std::move(caller)) {}

    Uuid const id;
    oci::RepositoryName const repository;
    std::string const started_by;
    std::unique_ptr<blob::Upload> upload;
    bool comes_again = false;              ///< a closing body failed that its client will send whole again
    std::atomic<std::uint64_t> offset{0};  ///< bytes held; readable by anybody
    std::atomic<bool> held{false};
    std::atomic<bool> over{false};  ///< finished or cancelled; a late holder finds nothing
};

/// The exclusive right to write to a session, for one request. Gives back descriptors when it ends.
class Hold {
  public:
    explicit Hold(std::shared_ptr<UploadSession> session) noexcept : session_(std::move(session)) {}
    Hold(Hold&&) noexcept = default;
    Hold& operator=(Hold&&) = delete;
    ~Hold();

    [[nodiscard]] UploadSession& session() const noexcept { return *session_; }
    [[nodiscard]] blob::Upload& upload() const noexcept { return *session_->upload; }

  private:
    std::shared_ptr<UploadSession> session_;
};

/// What a request does when another one holds the session it wants.
enum class IfHeld : std::uint8_t {
    refuse,      ///< upload_busy at once: two streams must not mix
    wait_a_bit,  ///< the other is most likely a connection that broke off: give it a moment
};

/// The upload sessions this process works on. Facts of all sessions are in the metadata; this holds what only
/// memory can: the running hash, and who writes. Thread-safe.
class UploadSessions {
  public:
    void add(std::shared_ptr<UploadSession> session);
    void remove(Uuid id);
    [[nodiscard]] std::shared_ptr<UploadSession> find(Uuid id) const;
    /// The session with the id of `fresh` as this process has it; `fresh` itself if it had none.
    [[nodiscard]] std::shared_ptr<UploadSession> find_or_add(std::shared_ptr<UploadSession> fresh);
    [[nodiscard]] std::size_t size() const;

    /// The digests that become blobs right now.
    [[nodiscard]] Pushes& pushes() noexcept { return pushes_; }
    /// How many more uploads may begin.
    [[nodiscard]] UploadRoom& room() noexcept { return room_; }

  private:
    mutable std::mutex mutex_;
    std::unordered_map<Uuid, std::shared_ptr<UploadSession>> sessions_;
    Pushes pushes_;
    UploadRoom room_;
};

/// The session of this repository and caller, from memory or as an earlier process left it. upload_unknown
/// for any other.
Task<Result<std::shared_ptr<UploadSession>>> find_session(Registry& registry, UploadRef ref);

/// Takes the session for writing; its bytes are read back first if an earlier process received them.
/// upload_busy, upload_unknown.
Task<Result<Hold>> hold_session(Registry& registry, UploadRef ref, IfHeld if_held);

/// Makes the held session as empty as it began.
Task<Result<>> start_over(Registry& registry, UploadRef ref, Hold const& hold);

}  // namespace ocilot::registry
