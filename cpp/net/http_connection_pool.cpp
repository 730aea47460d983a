#include "net/http_connection_pool.h"

#include "net/socket.h"

#include <algorithm>

namespace ocilot::net {

namespace {

constexpr std::size_t max_connections = 256;  // Of one I/O context.

}  // namespace

HttpConnectionPool& HttpConnectionPool::of(Executor const& executor) {
    return asio::use_service<HttpConnectionPool>(executor.context());
}

HttpConnectionPool::HttpConnectionPool(asio::io_context& context)
    : asio::io_context::service(context), executor_(context.get_executor()) {
    // Services go in the opposite order of their first use: that of sockets after this one.
    Socket const first(context.get_executor());
}

std::unique_ptr<Conn> HttpConnectionPool::take(Key const& wanted) {
    auto const now = Ticks::now();
    for (auto at = waiting_.end(); at != waiting_.begin();) {
        --at;
        if (at->key != wanted) continue;
        auto conn = std::move(at->conn);
        bool const good = at->until > now && !conn->readable();
        at = waiting_.erase(at);
        if (good) return conn;
    }
    return nullptr;
}

void HttpConnectionPool::put(Key of, std::unique_ptr<Conn> conn, Limits const& limits) {
    if (limits.per_route == 0 || limits.age.count() <= 0) return;
    conn->expires_after(std::chrono::milliseconds::zero());
    auto const same = std::ranges::count(waiting_, of, &Waiting::key);
    if (static_cast<std::size_t>(same) >= limits.per_route) {
        waiting_.erase(std::ranges::find(waiting_, of, &Waiting::key));
    } else if (waiting_.size() >= max_connections) {
        waiting_.pop_front();
    }
    waiting_.push_back({std::move(of), std::move(conn), Ticks::now() + limits.age});
    if (waiting_.size() > 1) return;
    if (!sweeping_) sweeping_.emplace(executor_, [this] { sweep(); });
    sweeping_->expires_after(until_next());
}

void HttpConnectionPool::close() {
    waiting_.clear();
    sweeping_.reset();
}

void HttpConnectionPool::sweep() {
    auto const now = Ticks::now();
    std::erase_if(waiting_, [now](Waiting const& one) { return one.until <= now || one.conn->readable(); });
    if (!waiting_.empty()) sweeping_->expires_after(until_next());
}

std::chrono::milliseconds HttpConnectionPool::until_next() const {
    using std::chrono::milliseconds;
    auto const next = std::ranges::min_element(waiting_, {}, &Waiting::until)->until - Ticks::now();
    return std::max(std::chrono::ceil<milliseconds>(next), milliseconds(1));
}

}  // namespace ocilot::net
