#pragma once

#include "base/random.h"
#include "meta/pulls.h"
#include "registry/pull_events.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ocilot::jobs {

/// Most names of a batch that have an event with PullEvents::sampled.
inline constexpr std::size_t max_pull_sample = 100;

/// How many pulls the event of each name of a batch stands for; 0: it has none. With `sampled`, the pulls of
/// a batch with more names are cut into as many equal parts, and of each part one pull is drawn, whose name
/// stands for all of it. So each pull is as likely to be drawn as any other, the parts add up to all pulls,
/// and the mean of what a name is said to have is what it has.
[[nodiscard]] std::vector<std::uint64_t> pull_sample(std::span<meta::PullCount const> batch,
                                                     registry::PullEvents events, Random& random);

}  // namespace ocilot::jobs
