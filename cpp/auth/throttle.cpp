#include "auth/throttle.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ocilot::auth {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

std::string pair_of(std::string_view account, std::string_view address) {
    return fmt::format("{}\n{}", address, account);
}

}  // namespace

std::string throttled_address(std::string_view address) {
    std::string text(address.substr(0, address.find('%')));
    std::array<unsigned char, 16> bytes{};
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return text;
    static constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) {  // An IPv4 address in other clothes.
        return fmt::format("{}", fmt::join(bytes.begin() + 12, bytes.end(), "."));
    }
    return fmt::format("{:02x}/64", fmt::join(bytes.begin(), bytes.begin() + 8, ""));
}

seconds Throttle::count(LruCache<Failures>& table, std::string_view key, unsigned free, seconds least,
                        Time now) const {
    return table.update(key, [&](Failures& failures) {
        if (now - failures.last > rules_.memory) failures = {};
        if (failures.until > now) return std::chrono::ceil<seconds>(failures.until - now);
        ++failures.count;
        failures.last = now;
        if (failures.count >= free) {
            auto const doublings = std::min(failures.count - free, 20U);
            failures.until = now + std::min(std::max(seconds(1U << doublings), least), rules_.longest);
        }
        return seconds(0);
    });
}

microseconds Throttle::cost(unsigned of) const noexcept {
    return microseconds(rules_.memory) / static_cast<std::int64_t>(of);
}

seconds Throttle::wait_time(LruCache<Budget>& table, std::string_view key, unsigned of, Time now) const {
    auto const found = table.find(key);
    if (!found) return seconds(0);
    auto const missing = found->full_at + cost(of) - (now + rules_.memory);
    return std::max(seconds(0), std::chrono::ceil<seconds>(missing));
}

void Throttle::spend(LruCache<Budget>& table, std::string_view key, unsigned of, Time now) const {
    table.update(key, [&](Budget& budget) {
        budget.full_at = std::min(std::max(budget.full_at, now) + cost(of), now + rules_.memory);
    });
}

void Throttle::give_back(LruCache<Budget>& table, std::string_view key, unsigned of) const {
    table.update(key, [&](Budget& budget) { budget.full_at -= cost(of); });
}

seconds Throttle::begin(std::string_view account, std::string_view address, Time now) {
    auto const host = throttled_address(address);
    auto const pair = pair_of(account, host);
    bool const known = known_.find(pair).has_value();
    if (!known) {
        if (auto const wait = wait_time(addresses_, host, rules_.per_address, now); wait.count() > 0)
            return wait;
    }
    bool const attacked = !known && wait_time(accounts_, account, rules_.per_account, now).count() > 0;
    auto const free = attacked ? 1U : rules_.free_attempts;
    auto const least = attacked ? rules_.longest : seconds(1);
    if (auto const wait = count(pairs_, pair, free, least, now); wait.count() > 0) return wait;
    if (known) return seconds(0);
    spend(addresses_, host, rules_.per_address, now);
    spend(accounts_, account, rules_.per_account, now);
    return seconds(0);
}

seconds Throttle::repeat(std::string_view guess, Time now) {
    // The try that it repeats was the first.
    return count(repeats_, guess, rules_.free_attempts - 1, seconds(1), now);
}

void Throttle::forget_one(LruCache<Failures>& table, std::string_view key) {
    table.update(key, [](Failures& failures) {
        if (failures.count > 0) --failures.count;
        failures.until = {};
    });
}

void Throttle::succeeded(std::string_view account, std::string_view address) {
    auto const host = throttled_address(address);
    auto const pair = pair_of(account, host);
    pairs_.remove(pair);
    if (known_.find(pair)) return;
    known_.put(pair, {});
    give_back(addresses_, host, rules_.per_address);
    give_back(accounts_, account, rules_.per_account);
}

void Throttle::abandoned(std::string_view account, std::string_view address) {
    auto const host = throttled_address(address);
    auto const pair = pair_of(account, host);
    forget_one(pairs_, pair);
    if (known_.find(pair)) return;
    give_back(addresses_, host, rules_.per_address);
    give_back(accounts_, account, rules_.per_account);
}

void Throttle::refused(std::string_view account, std::string_view address) {
    auto const pair = pair_of(account, throttled_address(address));
    forget_one(pairs_, pair);
    if (known_.find(pair)) return;
    give_back(accounts_, account, rules_.per_account);
}

void Throttle::charge(std::string_view address, Time now) {
    spend(addresses_, throttled_address(address), rules_.per_address, now);
}

}  // namespace ocilot::auth
