#include "jobs/in_use_lists.h"

#include "base/read_file.h"
#include "net/http_fetch.h"
#include "net/url.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <span>

namespace ocilot::jobs {

namespace {

constexpr std::size_t longest_list = 64 * 1024 * 1024;
constexpr std::chrono::seconds fetch_time{60};
constexpr unsigned most_redirects = 3;
constexpr std::size_t aliases_at_once = 1000;

Result<InUse> read_list(std::string const& path) {
    TRY(auto const text, text_of_file(path, longest_list));
    return parse_in_use(text);
}

Task<Result<InUse>> fetch_list(net::HttpClient* client, std::string url) {
    if (client == nullptr) co_return Error{Errc::unavailable, "lists by URL cannot be fetched here"};
    net::HttpRequest request;
    request.url = std::move(url);
    request.headers = {{"Accept", "text/plain"}};
    request.max_body = longest_list;
    request.timeouts.total = fetch_time;
    request.redirects.max = most_redirects;
    CO_TRY(auto const document, co_await net::fetch(*client, std::move(request)));
    if (document.status != 200) {
        co_return Error{Errc::unavailable, fmt::format("the answer has the status {}", document.status)};
    }
    co_return parse_in_use(document.body);
}

bool is_url(std::string_view place) {
    return !place.starts_with('/');
}

/// Without a query, which may hold a secret.
std::string shown(std::string const& place) {
    if (!is_url(place)) return place;
    auto const url = net::parse_url(place);
    return url.has_value() ? url->shown() : "by URL";
}

void add_aliases(Aliases const& aliases, InUse& list) {
    for (auto const& [target, names] : aliases) {
        for (auto const& name : names) {
            auto const used = list.find(name);
            if (used != list.end()) list[target].insert(used->second.begin(), used->second.end());
        }
    }
}

Task<Result<InUseLists>> read_lists(RetentionParts parts, std::vector<retention::Policy> const& policies) {
    std::set<std::string> places;
    for (auto const& policy : policies) {
        for (auto const& rule : policy.keep) {
            if (!rule.in_use.empty()) places.insert(rule.in_use);
        }
    }
    InUseLists lists;
    for (auto const& place : places) {
        auto const read = [&place] { return read_list(place); };
        auto reading = is_url(place) ? fetch_list(parts.http, place) : parts.pool.run(read);
        auto list = co_await std::move(reading);
        if (list.has_error()) {
            co_return Error{
                Errc::conflict,
                fmt::format(
                    "cannot read the list of images in use {}: {}{}; nothing is deleted until "
                    "it can be read",
                    shown(place), list.error().message,
                    list.error().code == Errc::denied ? "; allow it in ocilot.retention.networks" : "")};
        }
        lists.emplace(place, std::move(*list));
    }
    co_return lists;
}

Error hook_error(std::string_view problem) {
    return {Errc::conflict, fmt::format("cannot ask for the images in use: {}; nothing is deleted until all "
                                        "images_in_use hooks answer",
                                        problem)};
}

/// Of these repositories.
Result<InUse> part_of(InUse const& list, std::span<oci::RepositoryPattern const> patterns) {
    InUse part;
    for (auto const& [name, references] : list) {
        TRY(auto const repository, oci::RepositoryName::parse(name));
        auto const fits = [&](oci::RepositoryPattern const& pattern) { return pattern.matches(repository); };
        if (std::ranges::any_of(patterns, fits)) part.emplace(name, references);
    }
    return part;
}

/// What one hook names, under the names that its repositories have now, and of these only: by their names or
/// by aliases.
Result<InUse> list_of(policy::ImagesInUse const& answer, Aliases const& aliases) {
    InUse list;
    std::size_t number = 0;
    for (auto const& reference : answer.references) {
        ++number;
        if (add_in_use(reference, list).has_value()) continue;
        auto const script = answer.by.substr(answer.by.rfind('/') + 1);  // npos + 1 is 0.
        return hook_error(
            fmt::format("{} answered an invalid reference, number {} of its list", script, number));
    }
    if (!answer.repositories) {
        add_aliases(aliases, list);
        return list;
    }
    std::vector<oci::RepositoryPattern> patterns;
    for (auto const& text : *answer.repositories) {
        TRY(auto pattern, oci::RepositoryPattern::parse(text));
        patterns.push_back(std::move(pattern));
    }
    TRY(auto named_so, part_of(list, patterns));
    add_aliases(aliases, named_so);
    add_aliases(aliases, list);
    TRY(auto own, part_of(list, patterns));
    for (auto& [name, references] : named_so) own[name].merge(references);
    return own;
}

Task<Result<>> ask_hooks(RetentionParts parts, Aliases const& aliases, InUseLists& lists) {
    auto& gate = parts.registry.gate;
    if (!gate.asks(policy::Point::images_in_use)) co_return Result<>();
    auto const answers = co_await gate.images_in_use(parts.registry.clock.now());
    if (answers.has_error()) {
        if (answers.error().code == Errc::cancelled) co_return answers.error();
        co_return hook_error(answers.error().message);
    }
    auto const work = [&]() -> Result<> {
        for (auto const& answer : *answers) {
            TRY(auto list, list_of(answer, aliases));
            auto& known = lists[std::string(retention::hook_list_prefix) + answer.by];
            for (auto& [name, references] : list) known[name].merge(references);
        }
        return {};
    };
    co_return co_await parts.pool.run(work);
}

}  // namespace

Task<Result<Aliases>> read_aliases(meta::RepositoryAdmin& admin) {
    Aliases found;
    if (!admin.has_aliases()) co_return found;
    meta::Page page{{}, aliases_at_once};
    for (bool more = true; more;) {
        CO_TRY(auto const aliases, co_await admin.aliases(page));
        for (auto const& alias : aliases.items) found[alias.target].push_back(alias.name);
        more = aliases.more;
        if (more) page.after = aliases.items.back().name;
    }
    co_return found;
}

Task<Result<InUseLists>> read_in_use(RetentionParts parts, std::vector<retention::Policy> const& policies,
                                     Aliases const& aliases, InUseSource source) {
    CO_TRY(auto lists, co_await read_lists(parts, policies));
    for (auto& [place, list] : lists) add_aliases(aliases, list);
    if (source == InUseSource::all) {
        CO_CHECK(co_await ask_hooks(parts, aliases, lists));
    }
    co_return lists;
}

}  // namespace ocilot::jobs
