#include "connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ocilot::load {

namespace {

// Less is copied faster than it is asked for once more.
constexpr std::uint64_t worth_discarding = 16 * 1024;
constexpr std::uint64_t most_discarded = 4 * 1024 * 1024;

}  // namespace

Connection::Event Connection::open() {
    waiting_ = false;
    stream_ = Stream(target_);
    if (!stream_.valid()) return broken(std::string("cannot connect: ") + std::strerror(errno));
    connecting_ = true;
    watched_ = EPOLLOUT;
    poller_.add(stream_.fd(), watched_, owner_);
    return Event::nothing;
}

Connection::Event Connection::broken(std::string reason) {
    reason_ = std::move(reason);
    stream_.close();
    waiting_ = false;
    return Event::broken;
}

void Connection::watch(std::uint32_t events) {
    if (events == watched_) return;
    watched_ = events;
    poller_.change(stream_.fd(), events, owner_);
}

Connection::Event Connection::ready(std::span<char> buffer) {
    if (!connecting_) {
        // First read: a server that refuses a body may have answered before it closed.
        auto const event = receive(buffer);
        return event == Event::nothing && waiting_ && !request_.all_written() ? write() : event;
    }
    errno = 0;
    switch (stream_.connect()) {
        case Stream::State::wait_read:
            watch(EPOLLIN);
            return Event::nothing;
        case Stream::State::wait_write:
            watch(EPOLLOUT);
            return Event::nothing;
        case Stream::State::closed:
            return broken(std::string("cannot connect: ") +
                          (errno != 0 ? std::strerror(errno) : "the TLS handshake failed"));
        case Stream::State::done:
            break;
    }
    connecting_ = false;
    watch(EPOLLIN);
    return Event::connected;
}

Connection::Event Connection::send() {
    parser_.expect(!request_.bodiless_answer);
    waiting_ = true;
    return write();
}

Connection::Event Connection::write() {
    std::array<iovec, 3> room{};
    // A few megabytes a turn, so that others have theirs.
    for (int turn = 0; turn < 4 && !request_.all_written(); ++turn) {
        auto const outcome = stream_.write(request_.pieces(room));
        if (outcome.state == Stream::State::closed) {
            return broken("the server closed the connection while the request was sent");
        }
        if (outcome.state != Stream::State::done) break;
        request_.wrote(outcome.bytes);
    }
    watch(request_.all_written() ? EPOLLIN : EPOLLIN | EPOLLOUT);
    return Event::nothing;
}

Connection::Event Connection::receive(std::span<char> buffer) {
    do {
        auto const skippable = parser_.skippable();
        bool const discards = skippable >= worth_discarding && stream_.can_discard();
        auto const outcome =
            discards ? stream_.discard(static_cast<std::size_t>(std::min(skippable, most_discarded)))
                     : stream_.read(buffer);
        if (outcome.state == Stream::State::closed) {
            if (!waiting_) return broken("the server closed an idle connection");
            return broken(parser_.begun() ? "the server closed the connection within an answer"
                                          : "the server closed the connection instead of answering");
        }
        if (outcome.state != Stream::State::done) return Event::nothing;
        if (!waiting_) return broken("the server sent something that was not asked for");
        std::string_view data(buffer.data(), discards ? 0 : outcome.bytes);
        auto const state = discards ? parser_.skipped(outcome.bytes) : parser_.feed(data);
        if (state == AnswerParser::State::malformed) return broken("the server's answer is malformed");
        if (state == AnswerParser::State::more) continue;
        if (!data.empty()) return broken("the server sent more than its answer");
        waiting_ = false;
        return Event::answered;
    } while (stream_.buffered());
    return Event::nothing;
}

}  // namespace ocilot::load
