#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace ocilot::deflate {

/// How hard to search. All numbers count bytes or candidates, so that equal input finds equal matches.
struct Effort {
    std::uint32_t candidates;  ///< Tried at each place.
    std::uint32_t lazy;        ///< A match shorter than this waits for a better one at the next byte.
    std::uint32_t enough;      ///< A match of this length ends the search.
};

struct Match {
    std::uint32_t length = 0;
    std::uint32_t distance = 0;
};

/// Finds earlier occurrences of what comes: chains of the places whose next four bytes have equal hashes, and
/// the last place for three bytes.
class MatchFinder {
  public:
    /// Distances are shorter: a place further back has lost its link.
    static constexpr std::int32_t window = 32'768;
    /// Bytes that have to follow a place: the longest match, and what a comparison reads beyond.
    static constexpr std::size_t slack = 8;

    explicit MatchFinder(Effort effort);

    /// A place can be found from now on. Four bytes must follow it.
    void insert(unsigned char const* buffer, std::int32_t place);
    /// The longest match at a place that was just inserted, if longer than `than` and at most `most` bytes.
    [[nodiscard]] Match find(unsigned char const* buffer, std::int32_t place, std::uint32_t than,
                             std::uint32_t most) const;
    /// All places are now so much lower: a multiple of the window.
    void shift(std::int32_t by);

  private:
    static constexpr std::int32_t none = -window - 1;
    static constexpr unsigned bits3 = 15;
    static constexpr unsigned bits4 = 16;
    struct Heads {
        std::array<std::int32_t, 1 << bits3> three;
        std::array<std::int32_t, 1 << bits4> four;
        std::array<std::int32_t, window> before;
    };

    Effort effort_;
    std::unique_ptr<Heads> heads_;
    std::int32_t near3_ = none;  ///< Places of the candidates for what was inserted last.
    std::int32_t near4_ = none;
};

}  // namespace ocilot::deflate
