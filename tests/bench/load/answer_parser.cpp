#include "answer_parser.h"

#include <algorithm>
#include <charconv>

namespace ocilot::load {

namespace {

constexpr std::size_t longest_head = 64 * 1024;

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool same_word(std::string_view text, std::string_view lower_case) noexcept {
    return std::ranges::equal(text, lower_case, {}, lower);
}

template <class T>
bool number(std::string_view text, T& out, int base = 10) noexcept {
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return problem == std::errc{} && end == text.data() + text.size();
}

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

void AnswerParser::expect(bool body) {
    part_ = Part::head;
    body_ = body;
    begun_ = false;
    chunked_ = false;
    has_length_ = false;
    left_ = 0;
    partial_.clear();
    answer_.status = 0;
    answer_.body_bytes = 0;
    answer_.close = false;
    answer_.location.clear();
}

AnswerParser::State AnswerParser::feed(std::string_view& data) {
    begun_ = begun_ || !data.empty();
    for (;;) {
        State state = State::more;
        switch (part_) {
            case Part::head:
                state = head(data);
                break;
            case Part::body:
            case Part::chunk:
                state = take_body(data);
                break;
            case Part::chunk_size:
            case Part::chunk_end:
            case Part::trailer:
                state = chunk_line(data);
                break;
            case Part::end:
                return State::malformed;  // Nothing was asked for.
        }
        if (state != State::more || data.empty()) return state;
    }
}

AnswerParser::State AnswerParser::skipped(std::uint64_t count) {
    left_ -= count;
    answer_.body_bytes += count;
    if (left_ > 0) return State::more;
    part_ = Part::end;
    return State::complete;
}

AnswerParser::State AnswerParser::head(std::string_view& data) {
    constexpr std::string_view end = "\r\n\r\n";
    std::string_view whole;
    if (partial_.empty()) {
        auto const found = data.find(end);
        if (found != data.npos) {
            whole = data.substr(0, found + end.size());
            data.remove_prefix(whole.size());
        }
    } else {
        auto const searched = partial_.size() < end.size() ? 0 : partial_.size() - end.size() + 1;
        auto const before = partial_.size();
        partial_.append(data);
        auto const found = partial_.find(end, searched);
        if (found != partial_.npos) {
            data.remove_prefix(found + end.size() - before);
            partial_.resize(found + end.size());
            whole = partial_;
        }
    }
    if (whole.empty()) {
        if (partial_.empty()) partial_.assign(data);
        data = {};
        return partial_.size() > longest_head ? State::malformed : State::more;
    }
    bool const understood = parse_head(whole);
    partial_.clear();
    return understood ? after_head() : State::malformed;
}

bool AnswerParser::parse_head(std::string_view head) {
    if (!head.starts_with("HTTP/1.") || head.size() < 13 || head[8] != ' ') return false;
    if (!number(head.substr(9, 3), answer_.status) || answer_.status < 100) return false;
    answer_.close = head[7] == '0';
    auto at = head.find('\n') + 1;
    while (at < head.size()) {
        auto const end = head.find('\n', at);
        if (end == head.npos || head[end - 1] != '\r') return false;
        auto const line = head.substr(at, end - 1 - at);
        if (!line.empty() && !parse_field(line)) return false;
        at = end + 1;
    }
    return true;
}

bool AnswerParser::parse_field(std::string_view line) {
    auto const colon = line.find(':');
    if (colon == line.npos) return false;
    auto const name = line.substr(0, colon);
    // Most fields are told apart by their length alone.
    if (name.size() == 14 && same_word(name, "content-length")) {
        has_length_ = true;
        return number(trimmed(line.substr(colon + 1)), left_);
    }
    if (name.size() == 17 && same_word(name, "transfer-encoding")) {
        chunked_ = true;
        return same_word(trimmed(line.substr(colon + 1)), "chunked");
    }
    if (name.size() == 10 && same_word(name, "connection")) {
        answer_.close = same_word(trimmed(line.substr(colon + 1)), "close");
    } else if (name.size() == 8 && same_word(name, "location")) {
        answer_.location = trimmed(line.substr(colon + 1));
    }
    return true;
}

AnswerParser::State AnswerParser::after_head() {
    if (answer_.status < 200) {
        expect(body_);
        begun_ = true;
        return State::more;
    }
    bool const without = !body_ || answer_.status == 204 || answer_.status == 304;
    if (!without && chunked_) {
        part_ = Part::chunk_size;
        return State::more;
    }
    if (!without && !has_length_) return State::malformed;
    part_ = without || left_ == 0 ? Part::end : Part::body;
    return part_ == Part::end ? State::complete : State::more;
}

AnswerParser::State AnswerParser::take_body(std::string_view& data) {
    auto const taken = std::min<std::uint64_t>(left_, data.size());
    data.remove_prefix(static_cast<std::size_t>(taken));
    if (part_ == Part::body) return skipped(taken);
    left_ -= taken;
    answer_.body_bytes += taken;
    if (left_ == 0) part_ = Part::chunk_end;
    return State::more;
}

/// True with a whole line, without its end, in `out`.
bool AnswerParser::line(std::string_view& data, std::string_view& out) {
    auto const end = data.find('\n');
    partial_.append(data.substr(0, end));
    if (end == data.npos) {
        data = {};
        return false;
    }
    data.remove_prefix(end + 1);
    if (partial_.ends_with('\r')) partial_.pop_back();
    out = partial_;
    return true;
}

AnswerParser::State AnswerParser::chunk_line(std::string_view& data) {
    std::string_view text;
    if (!line(data, text)) return partial_.size() > longest_head ? State::malformed : State::more;
    State state = State::more;
    if (part_ == Part::chunk_end) {
        if (!text.empty()) state = State::malformed;
        part_ = Part::chunk_size;
    } else if (part_ == Part::trailer) {
        if (text.empty()) {
            part_ = Part::end;
            state = State::complete;
        }
    } else {
        auto const size = trimmed(text.substr(0, text.find(';')));
        if (!number(size, left_, 16)) state = State::malformed;
        part_ = left_ == 0 ? Part::trailer : Part::chunk;
    }
    partial_.clear();
    return state;
}

}  // namespace ocilot::load
