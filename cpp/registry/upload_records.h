#pragma once

#include "registry/sessions.h"

namespace ocilot::registry {

/// Makes a place for the bytes of the locked session, or takes up those of an earlier holder, for which the
/// session is claimed. A session whose bytes are gone, or were stored by then, is as empty as it began.
Task<Result<>> open_bytes(Registry& registry, SessionLock const& session_lock);

/// Makes the locked session as empty as it began.
Task<Result<>> reset_upload(Registry& registry, SessionLock const& session_lock);

/// A request to the locked session ends: what came of it is recorded, unless the metadata know enough
/// already. The bytes themselves are the truth: after a kill, those after the recorded offset are hashed
/// again, and no others. So one process alone writes a row with the first bytes and then only now and then;
/// with several each request does. upload_busy, and the session is forgotten here, if another process has
/// claimed it.
Task<Result<>> record_progress(Registry& registry, SessionLock const& session_lock);

/// Makes sure that the metadata know the locked session, whatever they know of it.
Task<Result<>> record(Registry& registry, UploadSession& session);

/// Records how far all sessions are, with their bytes on disk, and which have ended; for the end of the
/// process, when nobody can write to them any more. Does as much as can be done.
Task<Result<>> record_all(Registry& registry);

/// Takes over from the process before, for the start: of the time since that last ran, no more than `counted`
/// makes a session older.
Task<Result<>> adopt_sessions(Registry& registry, std::chrono::microseconds counted);

}  // namespace ocilot::registry
