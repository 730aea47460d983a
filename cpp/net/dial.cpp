#include "net/dial.h"

#include "net/address.h"
#include "net/deadline.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <vector>

namespace ocilot::net {

namespace {

using boost::system::error_code;
using Ticks = std::chrono::steady_clock;
using Timer = asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor>;
using Resolver = asio::ip::basic_resolver<Tcp, Executor>;

constexpr std::size_t most_addresses = 8;  // Tried of one name.

/// A name being looked up. The system's resolver cannot be interrupted: whoever waits no longer leaves this
/// behind.
struct Lookup {
    explicit Lookup(Executor executor) : resolver(executor), timer(executor) {}
    Resolver resolver;
    Timer timer;
    bool done = false;
    error_code failed = {};
    std::vector<Tcp::endpoint> found = {};
};

Error unreachable(std::string_view why) {
    return {Errc::unavailable, std::string(why)};
}

Task<Result<std::vector<Tcp::endpoint>>> look_up(std::string host, std::uint16_t port,
                                                 std::chrono::milliseconds limit) {
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
    error_code ignored;
    co_await lookup->timer.async_wait(asio::redirect_error(use_task, ignored));
    if (!lookup->done) co_return unreachable(fmt::format("the address of {} was not found in time", host));
    if (lookup->failed || lookup->found.empty()) {
        co_return unreachable(fmt::format("the host {} is not known ({})", host, lookup->failed.message()));
    }
    lookup->found.resize(std::min(lookup->found.size(), most_addresses));
    co_return std::move(lookup->found);
}

Task<Result<Socket>> connect(Tcp::endpoint endpoint, std::chrono::milliseconds limit) {
    Socket socket(co_await asio::this_coro::executor);
    error_code failed;
    socket.open(Stream(endpoint.protocol()), failed);
    if (failed) co_return system_error(failed.value(), "cannot make a socket");
    if (::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC) < 0) {
        co_return system_error(errno, "cannot make a socket");
    }
    Deadline deadline(socket.get_executor(), [&socket] {
        error_code ignored;
        socket.close(ignored);
    });
    deadline.expires_after(limit);
    auto const [refused] = co_await socket.async_connect(Endpoint(endpoint), asio::as_tuple(use_task));
    auto const where = format_endpoint(endpoint);
    if (deadline.passed()) co_return unreachable(fmt::format("{} did not answer in time", where));
    if (refused) co_return unreachable(fmt::format("cannot connect to {}: {}", where, refused.message()));
    co_return Result<Socket>(std::move(socket));
}

}  // namespace

Task<Result<Socket>> dial(std::string host, std::uint16_t port, std::chrono::milliseconds limit) {
    auto const late = Ticks::now() + limit;
    CO_TRY(auto const addresses, co_await look_up(host, port, limit));
    Error last = unreachable("nothing was tried");
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(late - Ticks::now());
        auto const share = left / static_cast<int>(addresses.size() - i);
        if (share.count() <= 0) co_return unreachable(fmt::format("{} did not answer in time", host));
        auto connected = co_await connect(addresses[i], share);
        if (connected.has_value()) co_return connected;
        last = std::move(connected).error();
    }
    co_return last;
}

}  // namespace ocilot::net
