#include "jobs/pin_images.h"

#include "jobs/in_use_lists.h"
#include "registry/sessions.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t pins_at_once = 500;

using Pins = std::set<meta::Pin>;

/// Those in the repositories of a policy; in all without one.
Result<> add_pins(retention::Policy const* policy, InUse const& list, Pins& pins) {
    for (auto const& [name, references] : list) {
        TRY(auto const repository, oci::RepositoryName::parse(name));
        if (policy != nullptr && !policy->matches(repository)) continue;
        for (auto const& reference : references) {
            auto const digest = oci::Digest::parse(reference);
            if (digest.has_value()) pins.insert({name, *digest});
        }
    }
    return {};
}

Task<Result<Pins>> wanted_pins(RetentionParts parts, std::vector<retention::Policy> const& policies) {
    CO_TRY(auto const aliases, co_await read_aliases(parts.registry.meta.catalog().admin()));
    CO_TRY(auto const lists, co_await read_in_use(parts, policies, aliases, InUseSource::all));
    Pins pins;
    for (auto const& [place, list] : lists) {
        if (place.starts_with(retention::hook_list_prefix)) {
            CO_CHECK(add_pins(nullptr, list, pins));
            continue;
        }
        for (auto const& policy : policies) {
            bool const names_it =
                std::ranges::find(policy.keep, place, &retention::Rule::in_use) != policy.keep.end();
            if (!names_it) continue;
            CO_CHECK(add_pins(&policy, list, pins));
        }
    }
    co_return pins;
}

Task<Result<Pins>> known_pins(meta::Releases& releases, Round const& round) {
    Pins pins;
    std::optional<meta::Pin> last;
    for (;;) {
        CO_TRY(auto const some, co_await releases.pins(last, pins_at_once));
        pins.insert(some.begin(), some.end());
        if (some.size() < pins_at_once) co_return pins;
        last = some.back();
        CO_CHECK(round.check());
    }
}

std::vector<meta::Pin> without(Pins const& from, Pins const& others) {
    std::vector<meta::Pin> found;
    std::ranges::set_difference(from, others, std::back_inserter(found));
    return found;
}

/// Takes the next ones from the end.
std::vector<meta::Pin> take(std::vector<meta::Pin>& from) {
    auto const first = from.end() - static_cast<std::ptrdiff_t>(std::min(from.size(), pins_at_once));
    std::vector<meta::Pin> taken(first, from.end());
    from.erase(first, from.end());
    return taken;
}

}  // namespace

Task<Result<std::size_t>> pin_images(RetentionParts parts, std::vector<retention::Policy> policies,
                                     Round const& round, Log const& log) {
    auto& releases = parts.registry.meta.collection().releases();
    CO_TRY(auto const wanted, co_await wanted_pins(parts, policies));
    CO_TRY(auto const known, co_await known_pins(releases, round));
    auto added = without(wanted, known);
    auto removed = without(known, wanted);
    auto const pinned = added.size();
    auto const released = removed.size();
    while (!added.empty() || !removed.empty()) {
        meta::PinChanges changes{take(added), take(removed)};
        CO_CHECK(co_await releases.pin(std::move(changes), parts.registry.sessions.now()));
        CO_CHECK(round.check());
    }
    if (pinned + released > 0) {
        log.info("images in use changed",
                 {{"pinned", std::int64_t(pinned)}, {"released", std::int64_t(released)}});
    }
    co_return pinned + released;
}

}  // namespace ocilot::jobs
