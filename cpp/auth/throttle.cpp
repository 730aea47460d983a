#include "auth/throttle.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ocilot::auth {

namespace {

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

void Throttle::age(Failures& failures, Time now) const noexcept {
    if (now - failures.last > rules_.memory) failures = {};
}

seconds Throttle::left(Failures const& failures, Time now) noexcept {
    if (failures.until <= now) return seconds(0);
    return std::chrono::ceil<seconds>(failures.until - now);
}

seconds Throttle::wait_after(unsigned count, unsigned free) const noexcept {
    if (count < free) return seconds(0);
    auto const doublings = std::min(count - free, 20U);
    return std::min(seconds(1U << doublings), rules_.longest);
}

seconds Throttle::count(Recent<Failures>& table, std::string_view key, unsigned free, Time now) const {
    return table.update(key, [&](Failures& failures) {
        age(failures, now);
        if (auto const wait = left(failures, now); wait.count() > 0) return wait;
        ++failures.count;
        failures.last = now;
        failures.until = now + wait_after(failures.count, free);
        return seconds(0);
    });
}

seconds Throttle::begin(std::string_view account, std::string_view address, Time now) {
    auto const host = throttled_address(address);
    auto const from_here = addresses_.update(host, [&](Failures& failures) {
        age(failures, now);
        return left(failures, now);
    });
    if (from_here.count() > 0) return from_here;
    auto const of_account = accounts_.find(account);
    bool const attacked =
        of_account && of_account->count >= rules_.free_of_account && now - of_account->last <= rules_.memory;
    auto const free = attacked ? 1U : rules_.free_of_pair;
    if (auto const wait = count(pairs_, pair_of(account, host), free, now); wait.count() > 0) return wait;
    (void)count(addresses_, host, rules_.free_of_address, now);
    accounts_.update(account, [&](Failures& failures) {
        age(failures, now);
        ++failures.count;
        failures.last = now;
    });
    return seconds(0);
}

void Throttle::forget_one(Recent<Failures>& table, std::string_view key, unsigned free) {
    table.update(key, [&](Failures& failures) {
        if (failures.count > 0) --failures.count;
        if (failures.count < free) failures.until = {};
    });
}

void Throttle::succeeded(std::string_view account, std::string_view address) {
    auto const host = throttled_address(address);
    pairs_.remove(pair_of(account, host));
    forget_one(addresses_, host, rules_.free_of_address);
    forget_one(accounts_, account, rules_.free_of_account);
}

void Throttle::came_to_nothing(std::string_view account, std::string_view address) {
    auto const host = throttled_address(address);
    forget_one(pairs_, pair_of(account, host), rules_.free_of_pair);
    forget_one(addresses_, host, rules_.free_of_address);
    forget_one(accounts_, account, rules_.free_of_account);
}

}  // namespace ocilot::auth
