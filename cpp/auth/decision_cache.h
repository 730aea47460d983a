#pragma once

#include "auth/lru_cache.h"
#include "base/clock.h"
#include "policy/caller.h"
#include "policy/scope.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ocilot::auth {

/// A decision as it is kept: an allowed one needs no memory of its own.
struct AccessDecision {
    bool allowed = false;
    std::shared_ptr<std::string const> reason = {};  ///< of a refusal
};

/// What a decision is kept under: everything about the caller that rules and hooks may look at, the
/// repository and the action. Lives on the stack.
class DecisionKey {
  public:
    /// `with_address`: whether the address counts, as it may for a hook.
    DecisionKey(policy::Caller const& caller, policy::Access const& access, bool with_address) noexcept {
        add(static_cast<char>('0' + static_cast<int>(caller.kind)));
        add(static_cast<char>('0' + static_cast<int>(access.action)));
        add(caller.name);
        for (auto const& group : caller.groups) add(group);
        add('\n');
        if (with_address) add(caller.address);
        if (access.repository) add(access.repository->str());
    }
    /// Nothing if it is too long to be kept.
    [[nodiscard]] std::optional<std::string_view> view() const noexcept {
        if (overflow_) return std::nullopt;
        return std::string_view(text_.data(), size_);
    }

  private:
    void add(char c) noexcept { add(std::string_view(&c, 1)); }
    /// With its length before it: no two lists of texts look alike.
    void add(std::string_view text) noexcept {
        if (text.size() + 2 > text_.size() - size_) {
            overflow_ = true;
            return;
        }
        text_[size_++] = static_cast<char>(text.size() & 0xff);
        text_[size_++] = static_cast<char>(text.size() >> 8);
        size_ += text.copy(text_.data() + size_, text.size());
    }

    std::array<char, 1024> text_;
    std::size_t size_ = 0;
    bool overflow_ = false;
};

/// DecisionCache made lately. Each holds until its time is over, and as long as the generation it was made in
/// is in force. Thread-safe.
class DecisionCache {
  public:
    explicit DecisionCache(std::size_t capacity) : cache_(capacity) {}

    [[nodiscard]] std::optional<AccessDecision> find(DecisionKey const& key, std::uint64_t generation,
                                                     Time now) {
        auto const text = key.view();
        if (!text) return std::nullopt;
        auto cached = cache_.find(*text);
        if (!cached || cached->generation != generation || cached->until <= now) return std::nullopt;
        return std::move(cached->decided);
    }

    /// Keeps what was decided; `generation` has to be read before what it was decided from.
    void add(DecisionKey const& key, std::uint64_t generation, Time until, AccessDecision decided) {
        if (auto const text = key.view()) cache_.put(*text, {generation, until, std::move(decided)});
    }

  private:
    struct CacheEntry {
        std::uint64_t generation = 0;
        Time until{};
        AccessDecision decided;
    };
    LruCache<CacheEntry> cache_;
};

}  // namespace ocilot::auth
