#include "auth/refusals.h"

#include "meta/told_groups.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace ocilot::auth {

namespace {

constexpr std::size_t longest_text = 256;  // Of what a client made up.
constexpr std::size_t longest_reason = 2 * longest_text;

void cut(std::string& text, std::size_t length) {
    if (text.size() > length) text.resize(length);
}

std::string key_of(meta::Change const& entry) {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", to_string(entry.kind), entry.by.kind, entry.by.name,
                       entry.by.address, entry.repository, entry.name, entry.text);
}

/// What is left of one of very many: nobody fills the journal with names he makes up.
meta::Change without_details(meta::Change entry) {
    meta::Change left;
    left.at = entry.at;
    left.kind = entry.kind;
    left.refused = true;
    if (left.kind != meta::ChangeKind::login) left.by.name = std::move(entry.by.name);
    left.by.kind = std::move(entry.by.kind);
    left.by.address = std::move(entry.by.address);
    left.text = "and many others";
    left.times = entry.times;
    return left;
}

}  // namespace

Refusals::Refusals(meta::Journal& journal, Clock const& clock, Metrics& metrics)
    : journal_(journal),
      clock_(clock),
      dropped_(metrics.counter("ocilot_journal_dropped_total",
                               "Refusals dropped from the audit log because there were too many at once.")) {}

void Refusals::note(meta::ChangeKind kind, policy::Caller const& by, std::string_view repository,
                    std::string_view what, std::string_view why) {
    meta::Change entry;
    entry.kind = kind;
    entry.refused = true;
    entry.by = {.name = by.name,
                .kind = std::string(policy::to_string(by.kind)),
                .address = by.address,
                .groups = meta::told_groups(by.groups),
                .token = by.token};
    entry.repository = repository;
    entry.name = what.substr(0, longest_text);
    entry.text = why.substr(0, longest_reason);
    note(std::move(entry));
}

void Refusals::note(meta::Change entry) {
    entry.at = clock_.now();
    cut(entry.by.name, longest_text);
    cut(entry.name, longest_text);
    cut(entry.text, longest_reason);
    std::lock_guard const lock(mutex_);
    auto key = key_of(entry);
    bool const is_another = entry.refused && gathered_.size() < max_entries && !gathered_.contains(key);
    if (is_another && ++of_address_[entry.by.address] > max_per_address) {
        entry = without_details(std::move(entry));
        key = key_of(entry);
    }
    auto const found = gathered_.find(key);
    if (found != gathered_.end()) {
        found->second.times += entry.times;
    } else if (gathered_.size() < max_entries) {
        gathered_.emplace(std::move(key), std::move(entry));
    } else {
        dropped_.add(entry.times);
    }
}

Task<Result<std::size_t>> Refusals::flush() {
    std::map<std::string, meta::Change> gathered;
    {
        std::lock_guard const lock(mutex_);
        gathered.swap(gathered_);
        of_address_.clear();
    }
    if (gathered.empty()) co_return std::size_t{0};
    std::vector<meta::Change> entries;
    for (auto& [key, entry] : gathered) entries.push_back(std::move(entry));
    std::ranges::stable_sort(entries, {}, &meta::Change::at);
    auto const count = entries.size();
    CO_CHECK(co_await journal_.append(std::move(entries)));
    co_return count;
}

}  // namespace ocilot::auth
