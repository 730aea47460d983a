#pragma once

#include "hookbox/mailbox.h"
#include "policy/feed.h"

#include <mutex>

namespace ocilot::hookbox {

/// The feed whose listeners are told through a mailbox.
class HookFeed final : public policy::Feed {
  public:
    explicit HookFeed(Mailbox& mailbox) noexcept : mailbox_(mailbox) {}

    /// From now on exactly these are told. config for an unknown point, or a deadline that is not between a
    /// millisecond and an hour.
    Result<> set_listeners(std::vector<policy::Listener> listeners);

    [[nodiscard]] std::vector<policy::Listener> listeners() const override;
    [[nodiscard]] std::uint64_t generation() const noexcept override {
        return generation_.load(std::memory_order_acquire);
    }
    Task<Result<std::optional<std::string>>> tell(policy::Listener listener, std::string point,
                                                  std::string event) override;
    void end() override { mailbox_.end(Topic::event); }
    void on_change(std::function<void()> call) override;

  private:
    Mailbox& mailbox_;
    std::atomic<std::uint64_t> generation_{0};
    mutable std::mutex mutex_;
    std::vector<policy::Listener> listeners_;
    std::function<void()> changed_;
};

}  // namespace ocilot::hookbox
