#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ocilot::auth {

/// What was found out lately, by a text. Holds the last `capacity` values or more, twice as many at most:
/// whoever asks for very many things costs others a second look, not memory. Thread-safe.
template <class Value>
class Recent {
  public:
    explicit Recent(std::size_t capacity) : young_limit_(capacity / shards + 1) {}

    [[nodiscard]] std::optional<Value> find(std::string_view key) {
        auto& shard = shard_of(key);
        std::lock_guard const lock(shard.mutex);
        auto const* const value = look_up(shard, key);
        return value == nullptr ? std::nullopt : std::optional<Value>(*value);
    }

    void put(std::string_view key, Value value) {
        auto& shard = shard_of(key);
        std::lock_guard const lock(shard.mutex);
        shard.old.erase(std::string(key));
        insert(shard, std::string(key), std::move(value));
    }

    /// Lets `change` change the value of a key, a new one if there is none, and answers what it answers.
    template <class Change>
    auto update(std::string_view key, Change change) {
        auto& shard = shard_of(key);
        std::lock_guard const lock(shard.mutex);
        auto* value = look_up(shard, key);
        if (value == nullptr) value = insert(shard, std::string(key), Value{});
        return change(*value);
    }

    void remove(std::string_view key) {
        auto& shard = shard_of(key);
        std::lock_guard const lock(shard.mutex);
        shard.young.erase(std::string(key));
        shard.old.erase(std::string(key));
    }

  private:
    static constexpr std::size_t shards = 16;
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    using Values = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
    /// What was not asked for while a generation grew old goes with it.
    struct Shard {
        std::mutex mutex;
        Values young;
        Values old;
    };

    Shard& shard_of(std::string_view key) noexcept { return shards_[Hash()(key) / 64 % shards]; }

    Value* look_up(Shard& shard, std::string_view key) {
        if (auto const found = shard.young.find(key); found != shard.young.end()) return &found->second;
        auto const found = shard.old.find(key);
        if (found == shard.old.end()) return nullptr;
        auto node = shard.old.extract(found);
        return insert(shard, std::move(node.key()), std::move(node.mapped()));
    }

    Value* insert(Shard& shard, std::string key, Value value) {
        if (shard.young.size() >= young_limit_) shard.old = std::exchange(shard.young, {});
        return &shard.young.insert_or_assign(std::move(key), std::move(value)).first->second;
    }

    std::size_t young_limit_;
    std::array<Shard, shards> shards_;
};

}  // namespace ocilot::auth
