#pragma once

#include "base/result.h"
#include "base/task.h"
#include "meta/facts.h"

#include <string>
#include <vector>

namespace ocilot::meta {

/// A key that tokens are signed with. The youngest signs; the others still verify.
struct KeyFact {
    std::string id;
    std::string private_pem;
    Time created_at{};
};

/// The keys of the token server. Every write is one durable transaction that also writes a change. A key is
/// immutable; which keys there are is of the moment (see MetaStore): another process may have added one, and
/// what it signed verifies only after `keys` is asked again. Thread-safe; Tasks may come from any I/O
/// context.
class Keys {
  public:
    virtual ~Keys() = default;

    /// Youngest first.
    virtual Task<Result<std::vector<KeyFact>>> keys() = 0;
    /// Adds a key and removes those made before `keep_from`; conflict if the id is taken.
    virtual Task<Result<>> add(KeyFact key, Time keep_from, Actor by) = 0;
};

}  // namespace ocilot::meta
