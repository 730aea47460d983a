#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ocilot::load {

/// What the generator keeps of an HTTP/1.1 answer: the body is counted and thrown away.
struct Answer {
    int status = 0;
    std::uint64_t body_bytes = 0;
    /// The server closes the connection after this answer.
    bool close = false;
    /// As the server wrote it; empty when there was none.
    std::string location;
};

/// Reads answers piece by piece. It knows what a load generator meets (status line, Content-Length, chunked,
/// Connection, Location) and calls everything else malformed, above all an answer that says nothing of its
/// length.
class AnswerParser {
  public:
    enum class State : std::uint8_t { more, complete, malformed };

    /// The next answer begins; that to a HEAD request has no body whatever its length says.
    void expect(bool body);

    /// Takes from the front of `data` what belongs to the answer. Interim answers (1xx) are passed over.
    State feed(std::string_view& data);

    /// Bytes of the body still to come that need not be shown to feed() but may be told to skipped(); 0
    /// within a chunked answer, because its framing has to be seen.
    [[nodiscard]] std::uint64_t skippable() const noexcept { return part_ == Part::body ? left_ : 0; }
    /// `count` <= skippable().
    State skipped(std::uint64_t count);

    /// Whole after State::complete, what is known so far before.
    [[nodiscard]] Answer const& answer() const noexcept { return answer_; }
    /// Something of the answer has arrived.
    [[nodiscard]] bool begun() const noexcept { return begun_; }

  private:
    enum class Part : std::uint8_t { head, body, chunk_size, chunk, chunk_end, trailer, end };

    State head(std::string_view& data);
    bool parse_head(std::string_view head);
    bool parse_field(std::string_view line);
    State after_head();
    State take_body(std::string_view& data);
    State chunk_line(std::string_view& data);
    bool line(std::string_view& data, std::string_view& out);

    Part part_ = Part::end;
    bool body_ = true;
    bool begun_ = false;
    bool chunked_ = false;
    bool has_length_ = false;
    std::uint64_t left_ = 0;  // of the body or the chunk
    std::string partial_;     // A head or a line of the framing that came in pieces.
    Answer answer_;
};

}  // namespace ocilot::load
