#include "server/session.h"

#include "net/address.h"
#include "server/body_reader.h"
#include "server/client_address.h"
#include "server/request_id.h"
#include "server/request_parser.h"
#include "server/response_writer.h"
#include "server/shown_target.h"

#include <boost/asio/this_coro.hpp>
#include <exception>
#include <fmt/format.h>
#include <optional>
#include <utility>
#include <variant>

namespace ocilot::server {

namespace {

constexpr std::size_t least_read = 256;          // Bytes of room for a read of a head.
constexpr std::size_t small_answer = 32 * 1024;  // Bytes of memory that are not worth counting.

/// Counts one while it lives.
class Counted {
  public:
    explicit Counted(Gauge& gauge) noexcept : gauge_(gauge) { gauge_.add(1); }
    ~Counted() { gauge_.add(-1); }
    Counted(Counted const&) = delete;
    Counted& operator=(Counted const&) = delete;

  private:
    Gauge& gauge_;
};

/// The other side of a connection, for what is done on its behalf.
class ConnClient final : public WaitingClient {
  public:
    explicit ConnClient(net::Conn& conn) noexcept : conn_(conn) {}
    [[nodiscard]] bool has_disconnected() const override { return conn_.peer_closed(); }

  private:
    net::Conn& conn_;
};

std::string_view first_line(std::string_view bytes) {
    return bytes.substr(0, bytes.find_first_of("\r\n"));
}

/// Whether the other side is still there to be told.
bool can_be_told(Errc code) {
    return code != Errc::peer_closed && code != Errc::cancelled && code != Errc::io;
}

/// Whether an answer could not be written for a reason of ours.
bool failed_here(SendResult const& sent) {
    return sent.outcome.has_error() && sent.outcome.error().code == Errc::io;
}

/// The blob that may be to blame for an answer that could not be written.
std::optional<registry::FailedRead> failed_read(http::Response const& response, SendResult const& sent) {
    if (auto const* const body = std::get_if<http::BlobBody>(&response.body);
        body != nullptr && body->digest) {
        return registry::FailedRead{*body->digest, body->blob->size(), sent.blob_offset};
    }
    if (auto const* const parts = std::get_if<http::PartsBody>(&response.body);
        parts != nullptr && parts->digest) {
        return registry::FailedRead{*parts->digest, parts->blob->size(), sent.blob_offset};
    }
    return {};
}

}  // namespace

/// One request and what is known of it, for its answer and the log.
struct Session::Exchange {
    Time started;
    std::string head;
    std::string id;
    std::string_view peer = {};  // The client's address; borrows from the connection or `head`.
    RequestHead request;         // Borrows from `head`; empty if it was not understood.
    http::LoggedCaller caller = {};
    std::uint64_t received = 0;  // Bytes, head and body.
};

Session::Session(std::unique_ptr<net::Conn> conn, SessionContext& context)
    : conn_(std::move(conn)),
      context_(context),
      from_proxy_(context.proxies.contains(net::without_port(conn_->peer()))) {}

void Session::drain() noexcept {
    if (idle_) conn_->close();
    if (live_ != nullptr) live_->end();
}

void Session::close_idle() noexcept {
    conn_->close();
    if (context_.idle != nullptr) context_.idle->remove(*this);
    if (slot_ != nullptr) slot_->release();
}

void Session::drop() noexcept {
    conn_->close();
    if (live_ != nullptr) live_->end();
}

Task<> Session::run() {
    // Cancellation shows as an error of the operation under way, not as an exception.
    co_await asio::this_coro::throw_if_cancelled(false);
    Counted const connection(context_.metrics.connections);
    // The last door: what a defect throws while an answer is written costs this connection, not the registry.
    try {
        for (bool more = true; more;) {
            more = co_await wait_for_request();
            if (more) more = co_await exchange();
        }
    } catch (std::exception const& problem) {
        context_.log.error("connection aborted by an internal error",
                           {{"cause", std::string_view(problem.what())}});
    }
    end_live();
    conn_->close();
}

Task<> Session::reject(Error why) {
    co_await asio::this_coro::throw_if_cancelled(false);
    conn_->expires_after(context_.limits.linger_time);
    // Some clients take no answer to what they have not asked yet.
    auto const count = co_await conn_->read_some(input_.prepare(least_read));
    if (count.has_value()) input_.commit(*count);
    auto const id = random_request_id(context_.random);
    Framing framing;
    framing.date = context_.dates.http(context_.clock.now());
    framing.request_id = id;
    framing.head_only = input_.view().starts_with("HEAD ");
    framing.close = true;
    auto response = context_.handler.refuse(why);
    auto const sent = co_await write_response(*conn_, response, framing, context_.limits, context_.spare);
    if (sent.outcome.has_value()) co_await linger();
    conn_->close();
}

Task<bool> Session::wait_for_request() {
    input_.shrink();
    if (!input_.empty()) co_return true;
    if (context_.draining) co_return false;
    // Whoever connects has something to say; whoever comes back may take longer.
    conn_->expires_after(fresh_ ? context_.limits.head_time : context_.limits.idle_time);
    idle_ = true;
    if (context_.idle != nullptr) context_.idle->add(*this);
    auto const count = co_await conn_->read_some(input_.prepare(least_read));
    if (context_.idle != nullptr) context_.idle->remove(*this);
    idle_ = false;
    if (count.has_error() || *count == 0) co_return false;
    input_.commit(*count);
    fresh_ = false;
    co_return true;
}

Task<bool> Session::exchange() {
    Exchange exchange;
    exchange.started = context_.clock.now();
    exchange.peer = net::without_port(conn_->peer());
    HeadScanner scanner(context_.limits);
    auto head = take_head(scanner);
    if (head.has_value() && head->empty()) head = co_await read_head(scanner);
    if (head.has_value()) {
        exchange.head = std::move(*head);
        exchange.received = exchange.head.size();
        co_return co_await serve(exchange);
    }
    if (!can_be_told(head.error().code)) co_return false;
    exchange.head = first_line(input_.view());
    exchange.received = input_.size();
    co_return co_await refuse(exchange, std::move(head).error());
}

Result<std::string> Session::take_head(HeadScanner& scanner) {
    // Some clients send an empty line after a body (RFC 9112, 2.2).
    while (input_.view().starts_with("\r\n")) input_.consume(2);
    if (input_.empty() || input_.view() == "\r") return std::string();
    TRY(auto const size, scanner.scan(input_.view()));
    return size ? input_.take(*size) : std::string();
}

Task<Result<std::string>> Session::read_head(HeadScanner& scanner) {
    conn_->expires_after(context_.limits.head_time);
    for (;;) {
        auto const count = co_await conn_->read_some(input_.prepare(least_read));
        if (count.has_value() && *count > 0) {
            input_.commit(*count);
            CO_TRY(auto head, take_head(scanner));
            if (!head.empty()) co_return head;
            continue;
        }
        if (input_.empty())
            co_return Error{Errc::peer_closed, "the client closed the connection between two requests"};
        if (count.has_value())
            co_return Error{Errc::bad_request, "the request ends in the middle of its head"};
        if (count.error().code != Errc::request_timeout) co_return count.error();
        co_return Error{Errc::request_timeout, fmt::format("the request head did not arrive within {} s",
                                                           context_.limits.head_time.count() / 1000)};
    }
}

Task<bool> Session::serve(Exchange& exchange) {
    Counted const in_flight(context_.metrics.in_flight);
    RequestParser parser;
    auto head = parser.parse(exchange.head);
    if (head.has_error()) co_return co_await refuse(exchange, std::move(head).error());
    exchange.request = std::move(*head);
    auto const& known = exchange.request;
    find_client(exchange);
    auto const asked = known.header("X-Request-Id");
    exchange.id = is_sane_request_id(asked) ? std::string(asked) : random_request_id(context_.random);

    BodyReader body(*conn_, input_, parser, known, context_.limits, context_.clock);
    http::Request request;
    request.method = known.method;
    request.target = known.target;
    request.headers = known.headers;
    request.body = &body;
    request.content_length = known.content_length;
    request.has_body = known.has_body();
    request.peer = exchange.peer;
    request.tls = conn_->is_tls();
    request.certificate = conn_->certificate();
    request.forwarded = from_proxy_;
    request.local = context_.local;
    request.id = exchange.id;
    MemoryBudget::Reservation memory(context_.memory);
    request.memory = &memory;
    ConnClient const client(*conn_);
    request.client = &client;
    if (context_.access_log != nullptr) request.caller = &exchange.caller;

    http::Response response;
    std::string defect;
    try {
        response = co_await context_.handler.handle(request);
    } catch (std::exception const& problem) {
        defect = problem.what();
    }
    if (!defect.empty()) {
        response = context_.handler.refuse({Errc::internal, defect});
        response.cause = defect;
    }
    hold(memory, known, response);
    bool keep = known.keep_alive && !response.close && !context_.draining;
    if (keep && !body.complete()) keep = co_await body.drop_rest();
    exchange.received += body.received();
    co_return co_await answer(exchange, std::move(response), keep);
}

void Session::find_client(Exchange& exchange) const {
    if (context_.local) return;
    auto const& request = exchange.request;
    if (from_proxy_ && context_.names_clients) {
        exchange.peer = client_address(exchange.peer, request, context_.proxies);
    } else if (context_.forwarded != nullptr && from_proxy_) {
        context_.forwarded->check_unnamed(exchange.peer, request);
    } else if (context_.forwarded != nullptr) {
        context_.forwarded->check_untrusted(exchange.peer, request);
    }
}

/// A reader may be slow, and until it has taken the answer this is in memory.
void Session::hold(MemoryBudget::Reservation& memory, RequestHead const& request,
                   http::Response& response) const {
    if (request.method == http::Method::head) return;
    auto const bytes = memory_of(response, conn_->is_tls());
    if (bytes <= small_answer) return;
    auto const held = memory.reserve(memory.bytes() + bytes);
    if (held.has_value()) return;
    auto const route = response.route;
    response = context_.handler.refuse(held.error());
    response.route = route;
    response.refusal = "memory";
}

Task<bool> Session::refuse(Exchange& exchange, Error error) {
    exchange.id = random_request_id(context_.random);
    co_return co_await answer(exchange, context_.handler.refuse(error), false);
}

Task<> Session::handle_send_failure(http::Response& response, Framing& framing, SendResult& sent) {
    // Before the connection ends: a client that sees it end and asks again is told the truth.
    if (auto const read = failed_read(response, sent)) co_await context_.handler.read_failed(*read);
    if (sent.bytes > 0) co_return;
    // The store gave nothing, and nothing has gone out: the client can still be told.
    framing.close = true;
    auto const route = response.route;
    response = context_.handler.refuse(sent.outcome.error());
    response.route = route;
    response.cause = sent.outcome.error().message;
    sent = co_await write_response(*conn_, response, framing, context_.limits, context_.spare);
}

/// Not in the coroutine: its frame would grow for every answer.
bool Session::begin_live(http::Response& response, bool chunked) {
    auto* const live = std::get_if<std::unique_ptr<http::LiveBody>>(&response.body);
    if (live == nullptr) return true;
    live_ = live->get();
    context_.metrics.streams.add(1);
    if (context_.draining) live_->end();
    return chunked;
}

void Session::end_live() noexcept {
    if (std::exchange(live_, nullptr) != nullptr) context_.metrics.streams.add(-1);
}

Task<bool> Session::answer(Exchange& exchange, http::Response response, bool keep) {
    Framing framing;
    framing.date = context_.dates.http(context_.clock.now());
    framing.request_id = exchange.id;
    framing.head_only = exchange.request.method == http::Method::head;
    framing.chunked = !exchange.request.http_1_0;
    keep = begin_live(response, framing.chunked) && keep;
    framing.close = !keep;
    auto sent = co_await write_response(*conn_, response, framing, context_.limits, context_.spare);
    end_live();
    if (failed_here(sent)) {
        keep = keep && sent.bytes > 0;
        co_await handle_send_failure(response, framing, sent);
    }
    context_.metrics.request_bytes.add(exchange.received);
    context_.metrics.response_bytes.add(sent.bytes);
    if (response.status < 500) response.cause.clear();  // The client's doing, and it was told.
    if (failed_here(sent)) {
        response.cause = sent.outcome.error().message;
    }
    record(exchange, response, sent.body_bytes);
    if (sent.outcome.has_error()) co_return false;
    if (!keep) co_await linger();
    co_return keep;
}

/// Closing with unread bytes in the socket would reset the connection, and the client would not see the
/// answer.
Task<> Session::linger() {
    conn_->expires_after(context_.limits.linger_time);
    co_await conn_->finish_writing();
    for (std::uint64_t dropped = 0; dropped < context_.limits.linger_bytes;) {
        input_.consume(input_.size());
        auto const count = co_await conn_->read_some(input_.prepare(InputBuffer::idle_bytes));
        if (count.has_error() || *count == 0) co_return;
        dropped += *count;
    }
}

void Session::record(Exchange const& exchange, http::Response const& response,
                     std::uint64_t body_bytes) const {
    auto const& request = exchange.request;
    auto const duration = context_.clock.now() - exchange.started;
    context_.metrics.record(response.route, request.method, response.status, duration);
    bool const understood = !request.method_text.empty();
    auto target = understood ? request.target : first_line(exchange.head);
    std::string shown;
    if (!target.starts_with('/') || target.find('?') != target.npos) target = shown = shown_target(target);
    if (!response.refusal.empty()) {
        context_.metrics.refused(response.refusal).add();
        context_.log.info("request rejected by a limit", {{"request_id", exchange.id},
                                                          {"peer", exchange.peer},
                                                          {"method", request.method_text},
                                                          {"target", target.substr(0, 2048)},
                                                          {"reason", response.refusal}});
    }
    bool const failed = (response.status >= 500 && !response.by_client) || !response.cause.empty();
    if (failed && !response.is_logged) {
        auto const level = response.status == 503 ? LogLevel::warn : LogLevel::error;
        context_.log.write(level, "request failed",
                           {{"request_id", exchange.id},
                            {"method", request.method_text},
                            {"target", target.substr(0, 2048)},
                            {"status", std::uint64_t{response.status}},
                            {"cause", response.cause}});
    }
    if (context_.access_log == nullptr) return;
    AccessEntry entry;
    entry.at = exchange.started;
    entry.clf = context_.dates.clf(exchange.started);
    entry.peer = exchange.peer;
    entry.user = exchange.caller.name;
    entry.kind = exchange.caller.kind;
    entry.method = request.method_text;
    entry.target = target;
    if (understood) entry.protocol = request.http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
    entry.referer = request.header("Referer");
    entry.user_agent = request.header("User-Agent");
    entry.id = exchange.id;
    entry.status = response.status;
    entry.body_bytes = body_bytes;
    entry.duration = duration;
    context_.access_log->write(entry);
}

}  // namespace ocilot::server
