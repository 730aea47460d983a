#include "http/api/event_stream.h"

#include "http/api/event_log.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <utility>

namespace ocilot::http {

namespace {

constexpr std::size_t most_changes = 50;        // Read at once, or fewer large ones.
constexpr std::size_t enough_text = 64 * 1024;  // Bytes of one piece, and a change more.

std::string reset_message(std::int64_t start) {
    return fmt::format("event: reset\nid: {0}\ndata: {{\"after\":{0}}}\n\n", start);
}

}  // namespace

EventStream::EventStream(registry::Registry& registry, events::Filter filter, std::int64_t place,
                         Executor executor, EventStreamTimes times)
    : registry_(registry),
      filter_(std::move(filter)),
      times_(times),
      waiter_(registry.meta.journal().committed(), executor),
      place_(place),
      told_(place),
      first_(fmt::format("retry: 2000\nid: {}\n\n", place)),
      ends_at_(Ticks::now() + times.life) {}

void EventStream::begin_with_reset() {
    first_ += reset_message(place_);
}

void EventStream::end() noexcept {
    ended_ = true;
    waiter_.wake();
}

Task<std::optional<std::string>> EventStream::next() {
    if (!first_.empty()) {
        sent_at_ = Ticks::now();
        co_return std::exchange(first_, {});
    }
    while (!ended_ && Ticks::now() < ends_at_) {
        auto piece = co_await look();
        if (piece.has_error()) co_return std::nullopt;  // The client comes again, and gets the error as one.
        if (piece->empty() && Ticks::now() - sent_at_ >= times_.heartbeat) piece = heartbeat();
        if (!piece->empty()) {
            sent_at_ = Ticks::now();
            co_return std::move(*piece);
        }
        co_await waiter_.wait(std::min(times_.look, times_.heartbeat));
    }
    co_return std::nullopt;
}

Task<Result<std::string>> EventStream::look() {
    CO_TRY(auto const page, co_await registry_.meta.journal().after(place_, most_changes));
    if (!page.items.empty() && page.items.front().id > place_ + 1) {
        // The client was so slow that the log has forgotten what comes next, or ids have gaps.
        CO_TRY(auto const kept, co_await kept_changes(registry_.meta.journal()));
        if (!kept.follow(place_)) {
            place_ = told_ = kept.start();
            co_return reset_message(place_);
        }
    }
    auto text = co_await frames(page.items);
    // Between two batches of which nothing is wanted, others have their turn.
    if (text.empty() && page.more) text = heartbeat();
    co_return text;
}

Task<std::string> EventStream::frames(std::vector<meta::Change> const& changes) {
    std::string text;
    for (auto const& change : changes) {
        if (text.size() >= enough_text) break;
        place_ = change.id;
        auto const wanted = co_await wanted_events(registry_, change, filter_);
        for (auto const& event : wanted) {
            if (&event == &wanted.back()) {
                fmt::format_to(std::back_inserter(text), "id: {}\n", change.id);
                told_ = change.id;
            }
            text += "data: ";
            text += event;
            text += "\n\n";
        }
    }
    co_return text;
}

std::string EventStream::heartbeat() {
    if (told_ == place_) return ":\n\n";
    told_ = place_;
    return fmt::format("id: {}\n\n", place_);
}

}  // namespace ocilot::http
