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
#include <vector>

namespace ocilot::registry {

/// One upload under way. It is recorded when bytes of it are to be kept: most get theirs in the one request
/// that ends them, and then nothing is written but the blob. `upload` and `comes_again` may be touched only
/// by the request that holds the session.
struct UploadSession {
    UploadSession(meta::UploadFact begun, bool is_recorded) : fact(std::move(begun)), recorded(is_recorded) {}

    meta::UploadFact const fact;
    std::unique_ptr<blob::Upload> upload;  ///< null as long as nobody has written to it in this process
    std::atomic<bool> recorded;            ///< whether the metadata know it, so that it outlives a kill
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
    /// Its bytes; `open_bytes` comes first.
    [[nodiscard]] blob::Upload& upload() const noexcept { return *session_->upload; }

  private:
    std::shared_ptr<UploadSession> session_;
};

/// What a request does when another one holds the session it wants.
enum class IfHeld : std::uint8_t {
    refuse,      ///< upload_busy at once: two streams must not mix
    wait_a_bit,  ///< the other is most likely a connection that broke off: give it a moment
};

/// The upload sessions this process works on: those that are not recorded, and of the others what only memory
/// can hold: the running hash, and who writes. Thread-safe.
class UploadSessions {
  public:
    void add(std::shared_ptr<UploadSession> session);
    void remove(Uuid id);
    [[nodiscard]] std::shared_ptr<UploadSession> find(Uuid id) const;
    /// The session with the id of `fresh` as this process has it; `fresh` itself if it had none.
    [[nodiscard]] std::shared_ptr<UploadSession> find_or_add(std::shared_ptr<UploadSession> fresh);
    [[nodiscard]] std::size_t size() const;
    /// Those that the metadata do not know.
    [[nodiscard]] std::vector<std::shared_ptr<UploadSession>> unrecorded() const;

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

/// Takes the session for writing; its bytes are read back first if an earlier process may have received some.
/// upload_busy, upload_unknown.
Task<Result<Hold>> hold_session(Registry& registry, UploadRef ref, IfHeld if_held);

/// Makes a place for the bytes of the held session, if there is none yet.
Task<Result<>> open_bytes(Registry& registry, Hold const& hold);

/// Makes the held session as empty as it began.
Task<Result<>> start_over(Registry& registry, Hold const& hold);

/// Makes sure that the metadata know the session, which is held or which nobody can write to any more.
Task<Result<>> record(Registry& registry, UploadSession& session);

/// Records all sessions; for the end of the process, when nobody can write to them any more.
Task<Result<>> record_all(Registry& registry);

}  // namespace ocilot::registry
