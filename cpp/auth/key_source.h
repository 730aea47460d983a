#pragma once

#include "base/result.h"
#include "base/task.h"
#include "jose/public_keys.h"

#include <memory>
#include <string>

namespace ocilot::auth {

/// Where the keys of a foreign issuer come from.
class KeySource {
  public:
    virtual ~KeySource() = default;
    /// The keys of the issuer with this `iss`, never null. An unknown `kid` makes them be fetched anew, at
    /// most once a minute; then they are answered with or without it. unavailable if there are none to be
    /// had.
    virtual Task<Result<std::shared_ptr<jose::PublicKeys const>>> keys(std::string issuer,
                                                                       std::string kid) = 0;
};

}  // namespace ocilot::auth
