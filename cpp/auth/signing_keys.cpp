#include "auth/signing_keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace ocilot::auth {

namespace {

constexpr std::chrono::minutes leeway{2};  // Clocks differ, and requests take time.

/// How many keys have tokens that may still be good: each was the youngest until its successor came, and that
/// is less than a token's life ago.
std::size_t count_live(std::vector<SigningKeys::Key> const& keys, Time now, std::chrono::seconds life) {
    std::size_t live = std::min<std::size_t>(keys.size(), 1);
    while (live > 0 && live < keys.size() && keys[live - 1].created_at + life + leeway > now) ++live;
    return live;
}

/// When the oldest of these came, which are to be kept if another is added now.
Time oldest_to_keep(std::vector<SigningKeys::Key> const& keys, Time now, std::chrono::seconds life) {
    auto const live = count_live(keys, now, life);
    return live == 0 ? now : std::min(now, keys[live - 1].created_at);
}

}  // namespace

Task<Result<>> SigningKeys::read() {
    CO_TRY(auto const facts, co_await store_.keys());
    auto const before = current();
    bool const same = std::ranges::equal(facts, before->keys, {}, &meta::KeyFact::id,
                                         [](Key const& key) { return key.key.id(); });
    if (same && !facts.empty()) co_return Result<>{};
    auto fresh = std::make_shared<Keys>();
    for (auto const& fact : facts) {
        CO_TRY(auto key, jose::SigningKey::from_pem(fact.private_pem));
        fresh->verifiers.add(key.public_key());
        fresh->keys.push_back({std::move(key), fact.created_at});
    }
    fresh->version = before->version + 1;
    keys_.store(std::move(fresh));
    co_return Result<>{};
}

Task<Result<std::string>> SigningKeys::add(meta::Actor by) {
    CO_TRY(auto const key, jose::SigningKey::make());
    CO_TRY(auto pem, key.pem());
    auto const now = clock_.now();
    meta::KeyFact fact{key.id(), std::move(pem), now};
    auto const keep_from = oldest_to_keep(current()->keys, now, token_life_);
    CO_CHECK(co_await store_.add(std::move(fact), keep_from, std::move(by)));
    CO_CHECK(co_await read());
    co_return key.id();
}

Task<Result<>> SigningKeys::refresh(std::chrono::seconds max_age) {
    CO_CHECK(co_await read());
    auto const keys = current();
    bool const is_old =
        max_age.count() > 0 && !keys->keys.empty() && keys->keys.front().created_at + max_age <= clock_.now();
    if (!keys->keys.empty() && !is_old) co_return Result<>{};
    meta::Actor by;
    by.name = "ocilot";
    by.kind = "local";
    auto const made = co_await add(std::move(by));
    if (made.has_error()) co_return made.error();
    co_return Result<>{};
}

Result<> SigningKeys::room_for_one() const {
    auto const keys = current();
    auto const now = clock_.now();
    auto const live = count_live(keys->keys, now, token_life_);
    if (live < max_keys) return {};
    // The oldest of the youngest `most` goes when the tokens are over that it signed until its successor
    // came.
    auto const successor = keys->keys[max_keys - 2].created_at;
    auto const wait = std::chrono::ceil<std::chrono::seconds>(successor + token_life_ + leeway - now);
    auto const seconds = std::max(wait, std::chrono::seconds(1)).count();
    return Error{
        Errc::too_many_requests,
        fmt::format("limit of {} signing keys with valid tokens reached; retry in {} s", live, seconds),
        {},
        static_cast<unsigned>(seconds)};
}

Task<Result<std::string>> SigningKeys::rotate(meta::Actor by) {
    // One at a time: else many at once would count the same keys.
    if (rotating_.exchange(true)) {
        co_return Error{Errc::too_many_requests, "another signing key is being created; retry in 1 s", {}, 1};
    }
    auto made = co_await make_one_more(std::move(by));
    rotating_.store(false);
    co_return made;
}

Task<Result<std::string>> SigningKeys::make_one_more(meta::Actor by) {
    CO_CHECK(co_await read());
    CO_CHECK(room_for_one());
    co_return co_await add(std::move(by));
}

std::string SigningKeys::jwks() const {
    std::string out = R"({"keys":[)";
    auto const keys = current();
    for (auto const& one : keys->keys) {
        if (out.back() == '}') out += ',';
        out += one.key.public_jwk();
    }
    return out + "]}";
}

}  // namespace ocilot::auth
