#include "picker.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace ocilot::load {

Picker Picker::in_order(std::size_t count) {
    return {Kind::in_order, count};
}

Picker Picker::uniform(std::size_t count) {
    return {Kind::uniform, count};
}

Picker Picker::zipf(std::size_t count, double exponent) {
    std::vector<double> shares(count);
    for (std::size_t i = 0; i < count; ++i) shares[i] = std::pow(static_cast<double>(i + 1), -exponent);
    return weighted(shares);
}

Picker Picker::weighted(std::span<double const> shares) {
    Picker picker(Kind::weighted, shares.size());
    auto const total = std::accumulate(shares.begin(), shares.end(), 0.0);
    auto const count = shares.size();
    picker.slots_.resize(count);
    std::vector<std::uint32_t> small;
    std::vector<std::uint32_t> large;
    for (std::uint32_t i = 0; i < count; ++i) {
        picker.slots_[i] = {shares[i] / total * static_cast<double>(count), i};
        (picker.slots_[i].own < 1 ? small : large).push_back(i);
    }
    while (!small.empty() && !large.empty()) {
        auto const poor = small.back();
        auto const rich = large.back();
        small.pop_back();
        picker.slots_[poor].other = rich;
        picker.slots_[rich].own -= 1 - picker.slots_[poor].own;
        if (picker.slots_[rich].own < 1) {
            large.pop_back();
            small.push_back(rich);
        }
    }
    // What is left differs from 1 by rounding only; a target without a share stays without.
    auto const richest = static_cast<std::uint32_t>(std::ranges::max_element(shares) - shares.begin());
    for (auto const i : large) picker.slots_[i].own = 1;
    for (auto const i : small) picker.slots_[i] = shares[i] > 0 ? Slot{1, i} : Slot{0, richest};
    return picker;
}

std::vector<double> Picker::shares(std::span<std::pair<double, double> const> curve, std::size_t count) {
    std::vector<double> shares(count);
    double before_rank = 0;
    double before_share = 0;
    for (auto const& [rank, share] : curve) {
        auto const each = (share - before_share) / (rank - before_rank);
        for (auto i = static_cast<std::size_t>(before_rank); i < static_cast<std::size_t>(rank) && i < count;
             ++i) {
            shares[i] = each;
        }
        before_rank = rank;
        before_share = share;
    }
    return shares;
}

std::size_t Picker::next(Random& random) noexcept {
    switch (kind_) {
        case Kind::in_order: {
            auto const place = place_;
            place_ = place_ + 1 == count_ ? 0 : place_ + 1;
            return place;
        }
        case Kind::uniform:
            return random.below(count_);
        case Kind::weighted:
            break;
    }
    auto const slot = random.below(count_);
    return random.fraction() < slots_[slot].own ? slot : slots_[slot].other;
}

}  // namespace ocilot::load
