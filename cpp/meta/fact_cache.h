#pragma once

#include "base/metrics.h"
#include "oci/digest.h"
#include "oci/name.h"
#include "oci/tag.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ocilot::meta {

/// What a fact is kept under: a tag or a digest in a repository.
class FactKey {
  public:
    FactKey(oci::RepositoryName const& repository, oci::Tag const& tag) noexcept
        : FactKey(repository, '\n', tag.str()) {}
    FactKey(oci::RepositoryName const& repository, oci::Digest const& digest) noexcept
        : FactKey(repository, '\0',
                  {reinterpret_cast<char const*>(digest.bytes().data()), digest.bytes().size()}) {}
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

  private:
    FactKey(oci::RepositoryName const& repository, char separator, std::string_view item) noexcept {
        auto const name = std::string_view(repository.str());
        auto* const end = text_.data() + name.copy(text_.data(), name.size());
        *end = separator;  // No name holds either; a hash of another length is of another algorithm.
        size_ = name.size() + 1 + item.copy(end + 1, item.size());
    }

    std::array<char, 512> text_;  // A name has 255 bytes at most, a tag 128.
    std::size_t size_;
};

/// Mutable facts read lately, with the version of their repository before they were read; good while it is
/// the same (see Versions).
/// Holds the last `capacity` facts or more, twice as many at most. Thread-safe.
template <class Fact>
class FactCache {
  public:
    FactCache(std::size_t capacity, Metrics& metrics, std::string_view kind)
        : young_limit_(capacity / shards),
          hits_(counter(metrics, kind, "hit")),
          misses_(counter(metrics, kind, "miss")) {}

    [[nodiscard]] std::optional<Fact> find(FactKey const& key, std::uint64_t version) {
        auto const text = key.view();
        auto& shard = shard_of(text);
        std::lock_guard const lock(shard.mutex);
        if (auto const* entry = look_up(shard, text); entry != nullptr && entry->version == version) {
            hits_.add();
            return entry->fact;
        }
        misses_.add();
        return std::nullopt;
    }

    void add(FactKey const& key, std::uint64_t version, Fact fact) {
        auto const text = key.view();
        auto& shard = shard_of(text);
        std::lock_guard const lock(shard.mutex);
        insert(shard, std::string(text), {version, std::move(fact)});
    }

  private:
    static constexpr std::size_t shards = 16;
    struct Entry {
        std::uint64_t version;
        Fact fact;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };
    using Facts = std::unordered_map<std::string, Entry, Hash, std::equal_to<>>;
    /// What was not asked for while a generation grew old goes with it.
    struct Shard {
        std::mutex mutex;
        Facts young;
        Facts old;
    };

    static Counter& counter(Metrics& metrics, std::string_view kind, std::string_view result) {
        return metrics.counter("ocilot_meta_cache_total", "Metadata cache lookups, by result.",
                               {{"fact", std::string(kind)}, {"result", std::string(result)}});
    }

    Shard& shard_of(std::string_view text) noexcept { return shards_[Hash()(text) / 64 % shards]; }

    Entry const* look_up(Shard& shard, std::string_view text) {
        if (auto const found = shard.young.find(text); found != shard.young.end()) return &found->second;
        auto const found = shard.old.find(text);
        if (found == shard.old.end()) return nullptr;
        auto node = shard.old.extract(found);
        return insert(shard, std::move(node.key()), std::move(node.mapped()));
    }

    Entry const* insert(Shard& shard, std::string text, Entry entry) {
        if (shard.young.size() >= young_limit_) shard.old = std::exchange(shard.young, {});
        return &shard.young.insert_or_assign(std::move(text), std::move(entry)).first->second;
    }

    std::size_t young_limit_;
    Counter& hits_;
    Counter& misses_;
    std::array<Shard, shards> shards_;
};

}  // namespace ocilot::meta
