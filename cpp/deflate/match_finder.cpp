#include "deflate/match_finder.h"

#include "deflate/bytes.h"
#include "deflate/codes.h"

#include <algorithm>

namespace ocilot::deflate {

namespace {

/// A match of three bytes from further away takes more bits than three literals.
constexpr std::int32_t far_for_three = 4'096;
constexpr std::uint32_t multiplier = 0x9e3779b1;

}  // namespace

MatchFinder::MatchFinder(Effort effort) : effort_(effort), heads_(std::make_unique<Heads>()) {
    heads_->three.fill(none);
    heads_->four.fill(none);
    heads_->before.fill(none);
}

void MatchFinder::insert(unsigned char const* buffer, std::int32_t place) {
    auto const next = load32(buffer + place);
    auto& three = heads_->three[((next << 8) * multiplier) >> (32 - bits3)];
    auto& four = heads_->four[(next * multiplier) >> (32 - bits4)];
    near3_ = three;
    near4_ = four;
    heads_->before[static_cast<std::size_t>(place % window)] = four;
    three = place;
    four = place;
}

Match MatchFinder::find(unsigned char const* buffer, std::int32_t place, std::uint32_t than,
                        std::uint32_t most) const {
    Match best{.length = than, .distance = 0};
    auto const* const here = buffer + place;
    if (than < min_match && place - near3_ <= far_for_three && near3_ >= 0 && most >= min_match &&
        equal_bytes(here, buffer + near3_, min_match) == min_match) {
        best = {min_match, static_cast<std::uint32_t>(place - near3_)};
    }
    auto const oldest = std::max(place - window + 1, 0);
    auto left = effort_.candidates;
    for (auto at = near4_; at >= oldest && left > 0;
         at = heads_->before[static_cast<std::size_t>(at % window)], --left) {
        auto const* const there = buffer + at;
        // The byte after the best match decides most often.
        if (best.length >= most) break;
        if (there[best.length] != here[best.length] || load32(there) != load32(here)) continue;
        auto const length = equal_bytes(here, there, most);
        if (length <= best.length) continue;
        best = {length, static_cast<std::uint32_t>(place - at)};
        if (length >= effort_.enough) break;
    }
    return best.distance == 0 ? Match{} : best;
}

void MatchFinder::shift(std::int32_t by) {
    auto lower = [by](auto& places) {
        for (auto& place : places) place = place >= by ? place - by : none;
    };
    lower(heads_->three);
    lower(heads_->four);
    lower(heads_->before);
    near3_ = near4_ = none;
}

}  // namespace ocilot::deflate
