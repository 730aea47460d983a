#include "issuers/fetched_keys.h"

#include "base/read_file.h"
#include "jose/strict_json.h"
#include "net/http_fetch.h"
#include "net/url.h"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

namespace ocilot::issuers {

namespace {

using Keys = std::shared_ptr<jose::PublicKeys const>;

constexpr std::chrono::hours fresh_for{1};
constexpr std::chrono::hours good_for{24};            // While there are no newer ones to be had.
constexpr std::chrono::minutes between_tries{1};      // While there are keys.
constexpr std::chrono::seconds between_failures{10};  // While there are none.
constexpr std::chrono::milliseconds fetch_limit{5000};
constexpr std::size_t largest_document = 512 * 1024;  // Bytes.

Error none(std::string_view issuer, std::string_view why) {
    return {Errc::unavailable, fmt::format("cannot fetch signing keys of issuer {}: {}", issuer, why)};
}

bool is_url(std::string_view text) {
    return text.find("://") != std::string_view::npos;
}

/// Where keys may come from: over plain HTTP from this machine alone.
Result<net::Url> trustworthy(std::string_view text) {
    TRY(auto url, net::parse_url(text));
    if (url.tls || url.is_loopback()) return url;
    return Error{Errc::bad_request, "plain HTTP does not protect the keys from replacement; use https://"};
}

bool knows(jose::PublicKeys const& keys, std::string_view kid) {
    if (kid.empty()) return true;
    return std::ranges::any_of(jose::signing_algorithms(),
                               [&](auto const algorithm) { return keys.find(kid, algorithm) != nullptr; });
}

Task<Result<std::string>> get(net::HttpClient& client, std::string url) {
    net::HttpRequest request;
    request.url = std::move(url);
    request.headers = {{"Accept", "application/json"}};
    request.max_body = largest_document;
    request.timeouts.total = fetch_limit;
    auto const shown = net::parse_url(request.url);
    CO_TRY(auto document, co_await net::fetch(client, std::move(request)));
    if (document.status != 200) {
        co_return Error{
            Errc::unavailable,
            fmt::format("{} answered {}", shown.has_value() ? shown->shown() : "it", document.status)};
    }
    co_return std::move(document.body);
}

}  // namespace

/// What is known of one issuer.
struct FetchedKeys::CachedIssuer {
    explicit CachedIssuer(Issuer of) : issuer(std::move(of)) {}

    Issuer const issuer;
    std::mutex mutex;  // Guards what follows.
    Keys keys = nullptr;
    Time fetched_at{};
    Time tried_at{};
    std::string problem = {};      // Of the last attempt; empty if it went well or there was none.
    Result<Keys> answer = Keys();  // To whoever waited for it.
    bool fetching = false;
    std::vector<Resume<Result<Keys>>> waiting = {};
};

/// One fetch, while others wait; they are told even if it is given up.
class FetchedKeys::Attempt {
  public:
    explicit Attempt(CachedIssuer& cached) noexcept : cached_(cached) {}
    ~Attempt() {
        if (!done_) end(none(cached_.issuer.issuer, "the fetch was aborted"), Time{});
    }
    Attempt(Attempt const&) = delete;
    Attempt& operator=(Attempt const&) = delete;

    /// What is answered to everybody: new keys, else old ones that are still good, else the problem.
    Result<Keys> end(Result<Keys> fetched, Time now) {
        done_ = true;
        std::vector<Resume<Result<Keys>>> waiting;
        {
            std::lock_guard const lock(cached_.mutex);
            cached_.fetching = false;
            cached_.problem = fetched.has_value() ? std::string() : fetched.error().message;
            if (fetched.has_value()) {
                cached_.keys = *fetched;
                cached_.fetched_at = now;
            } else if (cached_.keys && now - cached_.fetched_at < good_for) {
                fetched = cached_.keys;
            }
            cached_.answer = fetched;
            waiting.swap(cached_.waiting);
        }
        for (auto& resume : waiting) resume(fetched);
        return fetched;
    }

