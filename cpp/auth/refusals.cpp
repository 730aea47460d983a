#include "auth/refusals.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace ocilot::auth {

namespace {

constexpr std::size_t longest_text = 256;  // Of what a client made up.

std::string key_of(meta::JournalEntry const& entry) {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", entry.action, entry.by.kind, entry.by.name,
                       entry.by.address, entry.repository, entry.subject, entry.detail);
}

/// What is left of one of very many: nobody fills the journal with names he makes up.
meta::JournalEntry without_details(meta::JournalEntry entry) {
    meta::JournalEntry left;
    left.at = entry.at;
    left.action = std::move(entry.action);
    left.refused = true;
    if (left.action != "login") left.by.name = std::move(entry.by.name);
    left.by.kind = std::move(entry.by.kind);
    left.by.address = std::move(entry.by.address);
    left.detail = "and many others";
    left.times = entry.times;
    return left;
}

}  // namespace

Refusals::Refusals(meta::Journal& journal, Clock const& clock, Metrics& metrics)
    : journal_(journal),
      clock_(clock),
      dropped_(metrics.counter("ocilot_journal_dropped_total",
                               "Refusals that were too many at once for the journal.")) {}

void Refusals::note(std::string_view action, policy::Caller const& by, std::string_view repository,
                    std::string_view subject, std::string_view why) {
    meta::JournalEntry entry;
    entry.action = action;
    entry.refused = true;
    entry.by = {by.name.substr(0, longest_text), std::string(policy::to_string(by.kind)), by.address};
    entry.repository = repository;
    entry.subject = subject.substr(0, longest_text);
    entry.detail = why.substr(0, 2 * longest_text);
    note(std::move(entry));
}

void Refusals::note(meta::JournalEntry entry) {
    entry.at = clock_.now();
    std::lock_guard const lock(mutex_);
    auto key = key_of(entry);
    bool const is_another = entry.refused && gathered_.size() < most && !gathered_.contains(key);
    if (is_another && ++of_address_[entry.by.address] > most_of_address) {
        entry = without_details(std::move(entry));
        key = key_of(entry);
    }
    auto const found = gathered_.find(key);
    if (found != gathered_.end()) {
        found->second.times += entry.times;
    } else if (gathered_.size() < most) {
        gathered_.emplace(std::move(key), std::move(entry));
    } else {
        dropped_.add(entry.times);
    }
}

Task<Result<std::size_t>> Refusals::flush() {
    std::map<std::string, meta::JournalEntry> gathered;
    {
        std::lock_guard const lock(mutex_);
        gathered.swap(gathered_);
        of_address_.clear();
    }
    if (gathered.empty()) co_return std::size_t{0};
    std::vector<meta::JournalEntry> entries;
    for (auto& [key, entry] : gathered) entries.push_back(std::move(entry));
    std::ranges::stable_sort(entries, {}, &meta::JournalEntry::at);
    auto const count = entries.size();
    CO_CHECK(co_await journal_.append(std::move(entries)));
    co_return count;
}

}  // namespace ocilot::auth
