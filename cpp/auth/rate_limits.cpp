#include "auth/rate_limits.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <netinet/in.h>

namespace ocilot::auth {

namespace {

using std::chrono::ceil;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::array<std::string_view, 4> words{"manifests", "reads", "writes", "logins"};
constexpr std::size_t looked_at_for_room = 16;

/// What one request takes of the window.
microseconds cost(RateRule const& rule) {
    auto const window = std::chrono::duration_cast<microseconds>(rule.window);
    return std::max(microseconds(1), window / static_cast<std::int64_t>(rule.requests));
}

/// How a rule stands with one more request of somebody whose others are paid for at `paid`.
RateVerdict verdict(RateRule const& rule, Time arrival_time, Time now) {
    auto const each = cost(rule);
    auto const owed = arrival_time - now;
    auto const room = each * static_cast<std::int64_t>(rule.requests) - owed;
    RateVerdict out;
    out.allowed = room >= each;
    out.limit = rule.requests;
    out.window = rule.window;
    out.remaining = out.allowed ? static_cast<std::uint64_t>(room / each) - 1 : 0;
    out.reset = ceil<seconds>(out.allowed ? owed + each : owed);
    out.wait_for = out.allowed ? seconds(0) : ceil<seconds>(each - room);
    return out;
}

bool holds(RateRule const& rule, RequestClass kind, policy::Caller const& caller) {
    return (caller.anonymous() ? rule.anonymous : rule.named) &&
           std::ranges::find(rule.classes, kind) != rule.classes.end();
}

/// The part of an address that the network of one client has.
std::string_view client_network(std::string_view address, std::array<char, INET6_ADDRSTRLEN>& room) {
    in6_addr parsed{};
    std::string const text(address.substr(0, address.find('%')));
    if (inet_pton(AF_INET6, text.c_str(), &parsed) != 1) return address;
    if (IN6_IS_ADDR_V4MAPPED(&parsed)) return address;
    std::fill(std::begin(parsed.s6_addr) + 8, std::end(parsed.s6_addr), std::uint8_t{0});
    return inet_ntop(AF_INET6, &parsed, room.data(), static_cast<socklen_t>(room.size()));
}

std::string key_of(std::size_t rule, RateRule const& of, policy::Caller const& caller) {
    if (!of.per_address && !caller.anonymous()) {
        return fmt::format("{}\n{}\n{}", rule, to_string(caller.kind), caller.name);
    }
    std::array<char, INET6_ADDRSTRLEN> room{};
    return fmt::format("{}\n\n{}", rule, client_network(caller.address, room));
}

bool is_tighter(RateVerdict const& one, RateVerdict const& other) {
    if (other.window.count() == 0) return true;
    if (one.allowed != other.allowed) return !one.allowed;
    if (one.wait_for != other.wait_for) return one.wait_for > other.wait_for;
    return one.remaining < other.remaining;
}

}  // namespace

std::string_view to_string(RequestClass kind) noexcept {
    return words[static_cast<std::size_t>(kind)];
}

std::optional<RequestClass> parse_request_class(std::string_view word) noexcept {
    auto const found = std::ranges::find(words, word);
    if (found == words.end()) return std::nullopt;
    return static_cast<RequestClass>(found - words.begin());
}

RateLimits::RateLimits(std::vector<RateRule> rules, Metrics& metrics, std::size_t capacity)
    : rules_(std::move(rules)),
      capacity_(capacity),
      refused_(metrics.counter("ocilot_rate_refused_total", "Requests that exceeded a rate limit.")) {}

RateVerdict RateLimits::take(RequestClass kind, policy::Caller const& caller, Time now) {
    RateVerdict tightest;
    std::vector<std::pair<std::string, Time>> counted;
    std::lock_guard const lock(mutex_);
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        auto const& rule = rules_[i];
        if (!holds(rule, kind, caller)) continue;
        auto key = key_of(i, rule, caller);
        auto const found = arrival_times_.find(key);
        // Never more than a window ahead, unless the clock was set back.
        if (found != arrival_times_.end()) found->second = std::min(found->second, now + rule.window);
        auto const arrival_time = found == arrival_times_.end() ? now : std::max(found->second, now);
        auto const stands = verdict(rule, arrival_time, now);
        counted.emplace_back(std::move(key), arrival_time + cost(rule));
        if (is_tighter(stands, tightest)) tightest = stands;
    }
    if (!tightest.allowed) {
        refused_.add();
        return tightest;
    }
    for (auto& [key, arrival_time] : counted) remember(std::move(key), arrival_time);
    return tightest;
}

void RateLimits::remember(std::string key, Time arrival_time) {
    if (arrival_times_.size() >= capacity_ && !arrival_times_.contains(key)) {
        auto idlest = arrival_times_.begin();
        auto other = idlest;
        for (std::size_t i = 0; i < looked_at_for_room && other != arrival_times_.end(); ++i, ++other) {
            if (other->second < idlest->second) idlest = other;
        }
        arrival_times_.erase(idlest);
    }
    arrival_times_.insert_or_assign(std::move(key), arrival_time);
}

}  // namespace ocilot::auth
