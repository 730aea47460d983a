#pragma once

#include "base/text_hash.h"

#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ocilot::auth {

/// A cache of what was found out lately, approximately LRU, by a text. Holds the last `capacity` values or
/// more, twice as many at most: whoever asks for very many things costs others a second look, not memory.
/// Thread-safe.
template <class Value>
class LruCache {
  public:
    explicit LruCache(std::size_t capacity) : young_limit_(capacity / shards + 1) {}

    [[nodiscard]] std::optional<Value> find(std::string_view key) {
        Probe const probe{key, hash_(key)};
        auto& shard = shard_of(probe);
        std::lock_guard const lock(shard.mutex);
        auto const* const value = look_up(shard, probe);
        return value == nullptr ? std::nullopt : std::optional<Value>(*value);
    }

    void put(std::string_view key, Value value) {
        Probe const probe{key, hash_(key)};
        auto& shard = shard_of(probe);
        std::lock_guard const lock(shard.mutex);
        erase(shard.old, probe);
        insert(shard, {std::string(key), probe.hash}, std::move(value));
    }

    /// Lets `change` change the value of a key, a new one if there is none, and answers what it answers.
    template <class Change>
    auto update(std::string_view key, Change change) {
        Probe const probe{key, hash_(key)};
        auto& shard = shard_of(probe);
        std::lock_guard const lock(shard.mutex);
        auto* value = look_up(shard, probe);
        if (value == nullptr) value = insert(shard, {std::string(key), probe.hash}, Value{});
        return change(*value);
    }

    void remove(std::string_view key) {
        Probe const probe{key, hash_(key)};
        auto& shard = shard_of(probe);
        std::lock_guard const lock(shard.mutex);
        erase(shard.young, probe);
        erase(shard.old, probe);
    }

  private:
    static constexpr std::size_t shards = 16;
    /// A key and its hash, which is worked out once for each question.
    struct Key {
        std::string text;
        std::size_t hash;
    };
    struct Probe {
        std::string_view text;
        std::size_t hash;
    };
    struct HashOf {
        using is_transparent = void;
        std::size_t operator()(auto const& key) const noexcept { return key.hash; }
    };
    /// Texts are compared only when their hashes are the same: the time tells nothing of a text that is a
    /// secret.
    struct Same {
        using is_transparent = void;
        bool operator()(auto const& a, auto const& b) const noexcept {
            return a.hash == b.hash && a.text == b.text;
        }
    };
    using Values = std::unordered_map<Key, Value, HashOf, Same>;
    /// What was not asked for while a generation grew old goes with it.
    struct Shard {
        std::mutex mutex;
        Values young;
        Values old;
    };

    Shard& shard_of(Probe const& key) noexcept { return shards_[(key.hash >> 48) % shards]; }

    static void erase(Values& values, Probe const& key) {
        if (auto const found = values.find(key); found != values.end()) values.erase(found);
    }

    Value* look_up(Shard& shard, Probe const& key) {
        if (auto const found = shard.young.find(key); found != shard.young.end()) return &found->second;
        auto const found = shard.old.find(key);
        if (found == shard.old.end()) return nullptr;
        auto node = shard.old.extract(found);
        return insert(shard, std::move(node.key()), std::move(node.mapped()));
    }

    Value* insert(Shard& shard, Key key, Value value) {
        if (shard.young.size() >= young_limit_) shard.old = std::exchange(shard.young, {});
        return &shard.young.insert_or_assign(std::move(key), std::move(value)).first->second;
    }

    TextHash hash_;
    std::size_t young_limit_;
    std::array<Shard, shards> shards_;
};

}  // namespace ocilot::auth
