#include "registry/quota.h"

#include "registry/fixture.h"

#include <functional>
#include <gmock/gmock.h>
#include <utility>

namespace ocilot::test {
namespace {

using policy::Caller;
using policy::CallerKind;
using ::testing::HasSubstr;

Caller caller(CallerKind kind, std::string name, std::vector<std::string> groups = {}) {
    Caller made;
    made.kind = kind;
    made.name = std::move(name);
    made.groups = std::move(groups);
    return made;
}

registry::CallerQuota quota(std::vector<std::string> const& texts, meta::QuotaLimits limits) {
    registry::CallerQuota made{.callers = {}, .limits = limits};
    for (auto const& text : texts) {
        made.callers.push_back(policy::Subject::parse(text, policy::Subject::Names::patterns).value());
    }
    return made;
}

std::optional<std::uint64_t> bytes(registry::Rules const& rules, Caller const& who) {
    return registry::limits_of(rules, who).bytes;
}

class QuotaTest : public RegistryTest {
  protected:
    /// Pushes a blob as `who`, in a request that says how long it is, or does not.
    Result<meta::BlobFact> push_as(Caller const& who, std::string_view text, bool says_length) {
        TextSource body(text);
        registry::Chunk const whole{body, {}, says_length ? std::optional(text.size()) : std::nullopt};
        return run(registry::push_blob(parts, who, name, whole, sha256(text)));
    }
};

/// A body in the middle of which something else comes in.
class InterruptedSource final : public registry::ByteSource {
  public:
    InterruptedSource(std::string_view text, std::function<void()> interrupt)
        : body_(text), interrupt_(std::move(interrupt)) {}
    Task<Result<std::size_t>> read(std::span<std::byte> out) override {
        if (interrupt_) std::exchange(interrupt_, nullptr)();
        co_return co_await body_.read(out);
    }

  private:
    TextSource body_;
    std::function<void()> interrupt_;
};

}  // namespace

TEST(CallerQuotas, AreOfNamesPatternsAndGroups) {
    registry::Rules rules;
    rules.groups = policy::GroupMembers::compile({{"interns", {"eve"}}}).value();
    rules.caller_quotas = {quota({"everyone"}, {100, 9}), quota({"user:ci-*", "robot:*"}, {50, {}}),
                           quota({"group:interns"}, {10, {}}), quota({"anonymous"}, {1, {}}),
                           quota({"federated:gitlab/*"}, {7, {}})};
    EXPECT_EQ(bytes(rules, caller(CallerKind::user, "alice")), 100U);
    EXPECT_EQ(bytes(rules, caller(CallerKind::user, "ci-1")), 50U) << "the lowest counts";
    EXPECT_EQ(bytes(rules, caller(CallerKind::robot, "any")), 50U);
    EXPECT_EQ(bytes(rules, caller(CallerKind::user, "eve")), 10U) << "by the configuration";
    EXPECT_EQ(bytes(rules, caller(CallerKind::user, "dave", {"interns"})), 10U) << "by the account";
    EXPECT_EQ(bytes(rules, caller(CallerKind::federated, "gitlab/team")), 7U);
    EXPECT_EQ(bytes(rules, Caller()), 1U);
    EXPECT_EQ(registry::limits_of(rules, caller(CallerKind::user, "eve")).tags, 9U);
}

TEST(CallerQuotas, FollowAGroupThatIsReloaded) {
    registry::Rules rules;
    rules.caller_quotas = {quota({"group:interns"}, {10, {}})};
    registry::Rules const used = rules;  // As the parts of a registry have them.
    EXPECT_EQ(bytes(used, caller(CallerKind::user, "eve")), std::nullopt);
    rules.groups.set(policy::GroupMembers::compile({{"interns", {"eve"}}}).value());
    EXPECT_EQ(bytes(used, caller(CallerKind::user, "eve")), 10U);
}

TEST_F(QuotaTest, OfACallerHoldsWhetherTheLengthIsAnnouncedOrNot) {
    meta = meta::SqliteStore::open(":memory:", log, metrics, meta::CallerCounting::on).value();
    rules.caller_quotas = {quota({"user:*"}, {10, {}})};
    rebuild();
    auto const alice = caller(CallerKind::user, "alice");
    ASSERT_TRUE(push_as(alice, "12345678", true).has_value());
    for (bool const says_length : {true, false}) {
        auto const refused = push_as(alice, "more", says_length);
        ASSERT_TRUE(refused.has_error());
        EXPECT_EQ(refused.error().code, Errc::quota_exceeded);
        EXPECT_THAT(refused.error().message, HasSubstr("the quota of user alice is 10 bytes"));
        EXPECT_TRUE(run(blobs.open(sha256("more"))).has_error()) << "nothing was stored";
    }
    EXPECT_TRUE(push_as(caller(CallerKind::user, "bob"), "more", false).has_value());
}

TEST_F(QuotaTest, WhatIsRefusedAfterItsBytesWereStoredIsLeftToTheGarbageCollection) {
    rules.quotas = {{.repositories = {oci::RepositoryPattern::parse("**").value()}, .limits = {10, {}}}};
    rebuild();
    InterruptedSource body("12345678", [&] {
        meta::BlobFact const other{sha256("other"), 5};
        EXPECT_TRUE(run(meta->links().link_blob(name, other, {}, {}, clock.now())).has_value());
    });
    auto const digest = sha256("12345678");
    auto const refused = run(registry::push_blob(parts, nobody, name, {body, {}, 8}, digest));
    ASSERT_TRUE(refused.has_error());
    EXPECT_EQ(refused.error().code, Errc::quota_exceeded);
    auto const due = run(meta->collection().due({clock.now(), clock.now()}, 10)).value();
    ASSERT_EQ(due.size(), 1U);
    EXPECT_EQ(due.front(), (meta::Candidate{"", digest, clock.now(), false}));
}

}  // namespace ocilot::test
