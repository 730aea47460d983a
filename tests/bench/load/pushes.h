#pragma once

#include "workload.h"

#include <string>

namespace ocilot::load {

/// Pushes of fresh blobs, in one of the ways that the protocol has.
class Pushes final : public Workload {
  public:
    enum class Way : std::uint8_t { post_put, post, post_patch_put };

    Pushes(Options const& options, Way way);

    void begin(Operation& operation, Request& request) override;
    Verdict answered(Operation& operation, Answer const& answer, Request& request) override;

  private:
    void put(Operation& operation, std::string_view location, bool with_body, Request& request) const;
    void add_body(Operation const& operation, Request& request) const;

    Way way_;
    std::string uploads_;  // path
    std::string fields_;
    Content content_;
};

}  // namespace ocilot::load
