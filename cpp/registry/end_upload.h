#pragma once

#include "registry/sessions.h"

namespace ocilot::registry {

/// Ends the locked session: its row, then its bytes, which are not opened. Its bytes go even if there is no
/// room to remove the row, and then the row.
Task<Result<>> end_session(Registry& registry, SessionLock const& session_lock);

/// Ends the session of a row if no request is writing to it and its last byte came before `before`. False if
/// it goes on, or has ended by itself.
Task<Result<bool>> end_if_idle(Registry& registry, meta::UploadFact upload, Time before);

}  // namespace ocilot::registry
