#include "server/webhooks.h"

#include "base/quote.h"
#include "base/read_file.h"
#include "net/http_request_head.h"
#include "net/pooled_http_client.h"
#include "net/url.h"
#include "server/parts.h"
#include "server/sync_wait.h"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace ocilot::server {

namespace {

constexpr std::size_t longest_secret_file = 4096;
constexpr std::size_t most_events = 500;  // In a request.

/// `webhook NAME: key: what is wrong`.
Error at_key(WebhookSettings const& with, std::string_view key, Error const& why) {
    return {Errc::config, fmt::format("webhook {}: {}: {}", with.name, key, why.message)};
}

/// Each text as what `parse` makes of it.
template <class T, class Parse>
Result<std::vector<T>> parsed_list(WebhookSettings const& with, std::string_view key,
                                   std::vector<std::string> const& texts, Parse parse) {
    std::vector<T> list;
    for (auto const& text : texts) {
        auto value = parse(text);
        if (value.has_error()) return at_key(with, key, value.error());
        list.push_back(std::move(*value));
    }
    return list;
}

Result<std::vector<events::Action>> actions_of(WebhookSettings const& with) {
    std::vector<events::Action> actions;
    for (auto const& word : with.actions) {
        auto const named = events::parse_actions(word);
        if (named.has_error()) return at_key(with, "actions", named.error());
        actions.insert(actions.end(), named->begin(), named->end());
    }
    return actions;
}

Result<events::Filter> filter_of(WebhookSettings const& with) {
    auto const pattern = [](std::string const& text) { return oci::RepositoryPattern::parse(text); };
    auto const glob = [](std::string const& text) { return retention::Glob::parse(text); };
    auto const tag = [](std::string const& text) { return retention::Glob::parse_for_tags(text); };
    events::Filter filter{.ignored_media_types = with.ignored_media_types,
                          .ignored_actions = with.ignored_actions};
    using Patterns = oci::RepositoryPattern;
    using Globs = retention::Glob;
    TRY(filter.repositories, parsed_list<Patterns>(with, "repositories", with.repositories, pattern));
    TRY(filter.except, parsed_list<Patterns>(with, "except", with.except, pattern));
    TRY(filter.tags, parsed_list<Globs>(with, "tags", with.tags, tag));
    TRY(filter.actions, actions_of(with));
    TRY(filter.media_types, parsed_list<Globs>(with, "mediatypes", with.media_types, glob));
    TRY(filter.artifact_types, parsed_list<Globs>(with, "artifacttypes", with.artifact_types, glob));
    TRY(filter.callers, parsed_list<Globs>(with, "callers", with.callers, glob));
    return filter;
}

Result<std::vector<events::SigningSecret>> secrets_of(WebhookSettings const& with) {
    auto const parse = [](std::string const& text) { return events::SigningSecret::parse(text); };
    auto const read = [](std::string const& file) -> Result<events::SigningSecret> {
        TRY(auto text, read_file(file, longest_secret_file));
        while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
        auto secret = events::SigningSecret::parse(text);
        if (secret.has_error()) return Error{Errc::config, file + ": " + secret.error().message};
        return secret;
    };
    using Secret = events::SigningSecret;
    TRY(auto secrets, parsed_list<Secret>(with, "secrets", with.secrets, parse));
    TRY(auto more, parsed_list<Secret>(with, "secretfiles", with.secret_files, read));
    std::ranges::move(more, std::back_inserter(secrets));
    return secrets;
}

std::string environment_variable(char const* name) {
    auto const* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

Result<net::ProxyRules> proxies_of(WebhookSettings const& with) {
    if (with.proxy == "none") return net::ProxyRules();
    auto const wanted = with.proxy.empty()
                            ? net::ProxyRules::settings_from(&environment_variable)
                            : net::ProxyRules::Settings{.https = with.proxy, .http = with.proxy};
    auto rules = net::ProxyRules::parse(wanted);
    if (rules.has_error()) return at_key(with, "proxy", rules.error());
    return rules;
}

Result<net::AddressPolicy> addresses_of(WebhookSettings const& with) {
    if (std::ranges::find(with.allow, "*") != with.allow.end()) return net::AddressPolicy::any();
    auto networks = net::Networks::parse(with.allow);
    if (networks.has_error()) return at_key(with, "allow", networks.error());
    return net::AddressPolicy::public_only(std::move(*networks));
}

Result<std::shared_ptr<net::HttpClient>> client_of(WebhookSettings const& with, Metrics& metrics) {
    net::PooledHttpClient::Settings own{.name = "webhook:" + with.name};
    auto trust = net::TlsTrust::load(
        {.authority_file = with.authorities, .certificate_file = with.certificate, .key_file = with.key});
    if (trust.has_error()) return at_key(with, "cacert, certificate or key", trust.error());
    own.trust = std::move(*trust);
    TRY(own.proxies, proxies_of(with));
    TRY(own.addresses, addresses_of(with));
    return std::shared_ptr<net::HttpClient>(std::make_shared<net::PooledHttpClient>(std::move(own), metrics));
}

Result<jobs::Webhook> webhook_of(WebhookSettings const& with, events::Source const& source,
                                 Metrics& metrics) {
    if (with.name.empty()) return Error{Errc::config, "a webhook needs a name"};
    if (auto const url = net::parse_url(with.url); url.has_error()) {
        return at_key(with, "url", url.error());
    }
    net::HttpRequest const request{.method = "POST", .url = with.url, .headers = with.headers};
    if (auto const sent = net::check_request(request); sent.has_error()) {
        return at_key(with, "headers", sent.error());
    }
    auto const format = events::parse_format(with.format);
    if (!format) return at_key(with, "format", {Errc::config, "unknown format " + quote(with.format)});
    bool const several = with.batch > 1;
    if (several && *format == events::Format::cloudevents_binary) {
        return at_key(with, "batch", {Errc::config, "cloudevents-binary has one event in each request"});
    }
    jobs::Webhook webhook{.name = with.name,
                          .url = with.url,
                          .packing = {*format, several},
                          .batch = std::clamp<std::size_t>(with.batch, 1, most_events),
                          .headers = with.headers,
                          .timeout = with.timeout,
                          .follows_redirects = with.redirects == "same-origin",
                          .rules = {.threshold = std::max<std::uint64_t>(with.threshold, 1),
                                    .backoff = with.backoff,
                                    .attempts = std::max<std::uint64_t>(with.attempts, 1)},
                          .enabled = with.enabled,
                          .source = source};
    TRY(webhook.filter, filter_of(with));
    TRY(webhook.secrets, secrets_of(with));
    TRY(webhook.client, client_of(with, metrics));
    return webhook;
}

}  // namespace

Result<std::vector<jobs::Webhook>> webhooks_of(EventSettings const& settings, events::Source const& source,
                                               Metrics& metrics) {
    std::vector<jobs::Webhook> webhooks;
    if (!settings.webhooks) return webhooks;
    for (auto const& with : *settings.webhooks) {
        TRY(auto webhook, webhook_of(with, source, metrics));
        bool const known = std::ranges::any_of(
            webhooks, [&](jobs::Webhook const& other) { return other.name == webhook.name; });
        if (known) {
            return Error{Errc::config, fmt::format("two webhooks are called {}: each needs a name of its own",
                                                   webhook.name)};
        }
        webhooks.push_back(std::move(webhook));
    }
    return webhooks;
}

Result<> Server::Parts::open_webhooks() {
    auto const id = Uuid::random(random).str();
    events::Source const source{.url = settings.answers.host,
                                .prefix = settings.answers.prefix,
                                .address = settings.listen.address,
                                .instance = id};
    TRY(auto list, webhooks_of(settings.events, source, metrics));
    webhooks.emplace(aside->context().get_executor(), std::move(list),
                     jobs::DeliveryParts{*meta, steady_clock, random, log, metrics, id, &*registry});
    CHECK(sync_wait(webhooks->join()));
    return open_hook_events();  // The other receivers of events.
}

}  // namespace ocilot::server