  private:
    CachedIssuer& cached_;
    bool done_ = false;
};

FetchedKeys::FetchedKeys(Dependencies dependencies) : dependencies_(dependencies) {}

FetchedKeys::~FetchedKeys() = default;

Result<std::unique_ptr<FetchedKeys>> FetchedKeys::make(std::vector<Issuer> issuers,
                                                       Dependencies dependencies) {
    std::unique_ptr<FetchedKeys> made(new FetchedKeys(dependencies));
    for (auto& issuer : issuers) {
        bool const from_file = !issuer.jwks.empty() && !is_url(issuer.jwks);
        auto const& url = issuer.jwks.empty() ? issuer.issuer : issuer.jwks;
        if (auto const checked = trustworthy(url); !from_file && checked.has_error()) {
            return Error{Errc::config, fmt::format("cannot use keys of issuer {} from {}: {}", issuer.issuer,
                                                   url, checked.error().message)};
        }
        made->issuers_.push_back(std::make_unique<CachedIssuer>(std::move(issuer)));
    }
    return made;
}

Task<Result<Keys>> FetchedKeys::keys(std::string issuer, std::string kid) {
    auto const found =
        std::ranges::find_if(issuers_, [&](auto const& cached) { return cached->issuer.issuer == issuer; });
    if (found == issuers_.end()) co_return none(issuer, "not configured");
    auto& cached = **found;
    bool wait = false;
    {
        std::lock_guard const lock(cached.mutex);
        auto const now = dependencies_.clock.now();
        bool const good = cached.keys != nullptr && now - cached.fetched_at < good_for;
        bool const known = good && knows(*cached.keys, kid);
        if (known && now - cached.fetched_at < fresh_for) co_return cached.keys;
        if (cached.fetching && known) co_return cached.keys;
        if (!cached.fetching && good && now - cached.tried_at < between_tries) co_return cached.keys;
        if (!cached.fetching && !good && !cached.problem.empty() &&
            now - cached.tried_at < between_failures) {
            co_return Error{Errc::unavailable, cached.problem};
        }
        wait = std::exchange(cached.fetching, true);
        if (!wait) cached.tried_at = now;
    }
    if (!wait) co_return co_await refresh(cached);
    co_return co_await suspend<Result<Keys>>([&cached](Resume<Result<Keys>> resume) {
        std::unique_lock lock(cached.mutex);
        if (cached.fetching) {
            cached.waiting.push_back(std::move(resume));
            return;
        }
        auto answer = cached.answer;  // It has ended in between.
        lock.unlock();
        resume(std::move(answer));
    });
}

Task<Result<Keys>> FetchedKeys::refresh(CachedIssuer& cached) {
    Attempt attempt(cached);
    auto fetched = co_await fetch(cached.issuer);
    if (fetched.has_error()) {
        dependencies_.log.warn("signing keys not fetched",
                               {{"issuer", cached.issuer.issuer}, {"err", fetched.error().message}});
        fetched = none(cached.issuer.issuer, fetched.error().message);
    }
    co_return attempt.end(std::move(fetched), dependencies_.clock.now());
}

Task<Result<Keys>> FetchedKeys::fetch(Issuer const& of) {
    CO_TRY(auto const text, co_await read(of));
    auto keys = std::make_shared<jose::PublicKeys>();
    bool const is_json = text.find_first_not_of(" \t\r\n") == text.find('{');
    CO_CHECK(is_json ? keys->add_jwks(text) : keys->add_pem(text));
    for (auto const& why : keys->passed_over()) {
        dependencies_.log.debug("signing key skipped", {{"issuer", of.issuer}, {"why", why}});
    }
    co_return Keys(std::move(keys));
}

Task<Result<std::string>> FetchedKeys::read(Issuer const& of) {
    if (!of.jwks.empty() && !is_url(of.jwks)) {
        // Named: GCC 12 would destroy what it holds twice.
        auto read_it = [path = of.jwks] { return read_file(path, largest_document); };
        co_return co_await dependencies_.pool.run(std::move(read_it));
    }
    auto url = of.jwks;
    if (url.empty()) {
        CO_TRY(url, co_await discover(of));
    }
    co_return co_await get(*of.client, std::move(url));
}

Task<Result<std::string>> FetchedKeys::discover(Issuer const& of) {
    std::string_view base = of.issuer;
    while (base.ends_with('/')) base.remove_suffix(1);
    auto where = fmt::format("{}/.well-known/openid-configuration", base);
    CO_TRY(auto const text, co_await get(*of.client, std::move(where)));
    CO_TRY(auto const document, jose::parse_strict_object(text));
    auto const member = [&document](char const* name) {
        auto const at = document.find(name);
        return at != document.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    if (member("issuer") != of.issuer) {
        co_return Error{Errc::unavailable, "its discovery document names another issuer"};
    }
    auto const keys_at = member("jwks_uri");
    CO_TRY(auto const issuer, net::parse_url(of.issuer));
    auto const url = net::parse_url(keys_at);
    if (url.has_error() || !(url->tls || url->same_origin(issuer))) {
        co_return Error{Errc::unavailable, "its discovery document has no usable jwks_uri"};
    }
    co_return keys_at;
}

}  // namespace ocilot::issuers
