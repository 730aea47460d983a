#pragma once

#include "blob/store.h"

#include <cstddef>

namespace ocilot::jobs {

/// How fast a long look at many bytes goes on, and whether it goes on.
class ReadThrottle {
  public:
    virtual ~ReadThrottle() = default;
    /// After each piece of `bytes`. An error (cancelled) ends the look.
    virtual Task<Result<>> step(std::size_t bytes) = 0;
};

/// The digest that the bytes of `blob` really have.
Task<Result<oci::Digest>> rehash(blob::Blob& blob, oci::Algorithm algorithm, ReadThrottle& throttle);

}  // namespace ocilot::jobs
