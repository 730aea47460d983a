#include "jobs/retention_rules.h"

#include "base/read_file.h"
#include "jobs/plan_document.h"
#include "net/http_fetch.h"
#include "net/url.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace ocilot::jobs {

namespace {

constexpr std::size_t longest_list = 64 * 1024 * 1024;
constexpr std::chrono::seconds fetch_time{60};
constexpr unsigned most_redirects = 3;

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

}  // namespace

Error policy_error(std::string at, Error const& problem) {
    for (auto const& step : problem.subjects) at += "." + step;
    return {Errc::bad_request, problem.code == Errc::unsupported
                                   ? fmt::format("{} cannot be used: {}", at, problem.message)
                                   : fmt::format("invalid {}: expected {}", at, problem.message)};
}

Result<RetentionRules> RetentionRules::parse(std::string source, std::size_t most) {
    auto policies = retention::parse_policies(source, most);
    if (policies.has_error()) return policy_error("policies", policies.error());
    auto version = version_of(source);
    return RetentionRules{std::move(source), std::move(*policies), std::move(version), false};
}

void RetentionRules::only(std::vector<std::string> const& names) {
    for (auto& policy : policies) {
        policy.is_due = std::ranges::find(names, policy.name) != names.end();
    }
    some_only = true;
}

bool RetentionRules::matches(oci::RepositoryName const& repository) const noexcept {
    return std::ranges::any_of(policies, [&](retention::Policy const& policy) {
        bool const can_delete = policy.is_due && !policy.remove.empty();
        return (!some_only || can_delete) && policy.matches(repository);
    });
}

Task<Result<InUseLists>> read_lists(std::vector<retention::Policy> const& policies, RetentionParts parts) {
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

}  // namespace ocilot::jobs
