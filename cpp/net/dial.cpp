#include "net/dial.h"

#include "net/address.h"

#include <algorithm>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>

namespace ocilot::net {

namespace {

using boost::system::error_code;
using Ticks = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;
using Addresses = std::vector<Tcp::endpoint>;

constexpr std::size_t max_addresses = 8;  // Tried of one name.

/// A name being looked up. The system's resolver cannot be interrupted: a caller that waits no longer leaves
/// this behind, and takes the lookup out of the queue if it has not begun.
struct Lookup {
    explicit Lookup(Executor executor) : resolver(executor), timer(executor) {}
    Resolver resolver;
    Timer timer;
    bool done = false;
    error_code failed = {};
    Addresses found = {};
};

Error unreachable(std::string_view why) {
    return {Errc::unavailable, std::string(why)};
}

Error given_up() {
    return {Errc::cancelled, "the connection attempt was cancelled"};
}

Error too_late() {
    return {Errc::request_timeout, "timeout while connecting"};
}

/// Waits for a timer; true if the Task is cancelled instead.
Task<bool> wait(Timer& timer) {
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(use_task, ignored));
    auto const state = co_await asio::this_coro::cancellation_state;
    co_return state.cancelled() != asio::cancellation_type::none;
}

Task<Result<Addresses>> look_up(std::string host, std::uint16_t port, std::chrono::milliseconds limit) {
    auto const lookup = std::make_shared<Lookup>(co_await asio::this_coro::executor);
    lookup->timer.expires_after(limit);
    lookup->resolver.async_resolve(host, std::to_string(port), Resolver::numeric_service,
                                   [lookup](error_code const& failed, Resolver::results_type const& results) {
                                       lookup->done = true;
                                       lookup->failed = failed;
                                       for (auto const& result : results)
                                           lookup->found.push_back(result.endpoint());
                                       lookup->timer.cancel();
                                   });
    if (co_await wait(lookup->timer)) {
        lookup->resolver.cancel();
        co_return given_up();
    }
    if (!lookup->done) {
        lookup->resolver.cancel();
        co_return Error{Errc::request_timeout, fmt::format("timeout while resolving the name {}", host)};
    }
    if (lookup->failed || lookup->found.empty()) {
        co_return unreachable(fmt::format("cannot resolve the name {} ({})", host, lookup->failed.message()));
    }
    co_return std::move(lookup->found);
}

/// Addresses of both families in turn, beginning with that of the first (RFC 8305, 4).
Addresses in_turn(Addresses const& found) {
    Addresses first;
    Addresses second;
    for (auto const& address : found) {
        auto& family = address.protocol() == found.front().protocol() ? first : second;
        family.push_back(address);
    }
    Addresses out;
    for (std::size_t i = 0; out.size() < found.size(); ++i) {
        if (i < first.size()) out.push_back(first[i]);
        if (i < second.size()) out.push_back(second[i]);
    }
    out.resize(std::min(out.size(), max_addresses));
    return out;
}

struct Attempt {
    explicit Attempt(Executor executor) : socket(executor) {}
    Socket socket;
    std::string where = {};
    bool done = false;
    error_code failed = {};
};

/// Connections being attempted at the same time; the sockets of those that are not wanted any more are closed
/// with it.
struct Race {
    explicit Race(Executor executor) : timer(executor) {}

    static void start(std::shared_ptr<Race> const& self, Tcp::endpoint const& to);
    [[nodiscard]] bool running() const {
        return std::ranges::any_of(attempts, [](auto const& attempt) { return !attempt->done; });
    }
    [[nodiscard]] Attempt* winner() const {
        auto const at = std::ranges::find_if(
            attempts, [](auto const& attempt) { return attempt->done && !attempt->failed; });
        return at == attempts.end() ? nullptr : at->get();
    }
    [[nodiscard]] std::string reason() const {
        auto const& last = *attempts.back();
        return fmt::format("cannot connect to {}: {}", last.where, last.failed.message());
    }

    Timer timer;
    std::vector<std::unique_ptr<Attempt>> attempts = {};
};

void Race::start(std::shared_ptr<Race> const& self, Tcp::endpoint const& to) {
    auto& attempt = *self->attempts.emplace_back(std::make_unique<Attempt>(self->timer.get_executor()));
    attempt.where = format_endpoint(Endpoint(to));
    attempt.socket.open(Stream(to.protocol()), attempt.failed);
    attempt.done = attempt.failed.failed();  // For example an IPv6 address on a host without IPv6.
    if (attempt.done) return;
    ::fcntl(attempt.socket.native_handle(), F_SETFD, FD_CLOEXEC);
    attempt.socket.async_connect(Endpoint(to),
                                 [weak = std::weak_ptr(self), &attempt](error_code const& refused) {
                                     auto const race = weak.lock();
                                     if (!race) return;
                                     attempt.done = true;
                                     attempt.failed = refused;
                                     race->timer.cancel();
                                 });
}

}  // namespace

Task<Result<Socket>> connect_to_any(Addresses addresses, std::chrono::milliseconds next_after,
                                    std::chrono::milliseconds limit) {
    auto const late = Ticks::now() + limit;
    auto const race = std::make_shared<Race>(co_await asio::this_coro::executor);
    std::size_t next = 0;
    for (auto start_at = Ticks::now();;) {
        if (auto* const winner = race->winner()) co_return Result<Socket>(std::move(winner->socket));
        auto const now = Ticks::now();
        if (now >= late) co_return too_late();
        if (next < addresses.size() && (now >= start_at || !race->running())) {
            Race::start(race, addresses[next++]);
            start_at = now + next_after;
        }
        if (!race->running()) {
            if (next == addresses.size()) co_return unreachable(race->reason());
            continue;
        }
        race->timer.expires_at(next < addresses.size() ? std::min(start_at, late) : late);
        if (co_await wait(race->timer)) co_return given_up();
    }
}

Task<Result<Socket>> dial(std::string host, std::uint16_t port, AddressPolicy const& policy,
                          std::chrono::milliseconds limit) {
    auto const late = Ticks::now() + limit;
    CO_TRY(auto addresses, co_await look_up(host, port, limit));
    auto const first = addresses.front().address().to_string();
    std::erase_if(addresses, [&](auto const& address) { return !policy.allows(address.address()); });
    if (addresses.empty()) {
        co_return Error{
            Errc::denied,
            fmt::format("address {} is not public, and only connections to public addresses are allowed",
                        first)};
    }
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(late - Ticks::now());
    co_return co_await connect_to_any(in_turn(addresses), next_address_after, left);
}

}  // namespace ocilot::net
