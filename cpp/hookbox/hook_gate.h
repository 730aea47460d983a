#pragma once

#include "base/log.h"
#include "hookbox/hook_point.h"
#include "hookbox/mailbox.h"
#include "policy/gate.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>

namespace ocilot::hookbox {

/// The gate whose answers come out of a mailbox. Asks only what somebody answers: of all else it costs one
/// look at a number.
class HookGate final : public policy::Gate {
  public:
    HookGate(Mailbox& mailbox, Log const& log) noexcept : mailbox_(mailbox), log_(log) {}

    /// From now on exactly these points are asked. Decisions that were made before hold no more. Any thread,
    /// but one at a time.
    void set_points(std::span<HookPoint const> points) noexcept;

    [[nodiscard]] bool asks(policy::Point point) const noexcept override {
        return (points_.load(std::memory_order_relaxed) & static_cast<unsigned>(point)) != 0;
    }
    [[nodiscard]] std::uint64_t generation() const noexcept override {
        return generation_.load(std::memory_order_acquire);
    }
    Task<Result<std::optional<policy::Login>>> authenticate(policy::Credentials credentials) override;
    Task<Result<std::optional<policy::Decision>>> authorize(policy::Caller const& caller,
                                                            policy::Access const& access) override;
    Task<Result<policy::Decision>> admit_manifest(policy::ManifestPush push) override;
    Task<Result<policy::Decision>> admit_blob(policy::BlobPush push) override;
    Task<Result<policy::Decision>> admit_tag(policy::TagMove move) override;
    Task<Result<policy::Decision>> admit_delete(policy::Deletion deletion) override;
    Task<Result<std::vector<policy::KeptTag>>> retain(policy::TagHistory history) override;
    Task<Result<std::vector<policy::ImagesInUse>>> images_in_use(Time at) override;

  private:
    /// What a question is about, for the log.
    struct Subject {
        std::string_view caller;
        std::string_view repository;
        std::string_view request;  ///< its id
    };
    /// The answer, unless the script failed or gave one that does not fit.
    Task<Result<Answer>> ask(Topic topic, Case about, Subject subject);
    /// Of a point where no opinion lets pass.
    Task<Result<policy::Decision>> admit(Topic topic, Case about, Subject subject);
    void note(Topic topic, policy::Decision const& decision, Subject subject) const;

    Mailbox& mailbox_;
    Log const& log_;
    std::atomic<unsigned> points_{0};
    std::atomic<std::uint64_t> generation_{0};
    std::array<std::atomic<std::int64_t>, topics.size()> deadlines_{};  // Milliseconds.
};

}  // namespace ocilot::hookbox
