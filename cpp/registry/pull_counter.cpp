#include "registry/pull_counter.h"

#include <algorithm>
#include <iterator>
#include <thread>
#include <tuple>
#include <utility>

namespace ocilot::registry {

namespace {

/// The count of an entry, from the key of a meta::FactKey: `REPOSITORY\nTAG`, or a digest after a zero byte.
template <class Entry>
meta::PullCount count_of(std::string_view key, Entry const& entry) {
    auto const end = key.find_first_of(std::string_view("\n\0", 2));
    bool const by_tag = key[end] == '\n';
    return {.repository = std::string(key.substr(0, end)),
            .tag = by_tag ? std::string(key.substr(end + 1)) : std::string(),
            .digest = entry.digest,
            .pulls = entry.pulls,
            .first = entry.first,
            .last = entry.last};
}

/// Adds others to what is known of pulls under a name.
template <class Pulls>
void add_pulls(Pulls& all, std::uint64_t pulls, Time first, Time last) {
    if (pulls > 0) {
        all.first = all.pulls > 0 ? std::min(all.first, first) : first;
        all.last = std::max(all.last, last);
    }
    all.pulls += pulls;
}

auto name_of(meta::PullCount const& count) {
    return std::tie(count.repository, count.tag, count.digest);
}

/// Several threads count the same name.
void join_names(std::vector<meta::PullCount>& batch) {
    std::ranges::sort(batch,
                      [](auto const& one, auto const& other) { return name_of(one) < name_of(other); });
    std::size_t last = 0;
    for (std::size_t at = 1; at < batch.size(); ++at) {
        if (name_of(batch[at]) == name_of(batch[last])) {
            add_pulls(batch[last], batch[at].pulls, batch[at].first, batch[at].last);
        } else if (++last != at) {
            batch[last] = std::move(batch[at]);
        }
    }
    if (!batch.empty()) batch.erase(batch.begin() + static_cast<std::ptrdiff_t>(last) + 1, batch.end());
}

}  // namespace

PullCounter::PullCounter(Metrics& metrics, std::size_t capacity)
    : capacity_(capacity),
      recorded_(metrics.counter("ocilot_pulls_recorded_total",
                                "Pulls of manifests whose times and counts were recorded.")),
      told_(metrics.counter("ocilot_pull_events_total",
                            "Events of pulls, each of which stands for the pulls under one name.")),
      dropped_(metrics.counter("ocilot_pulls_dropped_total",
                               "Pulls that were not recorded because too many tags and manifests were pulled "
                               "in one interval.")) {}

PullCounter::Shard& PullCounter::shard_of_this_thread() noexcept {
    return shards_[std::hash<std::thread::id>()(std::this_thread::get_id()) % shards];
}

bool PullCounter::reserve() noexcept {
    if (held_.fetch_add(1, std::memory_order_relaxed) < capacity_) return true;
    held_.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void PullCounter::drop(std::uint64_t pulls) noexcept {
    has_gap_ = true;
    dropped_.add(pulls);
    dropped_lately_.fetch_add(pulls, std::memory_order_relaxed);
}

PullCounter::Entry* PullCounter::entry_of(Shard& shard, std::string_view key, oci::Digest const& digest) {
    auto const found = shard.entries.find(key);
    if (found == shard.entries.end()) {
        if (!reserve()) return nullptr;
        return &shard.entries.emplace(key, Entry{digest}).first->second;
    }
    auto& entry = found->second;
    if (entry.digest == digest) return &entry;
    if (entry.is_touched && entry.pulls > 0) {
        if (!reserve()) return nullptr;
        shard.moved.emplace_back(found->first, entry);
    }
    entry = Entry{digest};
    return &entry;
}

void PullCounter::add(oci::RepositoryName const& repository, oci::Reference const& reference,
                      oci::Digest const& digest, bool sent, Time at) {
    auto const* const tag = std::get_if<oci::Tag>(&reference);
    auto const key = tag != nullptr ? meta::FactKey(repository, *tag) : meta::FactKey(repository, digest);
    auto& shard = shard_of_this_thread();
    std::lock_guard const lock(shard.mutex);
    auto* const entry = entry_of(shard, key.view(), digest);
    if (entry == nullptr) return drop(sent ? 1 : 0);
    entry->is_touched = true;
    add_pulls(*entry, sent ? 1 : 0, at, at);
}

void PullCounter::take_from(Shard& shard, std::vector<meta::PullCount>& batch) {
    std::vector<Touched> touched;
    std::vector<std::pair<std::string, Entry>> moved;
    {
        std::lock_guard const lock(shard.mutex);
        moved.swap(shard.moved);
        auto forgotten = moved.size();
        for (auto at = shard.entries.begin(); at != shard.entries.end();) {
            auto& [key, entry] = *at;
            if (!entry.is_touched) {
                at = shard.entries.erase(at);
                ++forgotten;
                continue;
            }
            touched.emplace_back(key, entry);
            entry = Entry{entry.digest};
            ++at;
        }
        held_.fetch_sub(forgotten, std::memory_order_relaxed);
    }
    // Texts are made when requests can count again: nothing else forgets a key.
    for (auto const& [key, entry] : touched) batch.push_back(count_of(key, entry));
    for (auto const& [key, entry] : moved) batch.push_back(count_of(key, entry));
}

std::vector<meta::PullCount> PullCounter::take() {
    std::lock_guard const lock(taking_);
    std::vector<meta::PullCount> batch;
    for (auto& rest : unrecorded_) std::ranges::move(rest, std::back_inserter(batch));
    unrecorded_.clear();
    for (auto& shard : shards_) take_from(shard, batch);
    join_names(batch);
    for (; batch.size() > capacity_; batch.pop_back()) drop(batch.back().pulls);
    return batch;
}

void PullCounter::put_back(std::list<std::vector<meta::PullCount>> rest) noexcept {
    std::lock_guard const lock(taking_);
    unrecorded_.splice(unrecorded_.end(), rest);
}

bool PullCounter::has_unrecorded() {
    std::lock_guard const lock(taking_);
    auto const is_left = [](auto const& batch) { return !batch.empty(); };
    return recordings_ > 0 || std::ranges::any_of(unrecorded_, is_left);
}

void PullCounter::recorded(std::vector<meta::PullCount> const& batch) noexcept {
    for (auto const& count : batch) {
        recorded_.add(count.pulls);
        if (count.told > 0) told_.add(1);
    }
}

std::uint64_t PullCounter::take_dropped() noexcept {
    return dropped_lately_.exchange(0, std::memory_order_relaxed);
}

}  // namespace ocilot::registry
