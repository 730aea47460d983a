#include "server/tls_watch.h"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>

namespace ocilot::server {

Task<> watch_certificates(net::TlsCertificates& certificates, BlockingPool& pool, Log const& log) {
    using Ticks = std::chrono::steady_clock;
    asio::basic_waitable_timer<Ticks, asio::wait_traits<Ticks>, Executor> timer(
        co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_after(std::chrono::seconds(1));
        boost::system::error_code stopped;
        co_await timer.async_wait(asio::redirect_error(use_task, stopped));
        if (stopped) co_return;
        auto const changed = co_await pool.run([&certificates] { return certificates.reload_if_changed(); });
        if (changed.has_error()) {
            log.error("the new certificate is not used, the old one stays",
                      {{"err", changed.error().message}});
        } else if (*changed) {
            log.info("new certificate in use");
        }
    }
}

}  // namespace ocilot::server
