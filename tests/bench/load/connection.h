#pragma once

#include "answer_parser.h"
#include "poller.h"
#include "request.h"
#include "stream.h"

#include <cstdint>
#include <span>
#include <string>

namespace ocilot::load {

/// One keep-alive connection: connects, writes a request, reads its answer.
class Connection {
  public:
    enum class Event : std::uint8_t { nothing, connected, answered, broken };

    /// `owner` is what the poller hands back for it.
    Connection(Poller& poller, Target const& target, void* owner)
        : poller_{poller}, target_{target}, owner_{owner} {}

    /// Drops the connection there may be and begins a new one: `nothing`, or `broken` at once.
    Event open();
    void close() noexcept { stream_.close(); }

    /// The poller says there is something to do. `buffer` is where what is read goes, and is free again
    /// afterwards.
    Event ready(std::span<char> buffer);

    /// Fill it while no answer is awaited, then send().
    Request& request() noexcept { return request_; }
    Event send();

    [[nodiscard]] Answer const& answer() const noexcept { return parser_.answer(); }
    /// After `answered`: nothing more can be asked on this connection, open() it again.
    [[nodiscard]] bool used_up() const noexcept { return answer().close || !request_.all_written(); }
    /// Why the last event was `broken`.
    [[nodiscard]] std::string const& reason() const noexcept { return reason_; }

  private:
    Event write();
    Event receive(std::span<char> buffer);
    Event broken(std::string reason);
    void watch(std::uint32_t events);

    Poller& poller_;
    Target const& target_;
    void* owner_;
    Stream stream_;
    std::uint32_t watched_ = 0;
    bool connecting_ = false;
    bool waiting_ = false;  // for an answer
    Request request_;
    AnswerParser parser_;
    std::string reason_;
};

}  // namespace ocilot::load
