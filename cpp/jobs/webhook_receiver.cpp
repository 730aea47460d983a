#include "jobs/webhook_receiver.h"

#include "events/event_id.h"
#include "events/make_events.h"
#include "events/signature.h"
#include "jobs/add_platforms.h"
#include "net/url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <utility>

namespace ocilot::jobs {

namespace {

using Ticks = std::chrono::steady_clock;

constexpr std::size_t most_read = 64 * 1024;  // Bytes of an answer.
constexpr std::size_t most_kept = 1024;
constexpr unsigned most_redirects = 3;

std::chrono::seconds retry_after_of(net::HttpHeaders const& headers) {
    auto const value = net::find_header(headers, "Retry-After").value_or("");
    std::uint32_t seconds = 0;
    auto const [end, problem] = std::from_chars(value.data(), value.data() + value.size(), seconds);
    bool const whole = problem == std::errc() && end == value.data() + value.size();
    return std::chrono::seconds(whole ? seconds : 0);  // A date is left to the growing delay.
}

/// Where a redirect leads that may be followed: it keeps the method, and stays at the origin.
std::optional<std::string> next_url(std::string const& url, net::HttpResponse const& response) {
    auto const status = response.status;
    if (status != 301 && status != 302 && status != 307 && status != 308) return std::nullopt;
    auto const location = net::find_header(response.headers, "Location");
    auto const base = net::parse_url(url);
    if (!location || base.has_error()) return std::nullopt;
    auto const target = net::resolve_url(*base, *location);
    if (target.has_error() || !target->same_origin(*base)) return std::nullopt;
    return target->text();
}

/// Only where to: path and query may be secret.
std::string redirect_text(std::string const& url, net::HttpHeaders const& headers) {
    auto const location = net::find_header(headers, "Location").value_or("");
    auto const base = net::parse_url(url);
    if (base.has_error()) return "another address";
    auto const target = net::resolve_url(*base, location);
    return target.has_value() ? target->origin() : "an invalid address";
}

DeliveryVerdict verdict_of(unsigned status) noexcept {
    if (status >= 200 && status < 300) return DeliveryVerdict::delivered;
    if (status == 410) return DeliveryVerdict::gone;
    if (status == 408 || status == 425 || status == 429 || status == 503) return DeliveryVerdict::unavailable;
    if (status >= 400 && status < 500) return DeliveryVerdict::rejected;
    return DeliveryVerdict::failed;
}

/// Printable: it goes to terminals.
std::string excerpt_of(std::string_view body) {
    std::string out(body.substr(0, most_kept));
    for (char& c : out) {
        if (c < ' ' || c > '~') c = c == '\n' || c == '\t' ? ' ' : '?';
    }
    return out;
}

std::string error_text(unsigned status, Webhook const& webhook, net::HttpHeaders const& headers,
                       std::string const& excerpt) {
    if (status >= 300 && status < 400) {
        auto const* const which = webhook.follows_redirects ? "this redirect is" : "redirects are";
        return fmt::format("status {}: {} not followed; set the url to the final address at {}", status,
                           which, redirect_text(webhook.url, headers));
    }
    auto text = fmt::format("status {}", status);
    if (!excerpt.empty()) text += ": " + excerpt.substr(0, 200);
    return text;
}

/// Whether it shows events with all their members.
bool has_data(events::Format format) noexcept {
    return format == events::Format::cloudevents || format == events::Format::cloudevents_binary;
}

/// What is configured wins.
void add_if_absent(net::HttpHeaders& headers, std::string name, std::string value) {
    if (!net::find_header(headers, name)) headers.emplace_back(std::move(name), std::move(value));
}

}  // namespace

WebhookReceiver::WebhookReceiver(Webhook webhook, Clock const& clock, Log const& log,
                                 registry::Registry* registry)
    : webhook_(std::move(webhook)), clock_(clock), log_(log), registry_(registry) {}

std::optional<WebhookExchange> WebhookReceiver::last() const {
    std::lock_guard const lock(mutex_);
    return last_;
}

std::vector<events::Event> WebhookReceiver::events_of(meta::Change const& change) const {
    auto made = events::make_events(change);
    std::erase_if(made, [&](events::Event const& event) {
        return !webhook_.filter.matches(event) || !is_told(webhook_.packing.format, event);
    });
    return made;
}

bool WebhookReceiver::wants(meta::Change const& change) const {
    return !events_of(change).empty();
}

Task<DeliveryAnswer> WebhookReceiver::deliver(std::span<meta::Change const> changes, bool replay) {
    std::vector<events::Event> all;
    for (auto const& change : changes) {
        auto made = events_of(change);
        std::ranges::move(made, std::back_inserter(all));
    }
    if (registry_ != nullptr && has_data(webhook_.packing.format)) co_await add_platforms(*registry_, all);
    auto const most = webhook_.packing.several ? webhook_.batch : 1;
    for (std::size_t at = 0; at < all.size(); at += most) {
        auto answer = co_await send(std::span(all).subspan(at, std::min(most, all.size() - at)), replay);
        if (answer.verdict != DeliveryVerdict::delivered) co_return answer;
    }
    co_return DeliveryAnswer{};
}

Task<DeliveryAnswer> WebhookReceiver::test() {
    auto const now = clock_.now();
    events::Event const event{.id = events::event_id(now, 0, 0),
                              .time = now,
                              .action = events::Action::webhook_test,
                              .repository = "ocilot/webhook-test",
                              .tag = "test",
                              .by = {.name = "ocilot", .kind = "system"}};
    co_return co_await send(std::span(&event, 1), false);
}

Task<DeliveryAnswer> WebhookReceiver::send(std::span<events::Event const> events, bool replay) {
    auto payload = events::encode(webhook_.packing, events, webhook_.source);
    if (!payload) co_return DeliveryAnswer{};
    events::sign(*payload, webhook_.secrets, clock_.now());
    co_return co_await post(std::move(*payload), replay);
}

net::HttpRequest WebhookReceiver::request_of(events::Payload const& payload, bool replay,
                                             std::string url) const {
    net::HttpRequest request{.method = "POST", .url = std::move(url), .headers = webhook_.headers};
    add_if_absent(request.headers, "Content-Type", payload.content_type);
    add_if_absent(request.headers, "User-Agent", "ocilot");
    for (auto const& header : payload.headers) request.headers.push_back(header);
    if (replay) request.headers.emplace_back("ocilot-replay", "true");
    request.body = payload.body;
    request.timeouts = {.connect = webhook_.timeout,
                        .first_byte = webhook_.timeout,
                        .stall = webhook_.timeout,
                        .total = webhook_.timeout};
    return request;
}

Task<Result<net::HttpResponse>> WebhookReceiver::answer_to(events::Payload const& payload,
                                                           bool replay) const {
    auto url = webhook_.url;
    for (unsigned followed = 0;; ++followed) {
        auto response = co_await webhook_.client->send(request_of(payload, replay, url));
        if (response.has_error() || !webhook_.follows_redirects || followed == most_redirects) {
            co_return response;
        }
        auto next = next_url(url, *response);
        if (!next) co_return response;
        url = std::move(*next);
    }
}

Task<DeliveryAnswer> WebhookReceiver::post(events::Payload payload, bool replay) {
    WebhookExchange exchange{.at = clock_.now()};
    auto const begin = Ticks::now();
    DeliveryAnswer answer;
    auto response = co_await answer_to(payload, replay);
    std::string body;
    auto read = Result<>();
    if (response.has_value()) read = co_await read_answer(*response->body, body);
    // The head is the answer, however its body ends: what was taken must not come again.
    bool const stopped_early = read.has_error() && read.error().code == Errc::cancelled &&
                               verdict_of(response->status) != DeliveryVerdict::delivered;
    if (response.has_error() || stopped_early) {
        auto const& why = response.has_error() ? response.error() : read.error();
        bool const stopped = why.code == Errc::cancelled;
        answer = {.verdict = stopped ? DeliveryVerdict::cancelled : DeliveryVerdict::unavailable,
                  .error = why.message};
        if (why.code == Errc::denied) answer.error += "; add its network to `allow` of the webhook";
    } else {
        exchange.status = response->status;
        exchange.excerpt = excerpt_of(body);
        answer.verdict = verdict_of(response->status);
        answer.retry_after = retry_after_of(response->headers);
        if (answer.verdict != DeliveryVerdict::delivered) {
            answer.error = error_text(response->status, webhook_, response->headers, exchange.excerpt);
        }
    }
    exchange.took = std::chrono::ceil<std::chrono::milliseconds>(Ticks::now() - begin);
    exchange.error = answer.error;
    if (read.has_error() && exchange.error.empty()) {
        exchange.error = "the answer was not read to its end: " + read.error().message;
        log_.warn("webhook answer cut",
                  {{"consumer", std::string_view(webhook_.consumer())}, {"err", read.error().message}});
    }
    {
        std::lock_guard const lock(mutex_);
        last_ = std::move(exchange);
    }
    co_return answer;
}

/// An answer that is too long is one all the same: it is not read to its end.
Task<Result<>> WebhookReceiver::read_answer(net::HttpBody& body, std::string& text) const {
    std::array<std::byte, 4096> part{};
    while (text.size() < most_read) {
        CO_TRY(auto const count, co_await body.read(part));
        if (count == 0) co_return Result<>();
        text.append(reinterpret_cast<char const*>(part.data()), count);
    }
    log_.warn("webhook answer cut",
              {{"consumer", std::string_view(webhook_.consumer())}, {"bytes", std::uint64_t{most_read}}});
    co_return Result<>();
}

}  // namespace ocilot::jobs
