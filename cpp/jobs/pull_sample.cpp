#include "jobs/pull_sample.h"

#include <algorithm>

namespace ocilot::jobs {

namespace {

/// Evenly, but for a part in a million: numbers of pulls are far below 2^44.
std::uint64_t drawn_below(Random& random, std::uint64_t end) {
    std::uint64_t drawn = 0;
    random.fill(std::as_writable_bytes(std::span(&drawn, 1)));
    return drawn % end;
}

std::vector<std::uint64_t> draw_pulls(std::span<std::uint64_t const> pulls, Random& random) {
    std::uint64_t total = 0;
    for (auto const count : pulls) total += count;
    std::vector<std::uint64_t> told(pulls.size());
    std::size_t at = 0;
    auto passed = pulls[0];  // Pulls up to the end of this name.
    for (std::uint64_t part = 0; part < max_pull_sample; ++part) {
        auto const begin = total * part / max_pull_sample;
        auto const size = total * (part + 1) / max_pull_sample - begin;
        auto const place = begin + drawn_below(random, size);
        while (passed <= place) passed += pulls[++at];
        told[at] += size;
    }
    return told;
}

}  // namespace

std::vector<std::uint64_t> pull_sample(std::span<meta::PullCount const> batch, registry::PullEvents events,
                                       Random& random) {
    std::vector<std::uint64_t> pulls(batch.size());
    if (events == registry::PullEvents::off) return pulls;
    std::ranges::transform(batch, pulls.begin(), &meta::PullCount::pulls);
    auto const names = std::ranges::count_if(pulls, [](std::uint64_t count) { return count > 0; });
    bool const all =
        events == registry::PullEvents::all || static_cast<std::size_t>(names) <= max_pull_sample;
    return all ? pulls : draw_pulls(pulls, random);
}

}  // namespace ocilot::jobs
